"""The generated tables have the keys of values.yaml, and text beside them stays."""

from __future__ import annotations

import pytest

from harness.docs.markdown import Block, between, blocks, cell, table
from harness.docs.tables import common, reference, title
from harness.docs.values import Key, documented
from harness.errors import HarnessError

TEXT = """\
# Not a description.
# -- A name.
name: ""
# -- A thing,
# with more.
thing:
  # -- How many | at most.
  count: 2
  plain: 1
# -- A map of its own.
resources:
  limits: {cpu: 1}
"""

SCHEMA = {
    "properties": {
        "name": {"type": "string"},
        "thing": {"$ref": "#/definitions/thing"},
        "resources": {"additionalProperties": {"type": "object"}, "type": ["object", "null"]},
    },
    "definitions": {"thing": {"type": "object", "properties": {"count": {"type": ["integer", "string"]}}}},
}


def keys() -> dict[str, Key]:
    return {key.path: key for key in documented(TEXT, SCHEMA)}


def test_a_key_with_a_comment_is_documented_with_its_default() -> None:
    assert {path: (key.description, key.default) for path, key in keys().items()} == {
        "name": ("A name.", ""),
        "thing": ("A thing, with more.", {"count": 2, "plain": 1}),
        "thing.count": ("How many | at most.", 2),
        "resources": ("A map of its own.", {"limits": {"cpu": 1}}),
    }


def test_types_come_from_the_schema() -> None:
    assert {path: key.type for path, key in keys().items()} == {
        "name": "string",
        "thing": "map",
        "thing.count": "integer or string",
        "resources": "map",
    }
    assert [key.path for key in documented() if not key.type] == []


def test_the_reference_has_a_table_for_each_section() -> None:
    text = reference(keys().values())
    assert "## thing\n\nA thing, with more.\n\n| key |" in text
    assert "| `thing.count` | integer or string | `2` | How many \\| at most. |" in text
    assert '| `resources` | map | `{"limits": {"cpu": 1}}` | A map of its own. |' in text


def test_the_reference_has_every_key_of_the_chart() -> None:
    text = reference(documented())
    assert [key.path for key in documented() if f"`{key.path}`" not in text and f"## {key.path}" not in text] == []


def test_the_common_keys_are_a_groups_keys_by_the_groups_name() -> None:
    assert '| `modelGroups.<name>.modelName` | `""` | Hugging Face name or path of the model' in common(documented())


def test_a_common_key_that_is_gone_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"onwards\.replicaCount"):
        common(documented(TEXT, {}))


def test_an_example_is_called_by_its_first_line_for_people() -> None:
    assert title("# yaml-language-server: $schema=x\n# A title\n# more\na: 1\n") == "A title"


def test_only_what_stands_between_the_markers_changes() -> None:
    text = "a\n<!-- BEGIN X -->\nold\n<!-- END X -->\nb\n"
    assert between(text, "X", "new") == "a\n<!-- BEGIN X -->\nnew\n<!-- END X -->\nb\n"


@pytest.mark.parametrize("text", ["", "<!-- BEGIN X -->", "<!-- END X --><!-- BEGIN X -->"])
def test_markers_that_are_not_there_are_refused(text: str) -> None:
    with pytest.raises(HarnessError, match="markers"):
        between(text, "X", "")


def test_a_table_survives_what_would_break_it() -> None:
    assert table(["a"], [[cell("<b>|*")]]) == "| a |\n| --- |\n| &lt;b>\\|\\* |"


def test_blocks_are_found_with_their_language_and_line() -> None:
    text = 'x\n\n```yaml title="t"\na: 1\n```\n\n   ```bash\n   b\n\n     c\n   ```\n'
    assert blocks(text) == [Block("yaml", 'title="t"', 3, "a: 1\n"), Block("bash", "", 7, "b\n\n  c\n")]
