"""What has to come of any values at all: objects that keep every rule, or a refusal that says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from harness.errors import HarnessError
from harness.helm import HelmError, Render
from harness.inprocess import NOTES, InProcess
from harness.manifests import Manifests, load
from harness.paths import ROOT
from tests.invariants import INVARIANTS
from tests.kubernetes_schema import NEWEST, OLDEST, faults, older
from tests.support import objects, plain, split

LIBRARY = InProcess()

Rendered = dict[str, str]
"""What each template renders, by its path; the notes are one of them."""

INTERNALS = re.compile(r"nil pointer|error calling|executing \"|can't evaluate|wrong type|interface \{\}|<no value>|%!")
"""What only someone who writes templates understands."""

PROBLEM = re.compile(r"(?s)(?P<path>.+?): (?P<why>[^\n]+)\nPlease set:\n(?P<fix>.+)")


def answer(values: Mapping[str, Any]) -> Rendered | HelmError:
    """What the templates say to the values: the schema is skipped."""
    try:
        return LIBRARY.render(Render(ROOT, values=[values], skip_schema=True))
    except HelmError as refused:
        return refused


def check(values: Mapping[str, Any], legal: bool = True) -> Manifests | None:
    """What comes of the values: objects, or nothing if they are refused as they should be.

    Without `legal` the objects are only read: for texts that Kubernetes judges, not the chart.

    Reading the schema takes more than a render's time, so it is read only for values that neither work nor are
    refused well without it; how the schema refuses is tested in tests/chart/test_schema.py.
    """
    try:
        answered = answer(values)
        if not isinstance(answered, HelmError):
            return hold(answered, legal)
        check_refusal(answered.output)
    except (AssertionError, HarnessError):
        try:
            LIBRARY.render(Render(ROOT, values=[values]))
        except HelmError as refused:
            check_refusal(refused.output)
        else:
            raise
    return None


def hold(rendered: Rendered, legal: bool) -> Manifests:
    """The objects, held against every rule."""
    assert not INTERNALS.search("".join(text for name, text in rendered.items() if name.endswith(NOTES)))
    documents = [d for name, text in sorted(rendered.items()) if not name.endswith(NOTES) for d in split(text)]
    manifests = Manifests(each for document in documents for each in objects(document))
    if legal:
        assert [fault for document in documents for fault in invalid(document)] == []
        for rule in INVARIANTS:
            rule(manifests)
    return manifests


@lru_cache(maxsize=4000)
def invalid(document: str) -> list[str]:
    return [
        *(fault for each in objects(document) for fault in faults(NEWEST, each)),
        *(fault for each in objects(document) for fault in faults(OLDEST, older(each))),
    ]


@cache
def roots() -> frozenset[str]:
    """The keys that a path can begin with."""
    return frozenset(load((ROOT / "values.yaml").read_text()))


def check_refusal(output: str) -> None:
    """Each problem begins with the path of a value, and ends with YAML to paste; or the schema names the path."""
    assert not INTERNALS.search(output), output
    if "values don't meet the specifications of the schema" in output:
        assert re.search(r"(?m)^- at '(/[^']*)?': ", output), output
        return
    _, _, problems = plain(output).partition("templates/")
    _, _, problems = problems.partition(": \n\n")
    assert problems.strip(), output
    for problem in problems.strip("\n").split("\n\n"):
        found = PROBLEM.fullmatch(problem)
        assert found, output
        assert re.split(r"[.\[]", found["path"])[0] in roots(), output
        fix = load(found["fix"])
        assert isinstance(fix, dict), output
        assert fix.keys() <= roots(), output
