"""Any values become objects that keep every rule, or are refused with what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.properties.checks import check, check_refusal
from tests.properties.strategies import Values, values


@given(values())
def test_values_work_or_are_refused_with_advice(drawn: Values) -> None:
    check(drawn)


def test_internals_are_no_refusal() -> None:
    for output in (
        'Error: template: a:1:2: executing "a" at <.Values.x.y>: nil pointer evaluating interface {}.y',
        "Error: execution error at (inference-stack/templates/a.yaml:1:4): \n\nmodelGroups.a: because.\nWrite nothing.",
        "Error: execution error at (inference-stack/templates/a.yaml:1:4): \n\nmodels.a: because.\nPlease set:\n  a: 1",
    ):
        with pytest.raises(AssertionError):
            check_refusal(output)
