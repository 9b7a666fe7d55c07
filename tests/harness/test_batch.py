"""Many sets of values rendered at once give what each gives alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.batch import SIZE, Batch
from harness.helm import HelmError
from harness.inprocess import InProcess
from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import one
from tests.chart.cases import CASES
from tests.harness.test_inprocess import REFUSED

LIBRARY = InProcess()
VALUES: list[dict[str, Any]] = [
    *(load(case.read_text()) if isinstance(case, Path) else dict(case or {}) for case in CASES.values()),
    *REFUSED.values(),
    one(modelAlias=["模型 🚀"], env=[{"name": "A", "value": "<&>"}], nodeSelector=None, podLabels={"a": None}),
    {"onwards": {"resources": None, "replicaCount": 2}, "modelGroups": None, "commonLabels": {"n": 1000000}},
]


def alone(values: dict[str, Any], chart: Path = ROOT) -> dict[str, str] | str:
    try:
        return LIBRARY.render(chart, values, skip_schema=True)
    except HelmError as error:
        return error.said


def together(sets: list[dict[str, Any]], chart: Path = ROOT) -> list[dict[str, str] | str]:
    return [answer.said if isinstance(answer, HelmError) else answer for answer in Batch(chart).render(sets)]


def test_each_answer_is_what_the_values_give_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Batch, "_alone")
    assert len(VALUES) > SIZE  # so that there are two calls
    assert together(VALUES) == [alone(values) for values in VALUES]


@pytest.mark.parametrize("order", [1, -1])
def test_no_set_changes_what_another_gives(order: int) -> None:
    sets = VALUES[-SIZE:][::order]
    assert together(sets) == [alone(values) for values in sets]


def test_no_template_changes_what_another_gives() -> None:
    """All templates get the same maps from what a render keeps; here they ask for them in the opposite order."""
    accepted = [values for values in VALUES if not isinstance(alone(values), str)]
    backwards = Batch(ROOT)
    backwards._templates.reverse()
    assert backwards.render(accepted) == together(accepted)


def test_an_error_in_a_template_is_said_of_the_values_that_make_it(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: tiny, version: 0.1.0}")
    (tmp_path / "templates" / "all.yaml").write_text("{{ .Values.a.b }}")
    sets: list[dict[str, Any]] = [{"a": {"b": 1}}, {"a": 2}, {"a": {"b": 3}}]
    answers = together(sets, tmp_path)
    assert answers == [alone(values, tmp_path) for values in sets]
    assert "can't evaluate" in answers[1]
