"""docs/messages.md has every refusal and warning of the chart."""

from __future__ import annotations

import pytest

from harness.docs.messages import HELPERS, page, refusals, sentences, unmentioned, warnings


@pytest.mark.parametrize(("name", "marker"), [("_validate.tpl", '"why"'), ("_warnings.tpl", "append $warnings")])
def test_each_sentence_of_a_template_is_read(name: str, marker: str) -> None:
    """However it is written: a sentence that is not read could not be missed on the page."""
    text = (HELPERS / name).read_text()
    assert len(list(sentences(text))) == text.count(marker) > 0


def test_each_sentence_of_the_templates_is_on_the_page() -> None:
    assert unmentioned(page()) == []


def test_a_sentence_without_a_case_is_found() -> None:
    assert len(unmentioned("")) > 20
    without = page().replace("clients need no key", "")
    assert unmentioned(without) == ["clients need no key: whoever reaches the gateway can use every model."]


def test_each_case_has_a_heading_of_its_own() -> None:
    titles = [title for title, _, _ in (*refusals(), *warnings())]
    assert len(set(titles)) == len(titles)
