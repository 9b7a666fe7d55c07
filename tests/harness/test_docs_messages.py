"""docs/messages.md has every refusal of the chart, docs/warnings.md every warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.docs.cases import REFUSALS, WARNINGS
from harness.docs.messages import TEMPLATES, anchor, anchors, heading, pages, refusals, sentences, unmentioned, warnings
from harness.docs.values import documented

REFUSED, WARNED = pages().values()
WITH_MESSAGES = [path for path in TEMPLATES if "\nPlease set:\n" in path.read_text() or path.name == "_warnings.tpl"]


@pytest.mark.parametrize("path", WITH_MESSAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_sentence_of_a_template_is_read(path: Path) -> None:
    """However it is written: a sentence that is not read could not be missed on the page."""
    text = path.read_text()
    messages = text.count("\nPlease set:\n") + len(re.findall(r'define "[^"]+\.warning\.', text))
    assert len(list(sentences(text))) >= messages > 0


def test_a_sentence_without_a_case_is_found() -> None:
    assert len(unmentioned("")) > 20
    without = "\n".join(pages().values()).replace("anyone who reaches the gateway", "")
    assert unmentioned(without) == [re.escape("anyone who reaches the gateway can use every model.")]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (
            "no image is set and the engine has none, so there is nothing to run.",
            "no image is set and the engine has none",
        ),
        ("it is 8000, but the command says 9; omit it.", "it is 8000, but the command says 9"),
        ("a key is text, so quote it, as <this>.", "a key is text, so quote it, as &lt;this>"),
        ("short.", "short."),
    ],
)
def test_a_message_is_headed_by_its_own_words(sentence: str, words: str) -> None:
    assert heading(sentence) == words


@pytest.mark.parametrize(
    ("path", "of"),
    [
        ("onwards.metrics.port", "onwards-metrics"),
        ("modelGroups.chat", "modelgroups"),
        ("modelGroups.chat.volumes[0].emptyDir.sizeLimit", "modelgroups-volumes"),
        ("onwards.clientKeys.team.apiKey", "onwards-clientkeys"),
        ("extraObjects[0]", "extraobjects"),
        ("routes.a", "routes"),
        ("fullnameOverride", "fullnameoverride"),
    ],
)
def test_a_message_is_at_the_key_that_is_at_fault(path: str, of: str) -> None:
    assert anchor(path) == of
    assert of in anchors(REFUSED)


def test_each_key_has_a_place_and_each_place_is_one() -> None:
    """Whatever key a refusal is of, the address that it prints leads somewhere."""
    keys = [re.sub(r"<(\w+)>", r"\1", key.path) for key in documented()]
    assert {anchor(path) for path in keys} <= anchors(REFUSED)
    for text, cases in ((REFUSED, REFUSALS), (WARNED, WARNINGS)):
        marks = re.findall(r'<a id="([^"]+)"></a>', text)
        assert len({*marks}) == len(marks)
        assert {*cases} <= {*marks}


def test_each_case_is_below_its_words() -> None:
    headings = re.findall(r"(?m)^#### (.+)$", REFUSED + WARNED)
    assert {each.heading for each in (*refusals(), *warnings())} == {*headings}
    assert len(warnings()) == len(WARNINGS)
    assert len(refusals()) == len(REFUSALS)
