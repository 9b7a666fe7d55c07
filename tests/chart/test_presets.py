"""Presets of engines: one format, and the only place with facts about an engine."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness.paths import ROOT
from harness.presets import FORMAT, presets

VALIDATOR = Draft7Validator(json.loads(FORMAT.read_text()), format_checker=Draft7Validator.FORMAT_CHECKER)


def maps(value: Any) -> list[dict[str, Any]]:
    """Every map in a value."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) else []), *(each for part in below for each in maps(part))]


@pytest.mark.parametrize("engine", presets())
def test_a_preset_is_valid(engine: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(presets()[engine])] == []


@pytest.mark.parametrize("engine", presets())
def test_a_misspelt_field_is_refused(engine: str) -> None:
    preset = deepcopy(presets()[engine])
    dynamic = preset.get("adapters", {}).get("dynamic", {})
    of_adapters = (dynamic.get("variables"), dynamic.get("needs"))
    opened = (
        preset["cache"],
        preset.get("kernels"),
        preset.get("env"),
        preset.get("tracing", {}).get("env"),
        preset["apiKey"].get("variables"),
        *of_adapters,
    )
    closed = [each for each in maps(preset) if each not in opened and each]
    for each in closed:
        each["misspelt"] = "x"
        assert not VALIDATOR.is_valid(preset)
        del each["misspelt"]
    assert len(closed) >= 7


def test_every_field_has_a_description() -> None:
    for each in maps(json.loads(FORMAT.read_text())):
        for name, field in each.get("properties", {}).items():
            plain = field.keys() <= {"type"} or field == {"$ref": "#/definitions/words"}
            assert plain or "description" in field or "format" in field or "probe" in field.get("$ref", ""), name


def test_every_field_is_used_by_a_preset() -> None:
    """The format has no field that no engine needs."""
    used = {key for preset in presets().values() for each in maps(preset) for key in each}
    own = {name for each in maps(json.loads(FORMAT.read_text())) for name in each.get("properties", {})}
    assert own <= used


def test_orders_differ_and_one_engine_is_the_default() -> None:
    assert len({preset["order"] for preset in presets().values()}) == len(presets())
    assert [engine for engine, preset in presets().items() if preset.get("default")] == ["vllm"]


def test_templates_name_no_engine_but_custom() -> None:
    texts = [path.read_text() for path in (ROOT / "templates").rglob("*.*")]
    engines = {*presets()} - {"custom"}
    assert [
        engine for engine in engines for text in texts if f'"{engine}"' in text or f"engine: {engine}" in text
    ] == []
