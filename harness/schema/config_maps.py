"""`configMaps`: files of the user's own."""

from __future__ import annotations

from harness.schema.dsl import Schema, anything, mapping, optional


def schema() -> Schema:
    """Name -> file -> content: text, or a value that is written as YAML."""
    return mapping(optional(mapping(anything())))
