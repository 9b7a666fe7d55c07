"""The generator of values.schema.json; the generated file itself is tested in tests/chart/test_schema.py."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness import schema
from harness.errors import HarnessError
from harness.schema import common, dsl, hints, kubernetes, prose
from harness.schema.dsl import Schema
from tests.chart.mistakes import nested


@pytest.mark.parametrize(
    ("of", "good", "bad"),
    [
        (dsl.text(pattern="^a"), ["ab"], ["b", 1, None]),
        (dsl.integer(0, 2), [0, 2], [-1, 3, 1.5, "1"]),
        (dsl.settings(a=dsl.text()), [{}, {"a": None}], [{"b": None}]),
        (dsl.mapping(dsl.text()), [{}, {"x": "y"}], [{"x": 1}]),
        (dsl.either(dsl.text(), dsl.listing(dsl.text())), ["a", ["a"]], [1, [1]]),
        (dsl.optional(dsl.optional(dsl.text("a", ""))), ["a", "", None], ["b"]),
        (common.words(), ["a", 1, ["a", 1, True]], [None, True, [None], {}]),
        (common.port(), [1, 65535, "80"], [0, 65536, "http", 1.5]),
        (common.pull_secrets(), [["a", {"name": "a"}]], [[{"nam": "a"}], "a"]),
        (kubernetes.QUANTITY, ["1", "1.5", ".5", "100Gi", "500m", "1e3", 2, 0.5, ""], ["1 Gi", "1GB", "a", []]),
        (kubernetes.INT_OR_STRING, [1, "25%"], [1.5, []]),
    ],
)
def test_a_type_accepts_its_values_only(of: Schema, good: list[Any], bad: list[Any]) -> None:
    Draft7Validator.check_schema(of)
    assert [value for value in (*good, *bad) if Draft7Validator(of).is_valid(value)] == good


@pytest.mark.parametrize(
    "schemas",
    [(dsl.text(), dsl.text()), (dsl.text("a"), dsl.integer()), (dsl.obj(a=dsl.text()), dsl.mapping(dsl.text()))],
    ids=["one-type", "enum", "keywords"],
)
def test_a_union_whose_keywords_would_hold_for_other_types_is_refused(schemas: tuple[Schema, ...]) -> None:
    with pytest.raises(ValueError, match="union"):
        dsl.either(*schemas)


def test_a_reference_with_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="stands alone"):
        dsl.described("A toleration.", dsl.reference("Toleration"))


def test_a_type_that_groups_set_in_part_requires_nothing() -> None:
    assert "required" not in kubernetes.definitions(["HTTPGetAction"])["HTTPGetAction"]
    assert {*kubernetes.definitions(["KeyToPath"])["KeyToPath"]["required"]} == {"key", "path"}


def test_an_item_that_takes_another_out_of_a_list_has_only_its_name() -> None:
    assert kubernetes.definitions(["VolumeMount"])["VolumeMount"]["required"] == ["mountPath"]
    assert kubernetes.definitions(["Volume"])["Volume"]["properties"]["$patch"]["enum"] == ["delete"]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(HarnessError, match="0 types named Tolerance"):
        kubernetes.embed("Tolerance")


def test_an_enumeration_of_a_field_that_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kubernetes.ENUMS, "Sysctl", {"gone": ("a",)})
    with pytest.raises(HarnessError, match="Sysctl has no field gone"):
        kubernetes.definitions(["Sysctl"])


def test_a_key_gets_the_comment_above_it_and_a_leaf_its_default() -> None:
    values = "# About.\n\n# -- A.\na: 1\n# -- B,\n# in two lines.\nb:\n  # -- C.\n  c: {}\n"
    joined = prose.join(dsl.obj(a=dsl.integer(), b=dsl.obj(c=dsl.open_map())), prose.keys(values))["properties"]
    assert joined["a"] == {"description": "A.", "type": "integer", "default": 1}
    assert joined["b"]["description"] == "B, in two lines."
    assert "default" not in joined["b"]
    assert joined["b"]["properties"]["c"] == {"description": "C.", "type": "object", "default": {}}


@pytest.mark.parametrize(
    ("of", "fault"),
    [
        ({"a": dsl.text()}, "- b is in values.yaml, but not in the schema"),
        ({"a": dsl.text(), "b": dsl.obj()}, "- b.c is in values.yaml, but not in the schema"),
        ({"b": dsl.obj(c=dsl.text(), d=dsl.text())}, "- b.d is in the schema, but not in values.yaml"),
        ({"a": dsl.described("A.", dsl.text())}, "- a is described both in values.yaml and in the schema"),
        ({"b": dsl.obj(c=dsl.text())}, "- b.c has no comment in values.yaml"),
    ],
    ids=["key", "key-below", "type", "twice", "comment"],
)
def test_what_is_in_one_place_only_is_refused(of: dict[str, Schema], fault: str) -> None:
    values = "# -- A.\na: x\n# -- B.\nb:\n  # not prose\n  c: y\n"
    with pytest.raises(HarnessError) as refused:
        prose.join(dsl.obj(**of), prose.keys(values))
    assert fault in str(refused.value).splitlines()


def test_what_the_user_or_kubernetes_names_needs_no_key() -> None:
    of = dsl.obj(a=dsl.mapping(dsl.text()), b=kubernetes.embed("ResourceRequirements"))
    values = "# -- A.\na: {x: y}\n# -- B.\nb:\n  limits: {cpu: 1}\n"
    assert prose.join(of, prose.keys(values))


SCHEMA = Draft7Validator(schema.build())
OBJECTS = dict(hints.objects(hints.add(schema.root())))


@pytest.mark.parametrize("path", OBJECTS)
def test_a_hint_refuses_no_key_and_each_word_has_one_hint(path: str) -> None:
    """That Helm prints it is tested for every word in tests/chart/test_helms.py."""
    keys, patterns = OBJECTS[path]["properties"], OBJECTS[path].get("patternProperties", ())
    words = " ".join(hints.HINTS.get(path, {}).values()).split()
    matches = {word: sum(bool(re.search(pattern, word)) for pattern in patterns) for word in (*words, *keys)}
    assert matches == {**dict.fromkeys(words, 1), **dict.fromkeys(keys, 0)}


@pytest.mark.parametrize("path", hints.HINTS)
def test_the_keys_that_hints_name_exist(path: str) -> None:
    for key in (each.partition(": ")[0] for meant in hints.HINTS[path] for each in meant.split(" or ")):
        place = key.removesuffix(" at the top level")
        faults = SCHEMA.iter_errors(nested(f"{path}.{place}".lstrip(".") if place == key else place, None))
        assert [each.message for each in faults if each.validator in ("additionalProperties", "const")] == []
