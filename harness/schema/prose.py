"""Descriptions and defaults of the values, whose only source is values.yaml.

A key's description is the comment right above it: `# -- One sentence.`, continued in further comment lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.schema.dsl import Schema
from harness.schema.kubernetes import ours

START = "# -- "
Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """One key of values.yaml: its prose ("" if it has none), and its default."""

    path: Path_
    description: str
    default: Any


def keys(text: str | None = None) -> dict[Path_, Key]:
    """Every key of values.yaml, or of the text of another; lists not entered, in the order of the file."""
    text = (ROOT / "values.yaml").read_text() if text is None else text
    return {key.path: key for key in _keys(yaml.compose(text), yaml.safe_load(text), text.splitlines(), ())}


def _keys(node: yaml.Node | None, values: Any, lines: Sequence[str], path: Path_) -> Iterator[Key]:
    if isinstance(node, yaml.MappingNode):
        for name, below in node.value:
            here = (*path, name.value)
            yield Key(here, _above(lines, name.start_mark.line), values[name.value])
            yield from _keys(below, values[name.value], lines, here)


def _above(lines: Sequence[str], number: int) -> str:
    """The comment that ends right above this line, from its `# -- ` on."""
    comment: list[str] = []
    for line in reversed(lines[:number]):
        stripped = line.strip()
        if stripped.startswith(START):
            return " ".join([stripped.removeprefix(START), *comment])
        if not stripped.startswith("# "):
            return ""
        comment.insert(0, stripped.removeprefix("# "))
    return ""


def join(schema: Schema, documented: dict[Path_, Key]) -> Schema:
    """The schema with the prose and the defaults of its keys.

    Raises:
        HarnessError: a key is in one of the two and not in the other, or its prose is in both.
    """
    faults: list[str] = []
    joined = _join(schema, documented, (), faults)
    if faults:
        raise HarnessError(
            "\n".join(["values.yaml and harness/schema disagree:", *sorted(faults)]),
            "A key stands in values.yaml with a `# -- ` comment above it, and in the schema without a description.",
        )
    return joined


def _join(schema: Schema, documented: dict[Path_, Key], path: Path_, faults: list[str]) -> Schema:
    if not ours(schema):
        return schema
    joined = {}
    for name, below in schema["properties"].items():
        here = (*path, name)
        key = documented.get(here)
        shown = ".".join(here)
        if key is None and "description" not in below:
            faults.append(f"- {shown} is in the schema, but not in values.yaml")
        elif key is not None and "description" in below:
            faults.append(f"- {shown} is described both in values.yaml and in the schema")
        elif key is not None and not key.description:
            faults.append(f"- {shown} has no comment in values.yaml")
        if key is not None:
            own = {} if isinstance(key.default, dict) and key.default else {"default": key.default}
            below = _join({"description": key.description, **below, **own}, documented, here, faults)
        joined[name] = below
    known = {each[-1] for each in documented if each[:-1] == path}
    faults += [f"- {'.'.join((*path, name))} is in values.yaml, but not in the schema" for name in known - set(joined)]
    return {**schema, "properties": joined}
