"""A pytest plugin that counts. What it counts, and what tests count themselves, are properties of each test: the JUnit
report has them, and a table at the end adds them up.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterable

import pytest
from _pytest.assertion import util
from rich.console import Console
from rich.table import Table

from harness.helm import Helm
from harness.summary import COUNTED

ASSERTIONS, RENDERS, TYPOS, SETS, KILLED, MUTANTS = COUNTED
"""Names of properties; all but the first two are recorded by tests."""


class Held:
    """It stands where pytest keeps the hook for assertions that hold, and says that there is none.

    It is asked once for each of them, so it can count; the hook itself would be given their text, which takes half of
    the time of all tests. tests/harness/test_counts.py notices when a pytest asks no more.
    """

    count = 0

    def __bool__(self) -> bool:
        Held.count += 1
        return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    held, renders = Held.count, Helm.renders
    util._assertion_pass = Held()  # type: ignore[assignment]
    try:
        return (yield)
    finally:
        util._assertion_pass = None
        counted = {ASSERTIONS: Held.count - held, RENDERS: Helm.renders - renders}
        item.user_properties += [(name, count) for name, count in counted.items() if count]


class Counts:
    """What reports say, added up."""

    def __init__(self, reports: Iterable[pytest.TestReport]) -> None:
        self.of: Counter[str] = Counter()
        self.passed = 0
        self.making = 0.0
        """Seconds in tests that generate sets, of one worker if all share them equally."""
        workers: set[str] = set()
        seconds: dict[str, float] = {}
        for each in reports:
            workers.add(getattr(each, "worker_id", ""))
            if each.when == "call":
                self.passed += each.passed
                seconds[each.nodeid] = each.duration
            if each.when == "teardown":  # has the properties of fixtures too
                self.of.update({name: int(str(count)) for name, count in each.user_properties if name in COUNTED})
                self.making += seconds.get(each.nodeid, 0) * any(name == SETS for name, _ in each.user_properties)
        self.making /= max(1, len(workers))

    def rows(self) -> dict[str, str]:
        """What is shown: of each thing that was counted, how many."""
        shown = {"tests passed": str(self.passed)}
        shown |= {name: str(self.of[name]) for name in (ASSERTIONS, RENDERS, TYPOS) if self.of[name]}
        if self.of[SETS]:
            shown[SETS] = f"{self.of[SETS]}, {self.of[SETS] / (self.making or 1):.0f} a second"
        if self.of[MUTANTS]:
            shown[KILLED] = f"{self.of[KILLED]} of {self.of[MUTANTS]}"
        return shown


_started = time.monotonic()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = [each for reports in terminalreporter.stats.values() for each in reports]
    reports = [each for each in found if isinstance(each, pytest.TestReport)]
    counts = Counts(sorted(reports, key=lambda each: each.when == "teardown"))
    table = Table(show_header=False)
    for name, count in {**counts.rows(), "seconds": f"{time.monotonic() - _started:.0f}"}.items():
        table.add_row(name, count)
    console = Console(highlight=False)
    console.print()
    console.print(table)
