"""The generator of values.schema.json."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness import schema
from harness.errors import HarnessError
from harness.schema import common, dsl, hints, kubernetes, prose
from harness.schema.dsl import Schema


def accepts(of: Schema, value: Any) -> bool:
    return bool(Draft7Validator(of).is_valid(value))


@pytest.mark.parametrize(
    ("of", "good", "bad"),
    [
        (dsl.text(), ["", "a"], [1, None]),
        (dsl.text("a", ""), ["a", ""], ["b"]),
        (dsl.text(pattern="^a"), ["ab"], ["b"]),
        (dsl.integer(0, 2), [0, 2], [-1, 3, 1.5, "1"]),
        (dsl.boolean(), [True], ["true", 1]),
        (dsl.anything(), [None, 1, {}], []),
        (dsl.listing(dsl.text()), [[], ["a"]], [[1], "a"]),
        (dsl.obj(a=dsl.text()), [{}, {"a": "x"}], [{"b": 1}, {"a": None}, None]),
        (dsl.settings(a=dsl.text()), [{}, {"a": None}], [{"b": None}]),
        (dsl.mapping(dsl.text()), [{}, {"x": "y"}], [{"x": 1}]),
        (dsl.open_map(), [{"x": [1]}], [[]]),
        (dsl.either(dsl.text(), dsl.listing(dsl.text())), ["a", ["a"]], [1, [1]]),
        (dsl.optional(dsl.text("a")), ["a", None], ["b"]),
        (common.scalar(), ["a", 1, 1.5, True], [None, []]),
        (common.words(), ["a", 1, ["a", 1, True]], [None, True, [None], {}]),
        (common.port(), [1, 65535, "80"], [0, 65536, "http", 1.5]),
        (common.pull_secrets(), [["a", {"name": "a"}]], [[{"nam": "a"}], "a"]),
        (kubernetes.QUANTITY, ["1", "1.5", ".5", "100Gi", "500m", "1e3", 2, 0.5, ""], ["1 Gi", "1GB", "a", []]),
        (kubernetes.INT_OR_STRING, [1, "25%"], [1.5, []]),
    ],
)
def test_a_piece_accepts_what_it_says(of: Schema, good: list[Any], bad: list[Any]) -> None:
    Draft7Validator.check_schema(of)
    assert [value for value in good if not accepts(of, value)] == []
    assert [value for value in bad if accepts(of, value)] == []


@pytest.mark.parametrize(
    "schemas",
    [
        (dsl.text(), dsl.text()),
        (dsl.text("a"), dsl.integer()),
        (dsl.listing(dsl.text()), dsl.listing(dsl.integer())),
        (dsl.obj(a=dsl.text()), dsl.mapping(dsl.text())),
    ],
    ids=["one-type", "enum", "items", "keywords"],
)
def test_a_union_that_would_not_mean_what_it_says_is_refused(schemas: tuple[Schema, ...]) -> None:
    with pytest.raises(ValueError, match="union"):
        dsl.either(*schemas)


def test_a_reference_has_nothing_beside_it() -> None:
    with pytest.raises(ValueError, match="stands alone"):
        dsl.described("A toleration.", dsl.reference("Toleration"))


def test_optional_twice_is_optional_once() -> None:
    once = dsl.optional(dsl.text("a"))
    assert dsl.optional(once) == once == {"type": ["string", "null"], "enum": ["a", None]}


def test_references_are_found_at_any_depth() -> None:
    inner = dsl.listing(dsl.reference("B"))
    assert {*dsl.references(dsl.obj(a=dsl.reference("A"), b=dsl.mapping(inner)))} == {"A", "B"}


def test_definitions_bring_along_what_they_are_made_of() -> None:
    found = kubernetes.definitions(["Affinity"])
    assert {"Affinity", "NodeSelectorTerm", "LabelSelector"} <= set(found)
    assert {*dsl.references(found)} <= set(found)
    assert list(found) == sorted(found)


def test_kubernetes_types_have_no_prose_of_their_own() -> None:
    def strings(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["description"]] if isinstance(node.get("description"), str) else []
            return own + [each for below in node.values() for each in strings(below)]
        return [each for below in node for each in strings(below)] if isinstance(node, list) else []

    assert strings(kubernetes.definitions(["Container", "Volume"])) == []


def test_what_may_be_said_in_parts_is_required_whole_nowhere() -> None:
    assert "required" not in kubernetes.definitions(["HTTPGetAction"])["HTTPGetAction"]
    assert {*kubernetes.definitions(["VolumeMount"])["VolumeMount"]["required"]} == {"mountPath", "name"}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(HarnessError, match="0 types named Tolerance"):
        kubernetes.embed("Tolerance")


def test_an_enumeration_of_a_field_that_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kubernetes.ENUMS, "Sysctl", {"gone": ("a",)})
    with pytest.raises(HarnessError, match="Sysctl has no field gone"):
        kubernetes.definitions(["Sysctl"])


VALUES = """\
# About the file.
# yaml-language-server: $schema=x

# -- First.
a: 1

# -- The second,
# in two lines.
b:
  # -- Below.
  c: {}
  # -- Optional.
  # d: 5
  e:
    # not prose
    f: []
# -- Optional at the root.
# g: text
"""


def test_prose_stands_right_above_its_key() -> None:
    found = {".".join(path): key.description for path, key in prose.keys(VALUES).items()}
    assert found == {
        "a": "First.",
        "b": "The second, in two lines.",
        "b.c": "Below.",
        "b.d": "Optional.",
        "b.e": "",
        "b.e.f": "",
        "g": "Optional at the root.",
    }


def test_prose_and_default_are_joined_to_types() -> None:
    of = dsl.obj(a=dsl.integer(), b=dsl.obj(c=dsl.open_map(), d=dsl.integer()))
    values = "# -- A.\na: 1\n# -- B.\nb:\n  # -- C.\n  c: {}\n  # -- D.\n  # d: 5\n"
    joined = prose.join(of, prose.keys(values))["properties"]
    assert joined["a"] == {"description": "A.", "type": "integer", "default": 1}
    assert "default" not in joined["b"]
    assert joined["b"]["properties"]["c"] == {"description": "C.", "type": "object", "default": {}}
    assert joined["b"]["properties"]["d"] == {"description": "D.", "type": "integer"}


@pytest.mark.parametrize(
    ("of", "fault"),
    [
        ({"a": dsl.text()}, "- b is in values.yaml, but not in the schema"),
        ({"a": dsl.text(), "b": dsl.obj()}, "- b.c is in values.yaml, but not in the schema"),
        (
            {"a": dsl.text(), "b": dsl.obj(c=dsl.text(), d=dsl.text())},
            "- b.d is in the schema, but not in values.yaml",
        ),
        (
            {"a": dsl.described("A.", dsl.text()), "b": dsl.open_map()},
            "- a is described both in values.yaml and in the schema",
        ),
        ({"a": dsl.text(), "b": dsl.obj(c=dsl.text())}, "- b.c has no comment in values.yaml"),
    ],
    ids=["key", "key-below", "type", "twice", "comment"],
)
def test_what_is_in_one_place_only_is_refused(of: dict[str, Schema], fault: str) -> None:
    values = "# -- A.\na: x\n# -- B.\nb:\n  c: y\n"
    with pytest.raises(HarnessError) as refused:
        prose.join(dsl.obj(**of), prose.keys(values))
    assert fault in str(refused.value).splitlines()


def test_what_the_user_or_kubernetes_names_needs_no_key() -> None:
    of = dsl.obj(a=dsl.mapping(dsl.text()), b=kubernetes.embed("ResourceRequirements"))
    values = "# -- A.\na: {x: y}\n# -- B.\nb:\n  limits: {cpu: 1}\n"
    assert prose.join(of, prose.keys(values))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"": {"b": "a"}}, "- the root: a is a key"),
        ({"": {"c": "x"}}, "- the root: there is no c"),
        ({"b": {"modelGroups.NAME.d or d": "x"}}, "- b: there is no modelGroups.NAME.d"),
        ({"b": {"e": "x"}}, "- b: there is no e"),
        ({"b": {".e": "x"}}, "- b: there is no .e"),
        ({"b": {"d": "x", ".a": "y x"}}, "- b: x means two"),
        ({"": {"a": "replicacount"}}, "- the root: replicacount means two"),
        ({"b": {"d": "x x"}}, "- b: x means two"),
        ({"b": {"d": "x.*"}}, "- b: x.* is no word"),
        ({"c": {"d": "x"}}, "- c is none of the chart's own objects"),
        ({"k": {"limits": "x"}}, "- k is none of the chart's own objects"),
    ],
)
def test_a_hint_that_does_not_fit_is_refused(given: hints.Hints, fault: str) -> None:
    fields = {"a": dsl.text(), "b": dsl.obj(d=dsl.listing(dsl.obj(f=dsl.text()))), "replicaCount": dsl.integer()}
    of = dsl.obj(**fields, k=kubernetes.embed("ResourceRequirements"))
    with pytest.raises(HarnessError) as refused:
        hints.add(of, given)
    assert fault in str(refused.value).splitlines()


def test_a_hint_refuses_its_words_and_no_key() -> None:
    of = dsl.obj(b=dsl.listing(dsl.settings(oneKey=dsl.text(), k=kubernetes.embed("ResourceRequirements"))))
    added = hints.add(of, {"b.0": {"k.limits.nvidia.com/gpu": "gpu gpus"}, "": {"b": "bee"}})
    assert accepts(added, {"b": [{"oneKey": "x", "k": {"limits": {"gpu": 1}}}]})
    assert added["properties"]["b"]["items"]["patternProperties"] == {
        "^(gpu|gpus)$": {"const": "did you mean k.limits.nvidia.com/gpu?"},
        "^one[-_]?key$": {"const": hints.CAMEL_CASE},
    }
    for word in ("gpu", "gpus", "onekey", "one_key", "one-key"):
        assert not accepts(added, {"b": [{word: "did you mean"}]})
    assert list(of["properties"]["b"]["items"]) == ["type", "properties", "additionalProperties"]


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        ("a", "did you mean a?"),
        (".a", "did you mean a at the top level?"),
        (".a.b", "did you mean a.b?"),
        ("a or modelGroups.NAME.b", "did you mean a or modelGroups.NAME.b?"),
    ],
)
def test_a_hint_says_where(meant: str, said: str) -> None:
    assert hints.sentence(meant) == said


def test_no_hint_stands_in_the_way_of_a_key() -> None:
    built = schema.build()
    for path, each in (*hints.objects(built), *hints.objects(built["definitions"]["modelGroup"])):
        for pattern in each.get("patternProperties", ()):
            assert [key for key in each["properties"] if re.search(pattern, key)] == [], path


def test_defaults_and_groups_are_one_shape() -> None:
    built = schema.build()
    one = {"$ref": "#/definitions/modelGroup"}
    assert (
        built["properties"]["modelGroupDefaults"] == built["properties"]["modelGroups"]["additionalProperties"] == one
    )
    assert built["definitions"]["modelGroup"]["properties"]["weight"]["default"] == 1


def test_lines_are_short_where_they_can_be() -> None:
    text = schema.written({"a": {"b": ["x" * 50, "y" * 50]}, "c": [], "d": {}})
    assert text == '{\n "a": {"b": ["' + "x" * 50 + '", "' + "y" * 50 + '"]},\n "c": [],\n "d": {}\n}'
