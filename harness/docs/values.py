"""The keys of values.yaml: what each is for, stands in its comment; its type and default follow from the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.paths import ROOT

COMMENT = "# -- "
GROUP = "modelGroups.<name>"
"""How a key of modelGroupDefaults is called where a group has it."""


@dataclass(frozen=True)
class Key:
    """One documented key. `children` says whether keys below it are documented themselves."""

    path: str
    description: str
    default: Any
    type: str
    children: bool

    @property
    def section(self) -> str:
        """The top-level key it belongs to; empty for a top-level key that is no map of keys."""
        top = self.path.partition(".")[0]
        return top if self.children or top != self.path else ""


def documented(text: str | None = None, schema: Mapping[str, Any] | None = None) -> list[Key]:
    """Every key of values.yaml with a `# -- ` comment directly above it, in the order of the file.

    Args:
        text: the file's text; the chart's own if left out.
        schema: where types are read; values.schema.json if left out and there is one, else the defaults tell them.
    """
    text = (ROOT / "values.yaml").read_text() if text is None else text
    schema = _schema(ROOT / "values.schema.json") if schema is None else schema
    lines = text.splitlines()
    found: list[tuple[str, str, yaml.Node]] = []
    for path, line, value in _keys(yaml.compose(text)):
        above = lines[line - 1].strip() if line else ""
        if above.startswith(COMMENT):
            found.append((path, above.removeprefix(COMMENT), value))
    paths = [path for path, _, _ in found]
    return [
        Key(
            path,
            description,
            default := yaml.safe_load(yaml.serialize(value)),
            _type_in(schema, path) or type_of(default),
            any(other.startswith(f"{path}.") for other in paths),
        )
        for path, description, value in found
    ]


def _keys(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}".lstrip(".")
            yield below, key.start_mark.line, value
            yield from _keys(value, below)


def type_of(default: object) -> str:
    """What a default is, in the words of JSON Schema."""
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, int):
        return "integer"
    if isinstance(default, float):
        return "number"
    if isinstance(default, str):
        return "string"
    return "list" if isinstance(default, list) else "map"


WORDS = {"array": "list", "object": "map", "null": ""}


def _schema(path: Path) -> Mapping[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _type_in(schema: Mapping[str, Any], path: str) -> str:
    """The type that a schema gives a key, alternatives joined by "or"; empty if it says none."""
    nodes = [schema]
    for word in path.split("."):
        nodes = [below for node in nodes for below in _below(schema, node, word)]
    types = dict.fromkeys(name for node in nodes for name in _types(schema, node))
    return " or ".join(types)


def _alternatives(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node itself and whatever it refers to or is composed of."""
    yield node
    reference = node.get("$ref", "")
    if reference.startswith("#/"):
        target: Any = schema
        for word in reference.removeprefix("#/").split("/"):
            target = target[word.replace("~1", "/").replace("~0", "~")]
        yield from _alternatives(schema, target)
    for kind in ("allOf", "anyOf", "oneOf"):
        for each in node.get(kind, ()):
            if isinstance(each, Mapping):
                yield from _alternatives(schema, each)


def _below(schema: Mapping[str, Any], node: Mapping[str, Any], word: str) -> Iterator[Mapping[str, Any]]:
    for each in _alternatives(schema, node):
        below = each.get("properties", {}).get(word, each.get("additionalProperties"))
        if isinstance(below, Mapping):
            yield below


def _types(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[str]:
    for each in _alternatives(schema, node):
        types = each.get("type", ())
        for name in [types] if isinstance(types, str) else types:
            if word := WORDS.get(name, name):
                yield word
