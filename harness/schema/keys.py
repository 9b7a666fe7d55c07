"""The keys that values can have, for the templates: files/keys.json, from the schema.

Templates cannot read values.schema.json, and it can be skipped; then they refuse the keys that it would refuse.
"""

from __future__ import annotations

from typing import Any

from harness.paths import ROOT
from harness.schema.dsl import Schema
from harness.schema.kubernetes import MARK

FILE = ROOT / "files" / "keys.json"

Tree = dict[str, Any]
"""A map of the chart's: key -> Tree. "*" stands for each key of a map whose keys the user chooses, "[]" for each item
of a list. What the chart does not look into, Kubernetes' own types included, is empty.
"""


def tree(schema: Schema) -> Tree:
    """The keys of a complete schema, as `harness.schema.build` makes it."""
    own = {"modelGroup": schema["definitions"]["modelGroup"]}
    return _below(schema, own)


def _below(schema: Schema, definitions: dict[str, Schema]) -> Tree:
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    if schema.get("$comment", "").startswith(MARK):
        return {}
    if schema.get("additionalProperties") is False and "properties" in schema:
        return {key: _below(value, definitions) for key, value in schema["properties"].items()}
    for keyword, name in (("additionalProperties", "*"), ("items", "[]")):
        each = schema.get(keyword)
        if isinstance(each, dict) and (below := _below(each, definitions)):
            return {name: below}
    return {}
