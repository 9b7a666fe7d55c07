"""How the object that a server stores differs from the one that was rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.errors import HarnessError
from harness.manifests import Object
from inference_stack.quantity import amount

QUANTITIES = {"cpu", "memory", "ephemeral-storage", "storage", "sizeLimit"}


def drift(wanted: Any, live: Any, path: str, exact: bool) -> Iterator[str]:
    """Fields that the server stores with another value than rendered; keys that it adds to maps are no drift.

    With `exact`, quantities must be in the server's format, and there must be no empty values, which it leaves out.
    """
    if not exact and wanted in ([], {}) and live is None:
        return
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, below in wanted.items():
            yield from drift(below, live.get(key), f"{path}.{key}", exact)
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        for index, (one, other) in enumerate(zip(wanted, live, strict=True)):
            yield from drift(one, other, f"{path}[{index}]", exact)
    elif (wanted != live or type(wanted) is not type(live)) and (
        exact or path.rpartition(".")[2] not in QUANTITIES or not same_amount(wanted, live)
    ):
        yield f"{path}: {wanted!r} is stored as {live!r}"


def drifts(wanted: Iterable[Object], stored: Iterable[Object], exact: bool) -> list[str]:
    """Those of several objects, each beside the one that was rendered."""
    return [
        fault
        for each, live in zip(wanted, stored, strict=True)
        for fault in drift(each, live, each["metadata"]["name"], exact)
    ]


def same_amount(one: Any, other: Any) -> bool:
    try:
        return amount(one) == amount(other)
    except HarnessError:
        return False
