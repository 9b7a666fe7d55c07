"""Where the file of a GGUF model is, and how large: a file here, a hub's list of files, or by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from inference_stack import known, lookup
from inference_stack.errors import StackError
from inference_stack.gguf import Shape, header, shape
from inference_stack.models import Model, from_config

BITS = {
    "IQ1_S": 2.0042,
    "IQ1_M": 2.1460,
    "IQ2_XXS": 2.3824,
    "IQ2_XS": 2.5882,
    "IQ2_S": 2.7403,
    "IQ2_M": 2.9294,
    "IQ3_XXS": 3.2548,
    "IQ3_XS": 3.4977,
    "IQ3_S": 3.6606,
    "IQ3_M": 3.7628,
    "IQ4_XS": 4.4597,
    "IQ4_NL": 4.6818,
    "Q2_K_S": 2.9697,
    "Q2_K": 3.1593,
    "Q3_K_S": 3.6429,
    "Q3_K_M": 3.91,
    "Q3_K_L": 4.2979,
    "Q4_0": 4.5,
    "Q4_1": 5.0,
    "Q4_K_S": 4.6672,
    "Q4_K_M": 4.8944,
    "Q5_0": 5.5,
    "Q5_1": 6.0,
    "Q5_K_S": 5.5704,
    "Q5_K_M": 5.7036,
    "Q6_K": 6.5633,
    "Q8_0": 8.5008,
    "BF16": 16.0005,
    "F16": 16.0005,
    "F32": 32.0,
}
"""Bits of a weight as llama.cpp's README has them for Llama-3.1-8B.

What it does not have: Q3_K_M is of Llama 2 7B in an older one; Q4_0 to Q5_1, BF16 and F32 are by their format.
"""

SOURCE = "bits by llama.cpp's tools/quantize/README.md"
DEFAULT = "Q4_K_M"
"""What llama.cpp takes of a hub's repository; if that is not there, the first file."""

NAME = re.compile(r"([\w.-]+/[\w.-]+?)(?::([\w.-]+))?")
QUANTIZATION = re.compile(rf"(?:^|[-._:])({'|'.join(sorted(BITS, key=len, reverse=True))})(?=$|[-.])", re.IGNORECASE)
BILLIONS = re.compile(r"(?:^|[-_.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?=$|[-_.])", re.IGNORECASE)
PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")
BESIDE = re.compile(r"(^|/)(mmproj|imatrix|mtp)|imatrix", re.IGNORECASE)
"""Files beside a model's own: of images, of a quantization, of drafts."""


@dataclass(frozen=True)
class Weights:
    """The weights of a model: bytes, how that is known, and the sizes its cache depends on where those are known."""

    bytes: float
    formula: str
    source: str
    shape: Shape | None
    header: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


def weights(name: str, file: str, files: Mapping[str, Path], online: bool) -> Weights:
    """The weights of a model as llama.cpp is told it: a path, or a hub's `org/name:Q4_K_M` and perhaps a file there.

    `files` are the user's own, by that name: a GGUF file, the first of its parts, or a directory with them.

    Raises:
        StackError: it is nowhere, or is no GGUF.
    """
    found = None if name.endswith(".gguf") else NAME.fullmatch(name)
    own = files.get(name) or files.get(found[1] if found else name)
    if own or Path(name).is_file():
        return local(own or Path(name))
    if online and found:
        return remote(found[1], found[2] or "", file)
    return by_name(name, file, bool(found))


def local(path: Path) -> Weights:
    """The weights of a file here, with its other parts."""
    if path.is_dir():
        there = sorted(each for each in path.glob("*.gguf") if not BESIDE.search(each.name))
        if not there:
            raise StackError(f"{path} has no .gguf file.")
        path = there[0]
    try:
        total = sum(each.stat().st_size for each in path.parent.glob(parts_of(path.name)))
        with path.open("rb") as file:
            sizes = shape(header(file, str(path)), str(path))
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error}") from error
    return Weights(total, _size(total), str(path), sizes, f"header of {path.name}", notes=sizes.notes)


def remote(repository: str, quantization: str, file: str) -> Weights:
    """The weights of a file of the hub that HF_ENDPOINT names, else Hugging Face, by its list of files."""
    base = lookup.hub()
    listed = lookup.fetch(f"{base}/api/models/{repository}/tree/main?recursive=true")
    there = {str(each["path"]): int(each["size"]) for each in listed if each.get("type") == "file"}
    path = file or chosen(there, quantization or DEFAULT, not quantization)
    if path not in there:
        what = f"no file {path}" if path else f"no GGUF file of {quantization}"
        has = ", ".join(sorted(_models(there))) or "none"
        raise StackError(f"{repository} has {what} on {base}.", f"It has: {has}.")
    total = sum(size for each, size in there.items() if fnmatchcase(each, parts_of(path)))
    address = f"{base}/{repository}/resolve/main/{path}"
    sizes = shape(lookup.stream(address, lambda answer: header(answer, address)), address)
    return Weights(total, _size(total), f"{base}/{repository}: {path}", sizes, f"header of {path}", notes=sizes.notes)


def chosen(there: Iterable[str], quantization: str, default: bool) -> str:
    """The file of a quantization, as llama.cpp finds it: by its name, whatever the case; else perhaps the first."""
    models = sorted(_models(there))
    wanted = re.compile(rf"{re.escape(quantization)}[.-]", re.IGNORECASE)
    found = [each for each in models if wanted.search(each)]
    return (found or (models if default else []) or [""])[0]


def _models(there: Iterable[str]) -> list[str]:
    return [each for each in there if each.endswith(".gguf") and not BESIDE.search(each)]


def parts_of(name: str) -> str:
    """A glob for all parts of a file that was split; for another the file itself."""
    return PART.sub(r"-?????-of-\1.gguf", name)


def by_name(name: str, file: str, hub: bool) -> Weights:
    """An estimate by parameters and bits, as far as names say them; the cache is that of a model that is known.

    Raises:
        StackError: the names do not say how many parameters there are, or in how many bits.
    """
    last = (file or name).rpartition("/")[2]
    named = QUANTIZATION.search(last)
    kind = named[1].upper() if named else DEFAULT if hub and not file and ":" not in name else ""
    hint = f"--model {name}=PATH reads the file" + (", --hub asks the hub" if hub else "")
    model = known_model(name.rpartition("/")[2], last)
    said = BILLIONS.search(last) or BILLIONS.search(name)
    billions = model.parameters / 1e9 if model else float(said[2]) * float(said[1] or 1) if said else 0
    if not (kind and billions):
        raise StackError(f"The size of {name or 'a model without a name'} is not known.", f"{hint}.")
    about = f"about {billions:.3g} billion parameters × {BITS[kind]:g} bits ({kind})"
    notes = ["the bits of a weight are those of a model of 8 billion parameters; small ones have more"]
    return Weights(
        bytes=billions * 1e9 * BITS[kind] / 8,
        formula=about,
        source=SOURCE,
        shape=_shape(model) if model else None,
        header=known.SOURCE if model else "",
        hint=hint,
        notes=tuple(notes),
    )


def known_model(*names: str) -> Model | None:
    """A model that is known, by the name that its GGUF files have: `Qwen3-8B-GGUF`, `meta-llama-3.1-8b.Q8_0.gguf`."""
    for name in names:
        plain = re.sub(r"[-.]gguf$", "", name.partition(":")[0].lower())
        plain = QUANTIZATION.sub("", plain).replace("meta-llama", "llama")
        for organisation in {each.partition("/")[0] for each in known.CONFIGS}:
            config: dict[str, Any] | None = known.config(f"{organisation}/{plain}")
            if config:
                return from_config(config, name, known.SOURCE)
    return None


def _shape(model: Model) -> Shape:
    one = model.latent or model.head_size
    heads = 1 if model.latent else model.kv_heads
    return Shape(model.layers, model.full + model.windowed, heads, one, 0 if model.latent else one, model.context)


def _size(total: int) -> str:
    return f"size of the file, {total:,} bytes"
