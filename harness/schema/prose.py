"""Descriptions and defaults of the values, whose only source is values.yaml.

A key's description is the comment right above it: `# -- One sentence.`, continued in further comment lines. A key that
is commented out as `# key: value` below such a comment is documented too; it has no default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.schema.dsl import Schema
from harness.schema.kubernetes import ours

START = "# -- "
COMMENTED_OUT = re.compile(r"^(?P<indent> *)# (?P<key>[A-Za-z][A-Za-z0-9]*):( |$)")
Path_ = tuple[str, ...]
ABSENT = object()


@dataclass(frozen=True)
class Key:
    """One key of values.yaml: its prose ("" if it has none), and its default (ABSENT if it is commented out)."""

    path: Path_
    description: str
    default: Any


def keys(text: str | None = None) -> dict[Path_, Key]:
    """Every key of values.yaml, lists not entered, in the order of the file."""
    text = (ROOT / "values.yaml").read_text() if text is None else text
    lines = text.splitlines()
    root = yaml.compose(text)
    found = {key.path: key for key in _present(root, yaml.safe_load(text), lines, ())} if root else {}
    found.update({key.path: key for key in _commented_out(root, lines)} if root else {})
    return found


def _present(node: yaml.Node, values: Any, lines: Sequence[str], path: Path_) -> Iterator[Key]:
    if not isinstance(node, yaml.MappingNode):
        return
    for name, below in node.value:
        here = (*path, name.value)
        yield Key(here, _above(lines, name.start_mark.line), values[name.value])
        yield from _present(below, values[name.value], lines, here)


def _commented_out(root: yaml.Node, lines: Sequence[str]) -> Iterator[Key]:
    for number, line in enumerate(lines):
        found = COMMENTED_OUT.match(line)
        if found and (prose := _above(lines, number)):
            parent = _enclosing(root, number, len(found["indent"]), ())
            yield Key((*parent, found["key"]), prose, ABSENT)


def _enclosing(node: yaml.Node, line: int, column: int, path: Path_) -> Path_:
    """The path of the mapping that has its keys at this column around or right before this line."""
    if isinstance(node, yaml.MappingNode):
        before = [(name, below) for name, below in node.value if name.start_mark.line < line]
        if before and node.start_mark.column < column:
            name, below = before[-1]
            return _enclosing(below, line, column, (*path, name.value))
    return path


def _above(lines: Sequence[str], number: int) -> str:
    """The comment that ends right above this line, from its `# -- ` on."""
    comment: list[str] = []
    for line in reversed(lines[:number]):
        stripped = line.strip()
        if stripped.startswith(START):
            return " ".join([stripped.removeprefix(START), *comment])
        if not stripped.startswith("# ") or COMMENTED_OUT.match(line):
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
            below = {"description": key.description, **below, **_default(key)}
            below = _join(below, documented, here, faults)
        joined[name] = below
    known = {path[0] for path in _below(documented, path)}
    faults += [f"- {'.'.join((*path, name))} is in values.yaml, but not in the schema" for name in known - set(joined)]
    return {**schema, "properties": joined}


def _below(documented: dict[Path_, Key], path: Path_) -> Iterator[Path_]:
    yield from (each[len(path) :] for each in documented if len(each) > len(path) and each[: len(path)] == path)


def _default(key: Key) -> Schema:
    """The default of a leaf; an object's defaults are its keys'."""
    whole = key.default is ABSENT or (isinstance(key.default, dict) and key.default)
    return {} if whole else {"default": key.default}
