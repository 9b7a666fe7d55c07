"""A pytest plugin that runs the collected tests on each mutant, until the first that fails.

The tests are collected once, then workers are forked. Each has a copy of the chart, in which it makes one change after
the other, and renders in process (the library is loaded in the worker: a Go runtime does not survive a fork).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cached_property
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pytest

from harness.helm import CHART_PARTS, CHART_TREES
from harness.mutants.changes import Mutant
from harness.mutants.fates import STILLBORN, SURVIVED, Fates, states
from harness.mutants.order import Order
from harness.paths import ROOT
from harness.progress import Step

FIXTURES = {"render", "refusal", "notes", "helm"}
"""What a test asks for that looks at the chart."""

SCHEMA = "values.schema.json"


class Runner:
    """The plugin. `fate` says of each mutant which test killed it, or one of the two words of harness.mutants.fates."""

    def __init__(self, mutants: Sequence[Mutant], workers: int, shown: Step, skipped: Sequence[Mutant] = ()) -> None:
        self.mutants = [each for each in mutants if each not in set(skipped)]
        self.fate = dict.fromkeys(skipped, SURVIVED)
        self.workers = workers
        self.shown = shown
        self.known = 0
        self._failed = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [each for each in items if FIXTURES & set(getattr(each, "fixturenames", ()))]
        items[:] = sorted(chosen, key=lambda each: sha256(each.nodeid.encode()).digest())  # a bit of everything first

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.items:
            raise session.Failed("no tests to run on the mutants")
        fates = Fates(states(session.items))
        order = Order(session.items)
        for mutant in self.mutants:
            if killer := fates.killer(mutant):
                order.killed(mutant, killer)
            if end := fates.of(mutant):
                self.fate[mutant] = end
        todo = [mutant for mutant in self.mutants if mutant not in self.fate]
        self.known = len(self.mutants) - len(todo)
        with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
            copy_chart(ROOT, Path(directory) / "original")  # whatever is edited meanwhile
            for mutant, end in self._run(session, Path(directory), todo, fates, order):
                fates.add(mutant, end)
                self.fate[mutant] = end
                if end in fates.tests:
                    order.killed(mutant, end)
        return True

    def _run(
        self, session: pytest.Session, directory: Path, todo: Sequence[Mutant], fates: Fates, order: Order
    ) -> Iterator[tuple[Mutant, str]]:
        """Each mutant with its fate, as they are found."""
        global _worker
        _worker = Worker(self, session, directory)
        waiting = list(reversed(todo))
        running: dict[Future[str], Mutant] = {}
        started, done = time.monotonic(), 0
        with ProcessPoolExecutor(self.workers, get_context("fork")) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) <= self.workers:
                        mutant = waiting.pop()
                        first = [killer] if (killer := fates.killer(mutant)) else []
                        future = pool.submit(_run_one, mutant, first + order.first(mutant), fates.passed(mutant))
                        running[future] = mutant
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        mutant = running.pop(future)
                        yield mutant, future.result()
                        done += 1
                    left = (time.monotonic() - started) / done * (len(todo) - done) / 60
                    survivors = sum(end == SURVIVED for end in self.fate.values())
                    self.shown.detail(f"{done} of {len(todo)}, {survivors} survivors, {left:.0f} min left")
            finally:
                pool.shutdown(cancel_futures=True)


class Worker:
    """What a forked process does: `session` and `runner` are its copies of its parent's."""

    def __init__(self, runner: Runner, session: pytest.Session, directory: Path) -> None:
        self.runner = runner
        self.session = session
        self.directory = directory
        self.sound: dict[str, bool] = {}

    @cached_property
    def chart(self) -> Path:
        """This process's own copy."""
        place = self.directory / str(os.getpid())
        copy_chart(self.directory / "original", place)
        self.session.config.option.chart = place
        return place

    def fate(self, mutant: Mutant, first: Sequence[str], passed: set[str]) -> str:
        place, original = self.chart / mutant.file, self.directory / "original" / mutant.file
        changed = mutant.text(original.read_text())
        rank = {name: number for number, name in reversed(list(enumerate(first)))}
        items = [each for each in self.session.items if each.nodeid not in passed]
        try:
            place.write_text(changed)
            if not self._parses():
                return STILLBORN
            for item in sorted(items, key=lambda each: rank.get(each.nodeid, len(rank))):
                if not self.sound.get(item.nodeid, True) or self._passes(item):
                    continue
                shutil.copyfile(original, place)
                if item.nodeid not in self.sound:
                    self.sound[item.nodeid] = self._passes(item)
                if self.sound[item.nodeid]:
                    return item.nodeid
                place.write_text(changed)
            return SURVIVED
        finally:
            shutil.copyfile(original, place)

    def _parses(self) -> bool:
        from harness.helm import HelmError
        from harness.inprocess import InProcess

        try:
            InProcess().render(self.chart, {})
        except HelmError as error:
            return "parse error" not in error.said
        return True

    def _passes(self, item: pytest.Item) -> bool:
        """Run a test. What is behind `nextitem` stays set up: here the session alone, since any test may follow."""
        self.runner._failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.session)
        return not self.runner._failed


_worker: Worker
"""Set before the workers are forked, since a session cannot be sent to them."""


def _run_one(mutant: Mutant, first: Sequence[str], passed: set[str]) -> str:
    return _worker.fate(mutant, first, passed)


def copy_chart(source: Path, place: Path) -> None:
    """What Helm reads of the chart, but for the schema: no change is in it, and it takes three quarters of a render."""
    place.mkdir()
    for part in CHART_PARTS:
        if part != SCHEMA and (source / part).exists():
            shutil.copy(source / part, place / part)
    for tree in CHART_TREES:
        if (source / tree).exists():
            shutil.copytree(source / tree, place / tree)
