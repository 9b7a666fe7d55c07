"""Kubernetes' quantities: `250m`, `1.5`, `2Gi`, `1e3`."""

from __future__ import annotations

import re
from decimal import Decimal

from inference_stack.errors import StackError

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_FORM = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(n|u|m|k|[KMGTPE]i|[MGTPE])?")


def amount(quantity: str | float) -> Decimal:
    """The number that a quantity stands for: CPUs, bytes or pieces.

    Raises:
        StackError: it is not one.
    """
    found = _FORM.fullmatch(str(quantity))
    if found is None:
        raise StackError(f"{quantity!r} is not a quantity as Kubernetes writes it")
    number, suffix = Decimal(found[1]), found[2] or ""
    return number * 2 ** _BINARY[suffix] if suffix in _BINARY else number.scaleb(_DECIMAL[suffix])
