"""The key/values at the head of a GGUF file, and the sizes of a model in them.

The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. PyPI's `gguf` needs numpy, which the tool, one
file that any Python runs, cannot carry; of the format only what lies before the tensors is read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from inference_stack.errors import StackError

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Codes of `struct` by the format's types of values."""

SHORT = 4096
"""Longer lists are passed over: they are a tokenizer's."""

LONGEST = 2**28
"""Bytes of the longest text that is believed; a header that says more is no header."""

STATES = re.compile(r"\.(ssm|wkv|shortconv)\.")
"""Keys of layers that keep a state of fixed size instead of a cache."""


@dataclass(frozen=True)
class Shape:
    """What the KV cache depends on: of `blocks` layers, `layers` cache; `key` and `value` are a head's lengths."""

    blocks: int
    layers: int
    kv_heads: int
    key: int
    value: int
    context: int
    notes: tuple[str, ...] = ()


def header(file: BinaryIO, name: str) -> dict[str, Any]:
    """The key/values of a file; long lists are left out.

    Raises:
        StackError: it is no GGUF file of version 2 or 3, or ends too early.
    """
    reader = _Reader(file)
    try:
        if reader.take(4) != MAGIC:
            raise StackError(f"{name} is no GGUF file.", "It begins with other bytes than GGUF.")
        version = reader.number("I")
        if version not in (2, 3):
            raise StackError(f"{name} is a GGUF file of version {version}; 2 and 3 are known.")
        reader.number("Q")  # tensors
        return {reader.text(): reader.value(int(reader.number("I"))) for _ in range(int(reader.number("Q")))}
    except (EOFError, KeyError, UnicodeDecodeError) as error:
        raise StackError(f"The header of {name} cannot be read: {str(error) or 'it ends too early'}.") from error


class _Reader:
    """Reads values one after the other; little-endian, as models are unless they were made for other machines."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def take(self, many: int) -> bytes:
        if many > LONGEST:
            raise EOFError(f"it has {many} bytes in one value")
        found = self.file.read(many)
        if len(found) != many:
            raise EOFError
        return found

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]

    def text(self) -> str:
        return self.take(int(self.number("Q"))).decode()

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self.number(SCALARS[kind])
        of, many = int(self.number("I")), int(self.number("Q"))
        if of in SCALARS and many > SHORT:
            left = many * struct.calcsize(f"<{SCALARS[of]}")
            while left:
                left -= len(self.take(min(left, 2**20)))
            return None
        found = (self.value(of) for _ in range(many))
        if many <= SHORT:
            return list(found)
        for _ in found:
            pass
        return None


def shape(said: Mapping[str, Any], name: str) -> Shape:
    """The sizes of the model whose header this is.

    Raises:
        StackError: the header does not have what the formula needs.
    """
    arch = str(said.get("general.architecture", ""))

    def of(key: str) -> Any:
        return said.get(f"{arch}.{key}")

    try:
        blocks = int(said[f"{arch}.block_count"])
        heads, cached = said[f"{arch}.attention.head_count"], of("attention.head_count_kv")
        each = int(of("attention.key_length") or int(said[f"{arch}.embedding_length"]) // _most(heads))
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise StackError(f"The header of {name} has no {error}, so its cache cannot be computed.") from error
    by_layer = list(cached) if isinstance(cached, list) else [cached or heads] * blocks
    by_layer = by_layer[0] if by_layer and isinstance(by_layer[0], list) else by_layer
    notes = []
    if len({many for many in by_layer if many}) > 1:
        notes.append("its layers have different numbers of KV heads, and the largest is counted: an upper bound")
    if of("attention.sliding_window"):
        notes.append("layers with a sliding window keep less: the cache is an upper bound")
    if of("attention.kv_lora_rank"):
        notes.append("latent attention keeps no values of its own: the cache is an upper bound")
    if any(STATES.search(key) for key in said):
        notes.append(f"{arch} has layers that keep a state instead of a cache: the cache is an upper bound")
    return Shape(
        blocks=blocks,
        layers=sum(bool(many) for many in by_layer),
        kv_heads=max((int(many) for many in by_layer), default=0),
        key=each,
        value=int(of("attention.value_length") or each),
        context=int(of("context_length") or 0),
        notes=tuple(notes),
    )


def _most(heads: Any) -> int:
    return int(max(heads)) if isinstance(heads, list) else int(heads)
