"""The keys of values.yaml for the tables: prose and default by harness/schema/prose.py, types by the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness import schema
from harness.schema import prose

GROUP = "modelGroups.<name>"
"""The path of a key of modelGroupDefaults in a group."""

WORDS = {"array": "list", "object": "map", "null": ""}
"""Types by the names that YAML's users know."""


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


def documented(text: str | None = None, types: Mapping[str, Any] | None = None) -> list[Key]:
    """Every key with prose, in the order of values.yaml (`text`); types as the schema `types` has them."""
    types = json.loads(schema.FILE.read_text()) if types is None else types
    found = {path: key for path, key in prose.keys(text).items() if key.description}
    parents = {path[:length] for path in found for length in range(len(path))}
    return [
        Key(".".join(path), key.description, key.default, _type(types, path), path in parents)
        for path, key in found.items()
    ]


def _type(schema: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """What a value may be, alternatives joined by "or"."""
    nodes = list(_alternatives(schema, schema))
    for word in path:
        below = [node.get("properties", {}).get(word, node.get("additionalProperties")) for node in nodes]
        nodes = [each for node in below if isinstance(node, Mapping) for each in _alternatives(schema, node)]
    types = (node.get("type", ()) for node in nodes)
    names = [name for each in types for name in ([each] if isinstance(each, str) else each)]
    return " or ".join(dict.fromkeys(word for name in names if (word := WORDS.get(name, name))))


def _alternatives(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node itself and whatever it refers to or is composed of."""
    yield node
    if "$ref" in node:
        yield from _alternatives(schema, schema["definitions"][node["$ref"].rpartition("/")[2]])
    for each in (part for kind in ("allOf", "anyOf", "oneOf") for part in node.get(kind, ())):
        yield from _alternatives(schema, each)
