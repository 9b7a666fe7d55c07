"""values.yaml documents every key for users."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from harness.paths import ROOT

TEXT = (ROOT / "values.yaml").read_text()
LINES = TEXT.splitlines()
VERBATIM = ("ingress.hosts", "modelGroups.vllm-llama.resources")
"""Keys below these are an example with keys of Kubernetes or the user."""


def keys(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
    """Each key of a mapping, recursively, with its line number counted from 0."""
    if not isinstance(node, yaml.MappingNode) or path in VERBATIM:
        return
    for key, value in node.value:
        below = f"{path}.{key.value}".lstrip(".")
        yield below, key.start_mark.line
        yield from keys(value, below)


KEYS = dict(keys(yaml.compose(TEXT)))


@pytest.mark.parametrize("path", [path for path in KEYS if not path.startswith("onwards.resources.")])
def test_every_key_has_a_comment_of_one_sentence_above_it(path: str) -> None:
    comment = LINES[KEYS[path] - 1].strip()
    assert comment.startswith("# -- "), path
    assert comment.endswith("."), path


def test_no_default_is_null() -> None:
    def nulls(value: object, path: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for key, below in value.items() for found in nulls(below, f"{path}.{key}")]
        return [path] if value is None else []

    assert nulls(yaml.safe_load(TEXT)) == []
