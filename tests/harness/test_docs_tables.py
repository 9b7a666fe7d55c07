"""The generated tables have the keys of values.yaml, and text beside them stays."""

from __future__ import annotations

import re

import pytest
from markdown.extensions.toc import slugify  # type: ignore[import-untyped]

from harness import schema
from harness.docs.markdown import Block, between, blocks, cell, table
from harness.docs.tables import AREAS, GUIDE, GUIDES, anchor, reference, section, title
from harness.docs.tables import SCHEMA as SCHEMA_URL
from harness.docs.tables import common as common_table
from harness.docs.values import GROUP, NAMES, UNSET, Key, documented, words
from harness.errors import HarnessError
from harness.manifests import load
from harness.paths import ROOT
from harness.schema import common, dsl, hints, kubernetes, routing

TEXT = """\
# Not a description.
# -- A name.
nameOverride: ""
# -- The gateway,
# with more.
onwards:
  # -- How many | at most.
  replicaCount: 2
  plain: 1
"""

SCHEMA = {
    "properties": {
        "nameOverride": {"description": "A name.", "type": ["string", "null"]},
        "onwards": {
            "description": "The gateway, with more.",
            "type": "object",
            "properties": {
                "replicaCount": {"description": "How many | at most.", "type": "integer", "minimum": 1},
                "plain": {"type": "integer"},
            },
        },
        "modelGroups": {"description": "Groups.", "additionalProperties": {"$ref": "#/definitions/modelGroup"}},
        "ingress": {
            "description": "Access.",
            "properties": {
                "tls": {
                    "description": "Certificates.",
                    "type": "array",
                    "items": {"type": "object", "properties": {"hosts": {"description": "Names."}}},
                }
            },
        },
    },
    "definitions": {
        "modelGroup": {
            "properties": {
                "resources": {
                    "$comment": "Kubernetes' ResourceRequirements",
                    "description": "What it takes.",
                    "properties": {"limits": {"type": "object"}},
                    "type": "object",
                }
            }
        }
    },
}

LISTED = re.compile(r"(?m)^(?:#### |- <a id=\"\w+\"></a>)`([^`]+)`")
PROBES = ("modelGroups.<name>.startupProbe", "modelGroups.<name>.livenessProbe", "modelGroups.<name>.readinessProbe")
OF_PROBES = (*PROBES, "onwards.probes.startup", "onwards.probes.liveness", "onwards.probes.readiness")


def keys() -> dict[str, Key]:
    return {key.path: key for key in documented(TEXT, SCHEMA)}


def test_a_key_is_named_as_users_write_it_with_its_default() -> None:
    assert {path: (key.description, key.default) for path, key in keys().items()} == {
        "nameOverride": ("A name.", ""),
        "onwards": ("The gateway, with more.", {"replicaCount": 2, "plain": 1}),
        "onwards.replicaCount": ("How many | at most.", 2),
        "modelGroups": ("Groups.", UNSET),
        "modelGroups.<name>.resources": ("What it takes.", UNSET),
        "ingress": ("Access.", UNSET),
        "ingress.tls": ("Certificates.", UNSET),
        "ingress.tls[].hosts": ("Names.", UNSET),
    }


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (dsl.text(), "text"),
        (dsl.optional(dsl.text("a", "", "b")), "one of `a`, `b`"),
        (dsl.boolean(), "true or false"),
        (dsl.integer(2, 9), "a whole number from 2 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "a number from above 0 to 1"),
        (common.count(1), "a whole number of at least 1"),
        (common.port(), "a port from 1 to 65535"),
        (common.words(), "a list of texts, or a single one"),
        (common.tag(), "text without spaces"),
        (common.scalar(), "text"),
        (common.object_labels(), "a map of labels"),
        (dsl.listing(dsl.text("a", "b")), "a list of `a`, `b`"),
        (dsl.listing(dsl.reference("Toleration")), "a list of Kubernetes `Toleration`"),
        (dsl.listing(dsl.text(pattern="^/")), "a list of paths that begin with /"),
        (kubernetes.embed("Affinity"), "a Kubernetes `Affinity`"),
        (routing.api_key(), "text or `{name, key}` of a Secret"),
        (dsl.mapping(dsl.obj()), "a map of maps"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_type_is_said_in_words(of: dsl.Schema, said: str) -> None:
    assert words(of) == said
    in_the_schema = {"properties": {"key": of}}
    hints.say_forms(in_the_schema)
    assert words(in_the_schema["properties"]["key"]) == said


def test_the_reference_has_an_entry_for_each_key_in_its_section() -> None:
    text = reference(keys().values())
    assert (
        "### Gateway's replicas and updates\n\n#### `onwards.replicaCount`\n\nHow many \\| at most.\n\n"
        "Type: a whole number of at least 1 · default: `2` · guide: [Rolling updates](updates.md)" in text
    )
    assert "Names.\n\nType: anything" in text


def test_a_key_without_a_section_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"No section has onwards\.new"):
        section(Key("onwards.new", "New.", UNSET, "text", children=False))


def test_the_page_has_exactly_the_keys_of_the_schema() -> None:
    """Those of harness.schema's own objects, and what the chart adds to Kubernetes' probes."""
    names = {**{f"{of}.NAME": f"{of}.{name}" for of, name in NAMES.items()}, "modelGroupDefaults": GROUP, ".0": "[]"}
    expected = {f"{probe}.{key}" for probe in OF_PROBES for key in ("enabled", "type", "path")}
    for path, each in hints.objects(schema.root()):
        for word, written in {**names, "NAME": "<name>"}.items():
            path = path.replace(word, written)
        expected |= {f"{path}.{key}".lstrip(".") for key in each["properties"]}
    found = LISTED.findall((ROOT / "docs" / "values.md").read_text())
    expected = {path for path in expected if path != GROUP} | {"modelGroupDefaults"}
    assert {*found} == expected
    assert len(found) == len(expected)


def test_each_key_has_an_address_of_its_own_which_its_heading_gets_too() -> None:
    paths = [key.path for key in documented()]
    assert [anchor(path) for path in paths] == [slugify(path, "-") for path in paths]
    assert len({anchor(path) for path in paths}) == len(paths)


def test_each_form_that_a_message_leaves_to_the_page_is_named() -> None:
    """hints.OTHER_FORM says so; a form without words would be a KeyError."""
    assert [key.path for key in documented() if not key.type] == []
    text = (ROOT / "values.schema.json").read_text()
    assert hints.OTHER_FORM in text


def test_the_guides_are_pages() -> None:
    assert [page for page in GUIDES if not (ROOT / "docs" / f"{page}.md").is_file()] == []
    assert {*GUIDES} == {
        *GUIDE.values(),
        *(section.guide for sections in AREAS.values() for section in sections if section.guide),
    }


def test_the_schema_has_the_address_of_the_chart() -> None:
    chart = load((ROOT / "Chart.yaml").read_text())
    owner = chart["home"].removeprefix("https://github.com/")
    assert f"https://raw.githubusercontent.com/{owner}/main/{schema.FILE.name}" == SCHEMA_URL


def test_the_common_keys_lead_to_their_entries_and_have_their_defaults() -> None:
    row = "| [`modelGroups.<name>.weight`](#modelgroupsnameweight) | Relative share of the requests of an alias"
    assert row in common_table(documented())
    assert " Default: `1`. |" in common_table(documented())


def test_a_common_key_that_is_gone_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"onwards\.replicaCount"):
        common_table(documented(TEXT, {}))


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
