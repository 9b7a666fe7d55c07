"""Validation against the chart's schema in process, with the same result as Helm's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from harness.paths import ROOT
from tests.support import Values

DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "values.yaml").read_text())


@cache
def validator() -> Draft7Validator:
    return Draft7Validator(json.loads((ROOT / "values.schema.json").read_text()))


def effective(values: Values) -> dict[str, Any]:
    """The values that Helm validates: merged over values.yaml, where null removes a key."""
    own = yaml.safe_load(values.read_text()) if isinstance(values, Path) else values or {}
    return merge(DEFAULTS, own)


def merge(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(defaults)
    for key, value in own.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        elif value is None and key in merged:
            del merged[key]
        else:
            merged[key] = value
    return merged


def faults(values: Values) -> list[tuple[str, str]]:
    """The errors of values: a JSON pointer as Helm prints it, and a message."""
    errors = validator().iter_errors(effective(values))
    return [("".join(f"/{part}" for part in error.absolute_path), error.message) for error in errors]
