"""The keys of values.yaml for the tables: prose and default by harness/schema/prose.py, types by the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness import schema
from harness.schema import prose
from harness.schema.dsl import types_of

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
    node = schema
    for word in path:
        below = node.get("properties", {}).get(word) or node.get("additionalProperties") or {}
        node = schema["definitions"][below["$ref"].rpartition("/")[2]] if "$ref" in below else below
    return " or ".join(word for name in types_of(node) if (word := WORDS.get(name, name)))
