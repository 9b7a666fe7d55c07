"""What llama.cpp takes of memory: a GGUF file, the cache for all of its slots, and what it computes with.

Its rules are those of its server's README (options and defaults) and of the log of a real one, which
tests/harness/test_gguf.py holds them against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from inference_stack.documents import Object
from inference_stack.engines import count, last
from inference_stack.gguf_files import Weights
from inference_stack.sizing import GIB, Figure, gib, number

STEP = 256
"""The context of a slot is a multiple of it."""

SLOTS = 4
"""Slots without --parallel, which then share one cache."""

LEAST = 4096
"""The context that --fit leaves at least (--fit-ctx)."""

MARGIN = 2 * GIB
"""Of a device: the 1,024 MiB that --fit leaves free (--fit-target), and 1 GiB to compute with, an estimate."""

HOST = GIB // 4
"""What it computes with on CPU: an estimate."""

CACHED = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}
"""Bytes of a number by --cache-type-k and -v: those of a block of 32 in ggml's source (ggml-common.h)."""

YES, NO = ("on", "enabled", "true", "1"), ("off", "disabled", "false", "0")


@dataclass(frozen=True)
class Told:
    """What the server is told; `context` and `slots` are 0, and `layers` is -1, where it chooses itself."""

    model: str
    file: str
    context: int
    slots: int
    unified: bool
    key: str
    value: str
    layers: int
    fit: bool


def told(container: Object) -> Told:
    """What the container's command line tells it, else its environment."""
    words = [str(each) for each in (*container.get("command", ()), *container.get("args", ()))]
    variables = {each["name"]: str(each.get("value", "")) for each in container.get("env") or ()}

    def option(names: Sequence[str], variable: str) -> str:
        name, value = last(words, names)
        return value if name else variables.get(f"LLAMA_ARG_{variable}", "")

    slots = count(option(("--parallel", "-np"), "N_PARALLEL"))
    own = option(("-m", "--model"), "MODEL")
    layers = option(("-ngl", "--gpu-layers", "--n-gpu-layers"), "N_GPU_LAYERS")
    separate = last(words, ("--no-kv-unified", "-no-kvu"))[0]
    together = last(words, ("--kv-unified", "-kvu"))[0] or variables.get("LLAMA_ARG_KV_UNIFIED") in YES
    return Told(
        model=own or option(("-hf", "-hfr", "--hf-repo"), "HF_REPO"),
        file="" if own else option(("-hff", "--hf-file"), "HF_FILE"),
        context=count(option(("-c", "--ctx-size"), "CTX_SIZE")),
        slots=slots,
        unified=bool(together) or not (slots or separate),
        key=option(("-ctk", "--cache-type-k"), "CACHE_TYPE_K") or "f16",
        value=option(("-ctv", "--cache-type-v"), "CACHE_TYPE_V") or "f16",
        layers=int(layers) if layers.isdigit() else -1,
        fit=option(("-fit", "--fit"), "FIT") not in NO,
    )


@dataclass(frozen=True)
class Cells:
    """The tokens that a cache is made for: of all slots, of one, and how that follows."""

    together: int
    slot: int
    formula: str


def cells(said: Told, context: int) -> Cells:
    """The cells of a cache for a context of so many tokens."""
    whole, slots = _up(context), said.slots or SLOTS
    if said.unified:
        return Cells(whole, whole, f"{number(whole)} tokens, which {slots} slots share")
    slot = _up(ceil(whole / slots))
    return Cells(slot * slots, slot, f"{slots} slots × {number(slot)} tokens")


def _up(tokens: int) -> int:
    return ceil(tokens / STEP) * STEP


@dataclass(frozen=True)
class Place:
    """Where the model is to be: so many devices of a size, or without any the memory that a pod may take."""

    memory: float
    devices: int
    source: str

    @property
    def room(self) -> float:
        return self.devices * (self.memory - MARGIN) if self.devices else self.memory - HOST

    @property
    def formula(self) -> str:
        each = f"{gib(self.memory)} − {gib(MARGIN if self.devices else HOST)}"
        return f"{self.devices} × ({each})" if self.devices else each


@dataclass(frozen=True)
class Answer:
    """`yes`, `no` or `unknown`, why, each number, and what is to be known of them."""

    answer: str
    why: str
    figures: dict[str, Figure]
    notes: tuple[str, ...]


def fit(said: Told, weights: Weights, place: Place) -> Answer:
    """Whether the weights and the cache of a server fit."""
    notes = [*weights.notes]
    share, cached = _offloaded(said, weights, place, notes)
    needed = weights.bytes * share
    figures = {"weights": Figure(needed, "bytes", _of(weights.formula, share), weights.source)}
    room = place.room - needed
    if place.memory:
        figures["usable"] = Figure(place.room, "bytes", place.formula, place.source)
        figures["left for the cache"] = Figure(room, "bytes", f"{gib(place.room)} − {gib(needed)}", "the lines above")
    shape = weights.shape
    if shape is None:
        if place.memory and room <= 0:
            return Answer("no", _too_large(room), figures, tuple(notes))
        why = f"its header is not read here, so its cache is not known; {weights.hint}"
        return Answer("unknown", why, figures, tuple(notes))
    key, value = CACHED.get(said.key, 2.0), CACHED.get(said.value, 2.0)
    token = cached * shape.kv_heads * (shape.key * key + shape.value * value)
    by = f"{cached} layers × {shape.kv_heads} KV heads × ({shape.key} × {key:g} + {shape.value} × {value:g} bytes)"
    figures["cache of a token"] = Figure(token, "bytes", by, weights.header)
    context = said.context or shape.context
    source = "--ctx-size" if said.context else f"the model's own context ({weights.header})"
    made = cells(said, context)
    whole = token * made.together
    figures["cache"] = Figure(whole, "bytes", f"{made.formula} × cache of a token", source)
    if place.devices:
        notes.append("2 GiB of each device are left: 1 GiB that --fit keeps free, 1 GiB to compute with, an estimate")
    else:
        notes.append("0.25 GiB are left to compute with, an estimate; weights read by mmap are page cache")
    if not place.memory:
        return Answer("unknown", "it has no memory limit to hold the numbers against", figures, tuple(notes))
    fitting = int(max(room, 0) / token) if token else 0
    figures["tokens that fit"] = Figure(fitting, "tokens", f"{gib(room)} / cache of a token", "the lines above")
    requests = 1 if said.unified else said.slots or SLOTS
    if room <= 0:
        return Answer("no", _too_large(room), figures, tuple(notes))
    if whole <= room:
        many = "shared by" if said.unified else "for each of"
        why = f"{number(made.slot)} tokens {many} {said.slots or SLOTS} slots"
        return Answer("yes", why, figures, tuple(notes))
    if said.fit and not said.context and place.devices and fitting >= min(LEAST, context) * requests:
        why = f"of {number(context)} tokens {number(fitting)} fit, and it takes a shorter context by itself (--fit)"
        return Answer("yes", why, figures, tuple(notes))
    why = f"a cache of {number(made.together)} tokens does not fit, one of {number(fitting)} does: --ctx-size"
    return Answer("no", why, figures, tuple(notes))


def _too_large(room: float) -> str:
    return f"the weights leave {gib(room)}: more memory, or a smaller quantization"


def _offloaded(said: Told, weights: Weights, place: Place, notes: list[str]) -> tuple[float, int]:
    """The part of the weights that devices hold, and how many of the layers that cache."""
    shape = weights.shape
    layers = shape.layers if shape else 0
    if shape is None or not place.devices or said.layers < 0 or said.layers > shape.blocks:
        return 1.0, layers
    # The output counts as a layer, and goes first.
    whole = shape.blocks + 1
    notes.append(f"{said.layers} of {whole} layers, counted as equally large, are on devices, the rest in memory")
    return said.layers / whole, min(layers, max(said.layers - 1, 0))


def _of(formula: str, share: float) -> str:
    return formula if share == 1 else f"{share:.3f} of {formula}"
