"""The arithmetic of docs/sizing.md: what a model needs of a device's memory, and what then fits."""

from __future__ import annotations

from dataclasses import dataclass

from inference_stack.models import Model

GIB = 2**30
USABLE = 0.9
"""The part of a device's memory that an engine takes: vLLM's documented default of --gpu-memory-utilization."""

RESERVE = 2 * GIB
"""Activations, graphs and the runtime, of each device: an estimate."""

BATCH = 8192
"""Tokens of a prompt that are read at once, which layers with a window keep beside it: vLLM's largest default."""

RESERVED = "2 GiB of each device are left for activations, graphs and the runtime: an estimate"


@dataclass(frozen=True)
class Figure:
    """A number in bytes, tokens or requests, with its formula, numbers filled in, and where those are from."""

    value: float
    unit: str
    formula: str
    source: str


def usable(memory: float, fraction: float = USABLE) -> float:
    """Bytes of one device for weights and KV cache."""
    return fraction * memory - RESERVE


def weights(model: Model, weight: float = 0) -> float:
    """Bytes of a model's weights; `weight` are those of one where the engine makes them anew (0: as in the files)."""
    if weight:
        return model.parameters * weight
    return model.weight_bytes or model.parameters * model.weight


def token(model: Model, cached: float = 2) -> float:
    """Bytes that one layer caches of a token; `cached` are the bytes of a number in the cache."""
    return (model.latent or 2 * model.kv_heads * model.head_size) * cached


def request(model: Model, tokens: float, cached: float = 2, batch: int = BATCH) -> float:
    """Bytes of the KV cache that a request of so many tokens fills while its prompt is read, `batch` tokens at once."""
    kept = min(tokens, model.window + batch) if model.window else tokens
    return token(model, cached) * (model.full * tokens + model.windowed * kept)


def copies(model: Model, tensor: int) -> float:
    """How many copies of the cache there are over the devices of a tensor-parallel group: heads cannot be cut."""
    return float(tensor) if model.latent else max(1.0, tensor / model.kv_heads)


def longest(model: Model, room: float, cached: float = 2, batch: int = BATCH) -> int:
    """The longest request, in tokens, whose cache is not larger than the room."""
    one = token(model, cached)
    if room < 0 or not (model.full or model.windowed):
        return 0
    growing = one * (model.full + model.windowed)
    kept = model.window + batch
    if not model.window or room <= growing * kept:
        return int(room / growing)
    rest = room - one * model.windowed * kept
    return int(rest / (one * model.full)) if model.full else 2**31 - 1


@dataclass(frozen=True)
class Use:
    """How an engine uses its devices: how many by tensor and pipeline parallelism, and their memory in bytes each.

    `weight` and `cached` are bytes of a number in the weights (0: as in the files) and in the cache; `context` is the
    longest request in tokens, `batch` how many of a prompt are read at once; `device` says what the devices are.
    """

    memory: float
    tensor: int = 1
    pipeline: int = 1
    fraction: float = USABLE
    weight: float = 0
    cached: float = 2
    context: int = 0
    batch: int = BATCH
    device: str = "device"

    @property
    def devices(self) -> int:
        return self.tensor * self.pipeline


@dataclass(frozen=True)
class Fit:
    """Whether a model fits: bytes left for the cache, the requests of the full context at a time, the longest one."""

    figures: dict[str, Figure]
    fits: bool
    longest: int
    context: int


def number(value: float) -> str:
    """As pages write it: 16,384."""
    return f"{int(value):,}"


def gib(value: float) -> str:
    return f"{value / GIB:.1f} GiB"


def fit(model: Model, use: Use) -> Fit:
    """What of a model fits on these devices."""
    needed = weights(model, use.weight)
    each = usable(use.memory, use.fraction)
    room = use.devices * each - needed
    copied = copies(model, use.tensor)
    context = use.context or model.context
    one = request(model, context, use.cached, use.batch) * copied
    fitting = longest(model, room / copied, use.cached, use.batch)
    figures = {
        "weights": Figure(needed, "bytes", weights_formula(model, use.weight), model.source),
        "usable": Figure(
            use.devices * each,
            "bytes",
            f"{use.devices} × ({gib(use.memory)} × {use.fraction:g} − 2 GiB)",
            use.device,
        ),
        "cache of a token": Figure(
            request(model, 1, use.cached) * copied, "bytes", token_formula(model, use.cached, copied), model.source
        ),
        "left for the cache": Figure(room, "bytes", f"{gib(use.devices * each)} − {gib(needed)}", "the lines above"),
        "longest request": Figure(
            fitting, "tokens", f"{gib(room)} / cache of a token" + _window(model, use.batch), "the lines above"
        ),
    }
    if context:
        figures["requests at a time"] = Figure(
            max(room, 0) / one if one else 0,
            "requests",
            f"{gib(max(room, 0))} / {gib(one)} of one with {number(context)} tokens",
            "the context that is configured" if use.context else f"the model's own context ({model.source})",
        )
    return Fit(figures, room > 0 and fitting >= context, fitting, context)


def weights_formula(model: Model, weight: float) -> str:
    """How the bytes of a model's weights are known."""
    if model.weight_bytes and not weight:
        return f"size of the files, {number(model.weight_bytes)} bytes"
    about = "" if model.exact else "about "
    return f"{about}{model.parameters / 1e9:.3f} billion parameters × {weight or model.weight:g} bytes"


def token_formula(model: Model, cached: float, copied: float = 1) -> str:
    """How the cache of a token follows from a model."""
    layers = model.full + model.windowed
    by = f"{model.latent} (latent)" if model.latent else f"2 × {model.kv_heads} KV heads × {model.head_size}"
    times = f" × {copied:g} copies" if copied > 1 else ""
    return f"{layers} layers × {by} × {cached:g} bytes{times}"


def _window(model: Model, batch: int) -> str:
    kept = f"{number(model.window)} + {number(batch)}"
    return f"; {model.windowed} layers keep {kept} tokens" if model.windowed and model.window else ""
