"""Building blocks of a JSON Schema (draft-07): each function returns a part of it as a dict.

Helm's messages stay short as long as a schema is flat, so this module has no oneOf or anyOf: a value of
several types has one schema whose keywords each hold for one of them (`either`). Objects are closed except
`open_map`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def text(*choices: str, pattern: str | None = None) -> Schema:
    """A string: one of these, or one that matches the pattern, or any."""
    limits: Schema = {"enum": list(choices)} if choices else {}
    return {"type": "string", **limits, **({"pattern": pattern} if pattern else {})}


def number() -> Schema:
    return {"type": "number"}


def integer(minimum: int | None = None, maximum: int | None = None) -> Schema:
    bounds = {"minimum": minimum, "maximum": maximum}
    return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}


def boolean() -> Schema:
    return {"type": "boolean"}


def listing(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def obj(**fields: Schema) -> Schema:
    """A closed object with these fields, none required: templates check that after merging defaults."""
    return {"type": "object", "properties": fields, "additionalProperties": False}


def settings(**fields: Schema) -> Schema:
    """A closed object that is merged over defaults: each of its fields may be null, which restores the default."""
    return obj(**{name: optional(field) for name, field in fields.items()})


def mapping(values: Schema) -> Schema:
    """A map whose keys the user chooses."""
    return {"type": "object", "additionalProperties": values}


def open_map() -> Schema:
    """A map that the chart does not look into."""
    return {"type": "object"}


def either(*schemas: Schema) -> Schema:
    """A value of one of several types.

    Raises:
        ValueError: two of them share a type or a keyword, or one has an enum, which would hold for all of them.
    """
    types = [each for schema in schemas for each in types_of(schema)]
    keywords = [keyword for schema in schemas for keyword in schema if keyword != "type"]
    if len({*types}) < len(types) or len({*keywords}) < len(keywords) or "enum" in keywords:
        raise ValueError(f"types and keywords of a union have to differ: {schemas}")
    return {**{key: value for schema in schemas for key, value in schema.items()}, "type": types}


def optional(schema: Schema) -> Schema:
    """The schema, or null."""
    if "null" in types_of(schema):
        return schema
    choices: Schema = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*types_of(schema), "null"], **choices}


def described(description: str, schema: Schema) -> Schema:
    """The schema of a key that values.yaml does not list, with its prose.

    Raises:
        ValueError: the schema is a reference, beside which draft-07 ignores everything.
    """
    if "$ref" in schema:
        raise ValueError(f"a reference stands alone: {schema}")
    return {"description": description, **schema}


def reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def references(schema: Schema) -> list[str]:
    """Names of the definitions that a schema refers to, at any depth."""
    return re.findall(r'"\$ref": "#/definitions/(\w+)"', json.dumps(schema))


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """The types of a value, also where `if` has them (harness/schema/hints.py)."""
    given = schema.get("type", schema.get("if", {}).get("type", []))
    return [given] if isinstance(given, str) else list(given)
