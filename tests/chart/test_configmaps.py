"""ConfigMaps of the user's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import FULLNAME
from tests.support import Render


def data(render: Render, files: Any) -> dict[str, Any]:
    found: dict[str, Any] = render({"configMaps": {"files": files}})["ConfigMap", f"{FULLNAME}-files"].get("data", {})
    return found


def test_each_file_is_a_key(render: Render) -> None:
    assert data(render, {"a.sh": "echo\n", "b.txt": "b"}) == {"a.sh": "echo\n", "b.txt": "b"}


def test_each_map_is_a_configmap(render: Render) -> None:
    rendered = render({"configMaps": {"one": {"a": "1"}, "two": {"a": "2"}}})
    assert rendered["ConfigMap", f"{FULLNAME}-one"]["data"] == {"a": "1"}
    assert rendered["ConfigMap", f"{FULLNAME}-two"]["data"] == {"a": "2"}


TEXTS = {
    "template": "{{ messages }}{% if x %}",
    "lines": "a\n\n  b\n\tc\n",
    "spaces-at-the-ends": "  a  \n \n",
    "no-newline": "a",
    "colon": "a: b # c",
    "document": "---\na: 1\n...\n",
    "quotes": "'\"\\",
    "unicode": "łódź 🔑",
    "yaml-boolean": "yes",
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_rendered_unchanged(render: Render, text: str) -> None:
    assert data(render, {"a": text}) == {"a": text}


@pytest.mark.parametrize(
    ("given", "text"),
    [(1000000, "1000000"), (1.5, "1.5"), (True, "true"), (None, ""), ({"a": [1, 2]}, "a:\n- 1\n- 2"), (["x"], "- x")],
    ids=["large", "fraction", "boolean", "null", "map", "list"],
)
def test_other_values_are_converted_to_text(render: Render, given: object, text: str) -> None:
    assert data(render, {"a": given}) == {"a": text}


@pytest.mark.parametrize("files", [None, {}], ids=["null", "empty"])
def test_a_map_without_files_is_empty(render: Render, files: object) -> None:
    assert data(render, files) == {}
