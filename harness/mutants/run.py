"""A pytest plugin that runs the collected tests on each mutant, until the first that fails.

The tests are collected once, then workers are forked. Each has a copy of the chart, in which it makes one change after
the other, and renders in process (the library is loaded in the worker: a Go runtime does not survive a fork).

First a mutant is shown to the tests that are likely to notice it. Those that none noticed are put into one chart, many
at a time, and shown to all tests; those that make one fail are found by halves. Two changes that undo one another
would survive so, but none is killed wrongly.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
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

SUSPECT = "not noticed yet"
LIKELY = 40
"""How many tests a mutant is shown to alone."""
TOGETHER = 64
"""How many mutants are put into one chart at most."""


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
        waiting, suspects = list(reversed(todo)), Suspects()
        running: set[Future[dict[Mutant, str]]] = set()
        started, done = time.monotonic(), 0
        with ProcessPoolExecutor(self.workers, get_context("fork")) as pool:
            try:
                while waiting or running or suspects:
                    while len(running) <= self.workers and (waiting or suspects):
                        if len(suspects) >= TOGETHER or not (waiting or running):
                            group = suspects.take()
                            known = set.intersection(*(fates.passed(each) for each in group))
                            running.add(pool.submit(_all, group, known))
                        elif waiting:
                            mutant = waiting.pop()
                            likely = dict.fromkeys(filter(None, [fates.killer(mutant), *order.first(mutant)]))
                            running.add(pool.submit(_likely, mutant, list(likely)[:LIKELY]))
                        else:
                            break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        running.remove(future)
                        for mutant, end in future.result().items():
                            if end == SUSPECT:
                                suspects.add(mutant)
                            else:
                                yield mutant, end
                                done += 1
                    left = (time.monotonic() - started) / max(1, done) * (len(todo) - done) / 60
                    survivors = sum(end == SURVIVED for end in self.fate.values())
                    self.shown.detail(f"{done} of {len(todo)}, {survivors} survivors, {left:.0f} min left")
            finally:
                pool.shutdown(cancel_futures=True)


class Suspects:
    """Mutants that no likely test has noticed."""

    def __init__(self) -> None:
        self._waiting: list[Mutant] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, mutant: Mutant) -> None:
        self._waiting.append(mutant)

    def take(self) -> list[Mutant]:
        """Some that fit into one chart: each changes another line."""
        lines: dict[tuple[Path, int], Mutant] = {}
        for each in self._waiting:
            if len(lines) < TOGETHER:
                lines.setdefault((each.file, each.number), each)
        group = list(lines.values())
        self._waiting = [each for each in self._waiting if each not in group]
        return group


class Worker:
    """What a forked process does: `session` and `runner` are its copies of its parent's."""

    def __init__(self, runner: Runner, session: pytest.Session, directory: Path) -> None:
        self.runner = runner
        self.session = session
        self.items = {each.nodeid: each for each in session.items}
        self.original = directory / "original"
        self.sound: dict[str, bool] = {}

    @cached_property
    def chart(self) -> Path:
        """This process's own copy."""
        place = self.original.with_name(str(os.getpid()))
        copy_chart(self.original, place)
        self.session.config.option.chart = place
        return place

    @contextmanager
    def changed(self, mutants: Iterable[Mutant]) -> Iterator[None]:
        """With these changes in the chart; nested, only the inner ones are there."""
        before = {path: path.read_text() for path in (self.chart / "templates").rglob("*.*")}
        texts = {path: (self.original / path.relative_to(self.chart)).read_text() for path in before}
        for each in mutants:
            texts[self.chart / each.file] = each.text(texts[self.chart / each.file])
        _write(texts)
        try:
            yield
        finally:
            _write(before)

    def likely(self, mutant: Mutant, names: Sequence[str]) -> str:
        with self.changed([mutant]):
            if not self._parses():
                return STILLBORN
            for name in names:
                if self._notices(name) and self._is_sound(name):
                    return name
        return SUSPECT

    def all(self, mutants: Sequence[Mutant], passed: set[str]) -> dict[Mutant, str]:
        fate: dict[Mutant, str] = {}
        unclear: list[str] = []
        for name in self.items:
            left = [each for each in mutants if each not in fate]
            if not left:
                break
            if name not in passed and (found := self._noticed(left, name)) is not None:
                fate |= dict.fromkeys(found, name)
                unclear += [] if found else [name]
        for name in unclear:  # it fails on some together, but on none of them alone; perhaps on one of the others
            for each in mutants:
                if each not in fate and self._noticed([each], name):
                    fate[each] = name
        return {each: fate.get(each, SURVIVED) for each in mutants}

    def _noticed(self, mutants: Sequence[Mutant], name: str) -> list[Mutant] | None:
        """Those that the test notices alone; None if it notices nothing of all together."""
        with self.changed(mutants):
            if not self._notices(name):
                return None
        if not self._is_sound(name):
            return None
        if len(mutants) == 1:
            return list(mutants)
        half = len(mutants) // 2
        return [each for part in (mutants[:half], mutants[half:]) for each in self._noticed(part, name) or ()]

    def _notices(self, name: str) -> bool:
        return self.sound.get(name, True) and not self._passes(self.items[name])

    def _is_sound(self, name: str) -> bool:
        """Whether the test passes on the copy without a change."""
        if name not in self.sound:
            with self.changed([]):
                self.sound[name] = self._passes(self.items[name])
        return self.sound[name]

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


def _likely(mutant: Mutant, names: Sequence[str]) -> dict[Mutant, str]:
    return {mutant: _worker.likely(mutant, names)}


def _all(mutants: Sequence[Mutant], passed: set[str]) -> dict[Mutant, str]:
    return _worker.all(mutants, passed)


def _write(texts: Mapping[Path, str]) -> None:
    """Only what differs: a file that is written is a chart that is read again."""
    for path, text in texts.items():
        if path.read_text() != text:
            path.write_text(text)


def copy_chart(source: Path, place: Path) -> None:
    """What Helm reads of the chart, but for the schema: no change is in it, and it takes three quarters of a render."""
    place.mkdir()
    for part in CHART_PARTS:
        if part != SCHEMA and (source / part).exists():
            shutil.copy(source / part, place / part)
    for tree in CHART_TREES:
        if (source / tree).exists():
            shutil.copytree(source / tree, place / tree)
