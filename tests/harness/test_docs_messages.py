"""docs/messages.md has every refusal and warning of the chart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.docs.cases import REFUSALS, WARNINGS
from harness.docs.messages import TEMPLATES, page, sentences, title, unmentioned

WITH_MESSAGES = [path for path in TEMPLATES if "\nPlease set:\n" in path.read_text() or path.name == "_warnings.tpl"]


@pytest.mark.parametrize("path", WITH_MESSAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_sentence_of_a_template_is_read(path: Path) -> None:
    """However it is written: a sentence that is not read could not be missed on the page."""
    text = path.read_text()
    messages = text.count("\nPlease set:\n") + len(re.findall(r'define "[^"]+\.warning\.', text))
    assert len(list(sentences(text))) >= messages > 0


def test_a_sentence_without_a_case_is_found() -> None:
    assert len(unmentioned("")) > 20
    without = page().replace("anyone who reaches the gateway", "")
    assert unmentioned(without) == [re.escape("anyone who reaches the gateway can use every model.")]


def test_each_case_has_a_heading_of_its_own() -> None:
    titles = [title(name) for name in (*REFUSALS, *WARNINGS)]
    assert len(set(titles)) == len(titles)
