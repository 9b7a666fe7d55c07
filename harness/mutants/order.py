"""Which tests are likely to notice a change: they speak of what its line speaks of, or have noticed others near it."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from harness.mutants.changes import Mutant

SURE, TRIED = 8, 12
"""How many tests that speak of a line, and that noticed other changes, come before all that speak of it at all."""

CHEAP = "all-options"
"""In the names of the tests that share one render, of values with everything in them: they cost almost nothing."""


class Order:
    """It learns from each kill it is told of."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._words = {item.nodeid: words(f"{item.nodeid} {_source(item)}") for item in items}
        self._common = Counter(word for said in self._words.values() for word in said)
        self._kills: dict[Path, Counter[str]] = {}
        self._cheap = [item.nodeid for item in items if CHEAP in item.nodeid]

    def killed(self, mutant: Mutant, test: str) -> None:
        self._kills.setdefault(mutant.file, Counter())[test] += 1

    def first(self, mutant: Mutant) -> list[str]:
        """The names of the tests to begin with, in their order: a rare word counts more than a common one."""
        wanted = {
            word: 1 / self._common[word]
            for word in words(f"{mutant.file.stem} {mutant.before} {mutant.after}")
            if word in self._common
        }
        scores = Counter({test: sum(wanted.get(word, 0) for word in said) for test, said in self._words.items()})
        related = [test for test, score in scores.most_common() if score]
        near = self._kills.get(mutant.file, Counter())
        anywhere = sum(self._kills.values(), Counter())
        tried = [test for counts in (near, anywhere) for test, _ in counts.most_common(TRIED)]
        return list(dict.fromkeys([*related[:SURE], *self._cheap, *tried, *related]))


@cache
def _of_function(function: object) -> str:
    return inspect.getsource(function)  # type: ignore[arg-type]


def _source(item: pytest.Item) -> str:
    """What a test says: its code, and what it is called with."""
    if not isinstance(item, pytest.Function):
        return ""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return f"{_of_function(item.function)} {parameters}"


def words(text: str) -> frozenset[str]:
    return frozenset(each.lower() for each in re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|[0-9]{2,}", text))
