"""A pytest plugin that runs the collected tests on each mutant, until the first that fails.

The tests are collected once. For each mutant a child is forked that renders in process (the library is loaded in the
child: a Go runtime does not survive a fork) and tells which test failed; the tests that kill most go first.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from harness.helm import CHART_PARTS, CHART_TREES
from harness.mutants.changes import Mutant
from harness.paths import ROOT
from harness.progress import Step

FIXTURES = {"render", "refusal", "notes", "helm"}
"""What a test asks for that looks at the chart."""

SURVIVED, STILLBORN = "survived", "does not parse"


class Runner:
    """The plugin. `fate` says of each mutant which test killed it, or one of the two words above."""

    def __init__(self, mutants: Sequence[Mutant], workers: int, shown: Step) -> None:
        self.mutants = mutants
        self.shown = shown
        self.workers = workers
        self.fate: dict[Mutant, str] = {}
        self.baseline: list[str] = []
        self._failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [each for each in items if FIXTURES & set(getattr(each, "fixturenames", ()))]
        items[:] = sorted(chosen, key=lambda each: sha256(each.nodeid.encode()).digest())  # a bit of everything first

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.items:
            raise session.Failed("no tests to run on the mutants")
        with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
            self._all(session, Path(directory))
        return True

    def _all(self, session: pytest.Session, directory: Path) -> None:
        copy_chart(ROOT, directory / "original")  # whatever is edited meanwhile
        (self.baseline,) = self._forked(session, directory, [None], everything=True).values()
        items = [each for each in session.items if each.nodeid not in self.baseline]
        kills: Counter[str] = Counter()
        waiting = list(self.mutants)
        while waiting:
            session.items = sorted(items, key=lambda each: -kills[each.nodeid])
            batch, waiting = waiting[: self.workers * 4], waiting[self.workers * 4 :]
            self.shown.detail(f"{len(self.fate)} of {len(self.mutants)}")
            for mutant, failed in self._forked(session, directory, batch).items():
                assert mutant is not None
                self.fate[mutant] = failed[0] if failed else SURVIVED
                kills.update(failed)

    def _forked(
        self, session: pytest.Session, directory: Path, batch: Sequence[Mutant | None], everything: bool = False
    ) -> dict[Mutant | None, list[str]]:
        """What failed on each of them; `workers` children at a time."""
        running: dict[int, tuple[Mutant | None, Path]] = {}
        failed: dict[Mutant | None, list[str]] = {}
        todo = list(enumerate(batch))
        while todo or running:
            while todo and len(running) < self.workers:
                number, mutant = todo.pop()
                place = directory / str(number)
                pid = os.fork()
                if pid == 0:
                    self._child(session, place, mutant, everything)
                running[pid] = (mutant, place)
            pid, _ = os.wait()
            mutant, place = running.pop(pid)
            failed[mutant] = json.loads((place / "failed.json").read_text())
            shutil.rmtree(place)
        return failed

    def _child(self, session: pytest.Session, place: Path, mutant: Mutant | None, everything: bool) -> None:
        """Run the tests on one changed chart, write down what failed, and end: nothing of the parent is run twice."""
        failed = ["the child itself"]
        try:
            copy_chart(place.parent / "original", place)
            if mutant is not None:
                (place / mutant.file).write_text(mutant.text((place / mutant.file).read_text()))
            failed = self._tests(session, place, everything)
        finally:
            (place / "failed.json").write_text(json.dumps(failed))
            os._exit(0)

    def _tests(self, session: pytest.Session, place: Path, everything: bool) -> list[str]:
        from harness.helm import HelmError
        from harness.inprocess import InProcess

        try:
            InProcess().render(place, {})
        except HelmError as error:
            if "parse error" in error.said:
                return [STILLBORN]
        session.config.option.chart = place
        for index, item in enumerate(session.items):
            following = session.items[index + 1] if index + 1 < len(session.items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed and not everything:
                break
        return self._failed


def copy_chart(source: Path, place: Path) -> None:
    """What Helm reads of the chart, and nothing else."""
    place.mkdir()
    for part in CHART_PARTS:
        if (source / part).exists():
            shutil.copy(source / part, place / part)
    for tree in CHART_TREES:
        if (source / tree).exists():
            shutil.copytree(source / tree, place / tree)
