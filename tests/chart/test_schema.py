"""values.schema.json: what it accepts, what it refuses and where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness.paths import ROOT
from harness.presets import presets
from tests.chart.cases import ACCEPTED
from tests.chart.mistakes import REFUSED, TYPOS, Mistake, nested, pointer
from tests.chart.test_values_0_4 import STORED, USED
from tests.chart.validation import faults
from tests.support import Values

SCHEMA: dict[str, Any] = json.loads((ROOT / "values.schema.json").read_text())


def names(found: list[tuple[str, str]], place: str, key: str) -> bool:
    return any(at == place and (not key or f"'{key}'" in why) for at, why in found)


def test_it_is_a_schema_of_draft_7() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_chart_renders_is_accepted(values: Values) -> None:
    assert faults(values) == []


@pytest.mark.parametrize("values", [STORED, USED], ids=["stored-0.4", "used-0.4"])
def test_values_without_the_charts_defaults_are_accepted(values: dict[str, Any]) -> None:
    """As after `helm upgrade --reuse-values`, which puts a release's values in the place of values.yaml."""
    assert list(Draft7Validator(SCHEMA).iter_errors(values)) == []


def test_the_schema_knows_the_engines_of_the_templates() -> None:
    assert {*SCHEMA["definitions"]["modelGroup"]["properties"]["engine"]["enum"]} == {*presets(), "", None}


def test_the_table_is_long_enough() -> None:
    assert len(REFUSED) >= 60


@pytest.mark.parametrize("mistake", REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_refused_where_it_is(mistake: Mistake) -> None:
    found = faults(mistake.values)
    assert names(found, mistake.place, mistake.key), found


def types(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every definition that is used, and one path of values to it."""
    seen: set[str] = set()
    todo: list[tuple[Any, str]] = [(node, path)]
    while todo:
        schema, at = todo.pop(0)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name in seen:
                continue
            seen.add(name)
            yield name, at
            schema = SCHEMA["definitions"][name]
        todo += [(below, f"{at}.{key}".lstrip(".")) for key, below in schema.get("properties", {}).items()]
        if isinstance(schema.get("additionalProperties"), Mapping):
            todo.append((schema["additionalProperties"], f"{at}.a"))
        if "items" in schema:
            todo.append((schema["items"], f"{at}.0"))


TYPES = dict(types(SCHEMA))
OPEN = {"FieldsV1": "whatever a field manager wrote", "Time": "a string"}
"""Definitions without fields of their own, and what they are."""


def test_no_definition_is_left_over() -> None:
    assert set(TYPES) == set(SCHEMA["definitions"])


@pytest.mark.parametrize("name", sorted(set(TYPES) - set(OPEN)))
def test_every_type_is_closed(name: str) -> None:
    place = TYPES[name]
    assert names(faults(nested(f"{place}.typo", 1)), pointer(place), "typo")


def own_objects(schema: Any, path: str = "") -> Iterator[str]:
    """Paths of the chart's own objects, a group's below modelGroups.a."""
    if schema.get("$ref") == "#/definitions/modelGroup":
        schema = SCHEMA["definitions"]["modelGroup"]
    if "$ref" in schema or ("$comment" in schema and path):
        return
    if "properties" in schema:
        yield path
        for name, below in schema["properties"].items():
            yield from own_objects(below, f"{path}.{name}".lstrip("."))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from own_objects(schema["additionalProperties"], f"{path}.a")
    if "items" in schema:
        yield from own_objects(schema["items"], f"{path}.0")


def test_the_table_has_a_typo_for_every_own_object() -> None:
    covered = {typo.rpartition(".")[0] for typo in TYPOS}
    same = {"imagePullSecrets.0": "onwards.imagePullSecrets.0"}  # made by one function
    missing = {
        path
        for path in own_objects(SCHEMA)
        if same.get(path, path.replace("modelGroupDefaults", "modelGroups.a")) not in covered
    }
    assert missing == set()


def test_only_what_has_to_be_is_open() -> None:
    def open_ones(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, list):
            for each in node:
                yield from open_ones(each, path)
        if not isinstance(node, dict):
            return
        given = node.get("type", ())
        if ("object" in ([given] if isinstance(given, str) else given)) and "additionalProperties" not in node:
            yield path
        for key, below in node.items():
            yield from open_ones(below, path if key == "properties" else f"{path}.{key}")

    assert {place for place in open_ones(SCHEMA, "") if not place.endswith(".writes.items.values")} == {
        ".global",
        ".serviceMonitor.tlsConfig",
        ".definitions.FieldsV1",
        ".httpRoute.filters.items",  # the Gateway API's, whose types Kubernetes' schemas do not have
    }


@pytest.mark.parametrize("word", ["oneOf", "anyOf", "allOf", "not", "if", "$id", "unevaluatedProperties", "format"])
def test_a_word_that_makes_messages_long_or_differs_between_helms_is_not_used(word: str) -> None:
    assert f'"{word}":' not in (ROOT / "values.schema.json").read_text()


def test_references_stay_inside_and_stand_alone() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                assert list(node) == ["$ref"]
                assert node["$ref"].startswith("#/definitions/")
            for below in node.values():
                check(below)
        elif isinstance(node, list):
            for below in node:
                check(below)

    check(SCHEMA)


def test_it_is_small() -> None:
    assert (ROOT / "values.schema.json").stat().st_size < 150_000


@pytest.mark.parametrize(
    "path", [*(ROOT / "examples").glob("*.yaml"), ROOT / "values.yaml"], ids=lambda path: path.name
)
def test_editors_find_it(path: Path) -> None:
    title, modeline = path.read_text().splitlines()[:2]
    assert title.startswith("# ")
    assert not title.startswith("# yaml-language-server")
    relative = modeline.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / relative).resolve() == ROOT / "values.schema.json"
