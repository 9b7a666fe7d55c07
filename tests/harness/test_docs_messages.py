"""docs/messages.md has every refusal and warning of the chart."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.docs.cases import REFUSALS, WARNINGS
from harness.docs.messages import TEMPLATES, page, sentences, title, unmentioned


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_each_sentence_of_a_template_is_read(path: Path) -> None:
    """However it is written: a sentence that is not read could not be missed on the page."""
    marker = "append $warnings" if path.name == "_warnings.tpl" else '"why"'
    text = path.read_text()
    assert len(list(sentences(text))) == text.count(marker) > 0


def test_each_sentence_of_the_templates_is_on_the_page() -> None:
    assert unmentioned(page()) == []


def test_a_sentence_without_a_case_is_found() -> None:
    assert len(unmentioned("")) > 20
    without = page().replace("clients need no key", "")
    assert unmentioned(without) == ["clients need no key: whoever reaches the gateway can use every model."]


def test_each_case_has_a_heading_of_its_own() -> None:
    titles = [title(name) for name in (*REFUSALS, *WARNINGS)]
    assert len(set(titles)) == len(titles)
