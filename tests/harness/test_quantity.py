from __future__ import annotations

from decimal import Decimal

import pytest

from harness.errors import HarnessError
from inference_stack.quantity import amount


@pytest.mark.parametrize(
    ("one", "other"),
    [("1000m", 1), ("0.5", "500m"), ("1Gi", 2**30), ("1.5Gi", "1536Mi"), ("1e3", "1k"), ("5E", "5e18"), (".5", "500m")],
)
def test_one_amount_has_many_forms(one: str, other: str | int) -> None:
    assert amount(one) == amount(other)


def test_an_amount_is_exact() -> None:
    assert amount("100m") * 3 == Decimal("0.3")


@pytest.mark.parametrize("wrong", ["", "1 Gi", "Gi", "1gi", "1K", "ten"])
def test_what_is_no_quantity_is_refused(wrong: str) -> None:
    with pytest.raises(HarnessError, match="not a quantity"):
        amount(wrong)
