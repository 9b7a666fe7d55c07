"""What has to come of any values at all: objects that keep every rule, or a refusal that says what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from harness.batch import Batch, Rendered
from harness.errors import HarnessError
from harness.helm import HelmError
from harness.inprocess import NOTES, InProcess
from harness.manifests import Manifests, load
from harness.paths import ROOT
from tests.invariants import INVARIANTS
from tests.kubernetes_schema import NEWEST, OLDEST, faults, older
from tests.support import objects, split

LIBRARY = InProcess()
BATCH = Batch(ROOT)

INTERNALS = re.compile(r"nil pointer|error calling|executing \"|can't evaluate|wrong type|interface \{\}|<no value>|%!")
"""What only someone who writes templates understands."""

PROBLEM = re.compile(r"(?s)(?P<path>.+?): (?P<why>[^\n]+)\nPlease set:\n(?P<fix>.+)")

answered_sets = 0
"""How many sets of values this process has rendered, each of which a test holds against something."""


def answers(sets: Sequence[Mapping[str, Any]]) -> list[Rendered | HelmError]:
    """What the chart says to each set of values."""
    global answered_sets
    answered_sets += len(sets)
    return BATCH.render(sets)


def check(sets: Sequence[Mapping[str, Any]], legal: bool = True) -> list[Manifests | None]:
    """What comes of each set of values: objects, or nothing if it is refused as it should be.

    Without `legal` the objects are only read: for texts that Kubernetes judges, not the chart.
    """
    return [judge(values, answer, legal) for values, answer in zip(sets, answers(sets), strict=True)]


def judge(values: Mapping[str, Any], answer: Rendered | HelmError, legal: bool) -> Manifests | None:
    """Reading the schema takes more than a render's time, so it is asked only about values that neither work nor are
    refused well without it; how the schema refuses is tested in tests/chart/test_schema.py.
    """
    try:
        if not isinstance(answer, HelmError):
            return hold(answer, legal)
        check_refusal(answer.said)
    except (AssertionError, HarnessError) as error:
        try:
            LIBRARY.render(ROOT, values)
        except HelmError as refused:
            check_refusal(refused.said)
        else:
            error.add_note(f"The values: {json.dumps(values, ensure_ascii=False)}")
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


def check_refusal(said: str) -> None:
    """Each problem begins with the path of a value, and ends with YAML to paste; or the schema names the path."""
    assert not INTERNALS.search(said), said
    if "values don't meet the specifications of the schema" in said:
        assert re.search(r"(?m)^- at '(/[^']*)?': ", said), said
        return
    _, _, problems = said.partition("templates/")
    _, _, problems = problems.partition(": \n\n")
    assert problems.strip(), said
    for problem in problems.strip("\n").split("\n\n"):
        found = PROBLEM.fullmatch(problem)
        assert found, said
        assert re.split(r"[.\[]", found["path"])[0] in roots(), said
        fix = load(found["fix"])
        assert isinstance(fix, dict), said
        assert fix.keys() <= roots(), said
