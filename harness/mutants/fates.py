"""What became of each mutant, kept in the cache: a run goes on where another one stopped.

A fate holds as long as everything that it was found with is the same: the chart, the code that all tests share, and the
file of the test that failed (for a survivor: the files of all tests that passed).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from harness.helm import fingerprint
from harness.mutants.changes import Mutant
from harness.paths import ROOT, cache_dir

SURVIVED, STILLBORN = "survived", "does not parse"
"""A fate is one of these, or the name of the test that noticed."""

SHARED = (
    "pyproject.toml",
    "README.md",
    "docs/*.md",
    "examples/*",
    *("harness/helm.py", "harness/inprocess.py", "harness/manifests.py", "harness/paths.py"),
    *("tests/*.py", "tests/chart/[!t]*.py"),
)
"""What a test of the chart can depend on beside its own file and the chart."""


def chart_state() -> str:
    return _hash(Path(name) for name, _, _ in fingerprint(ROOT))


def states(items: Iterable[pytest.Item]) -> dict[str, str]:
    """By each test's name, a hash of all that its outcome depends on."""
    common = chart_state() + _hash(path for pattern in SHARED for path in sorted(ROOT.glob(pattern)))
    files: dict[Path, str] = {}
    for item in items:
        if item.path not in files:
            files[item.path] = sha256((common + _hash([item.path])).encode()).hexdigest()[:16]
    return {item.nodeid: files[item.path] for item in items}


def _hash(paths: Iterable[Path]) -> str:
    found = sha256()
    for path in paths:
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


class Fates:
    """The known fates. Each new one is written at once, as a line of JSON."""

    def __init__(self, tests: Mapping[str, str], file: Path | None = None) -> None:
        self.tests = tests
        self.chart = chart_state()
        self.file = file or cache_dir("mutants") / "fates.jsonl"
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        self._found: dict[str, tuple[str, list[str]]] = {
            rank: (end, held) for rank, end, held in map(json.loads, lines)
        }

    def of(self, mutant: Mutant) -> str | None:
        """The fate, unless something that it depends on has changed."""
        end, held = self._found.get(mutant.rank, ("", []))
        if end == STILLBORN:
            return end if held == [self.chart] else None
        if end == SURVIVED:
            return end if set(self.tests.values()) <= set(held) else None
        return end if end in self.tests and held == [self.tests[end]] else None

    def killer(self, mutant: Mutant) -> str | None:
        """The test that noticed it once, and may notice it again."""
        end, _ = self._found.get(mutant.rank, ("", []))
        return end if end in self.tests else None

    def passed(self, mutant: Mutant) -> set[str]:
        """The names of the tests that are known not to notice it."""
        end, held = self._found.get(mutant.rank, ("", []))
        return {name for name, state in self.tests.items() if state in held} if end == SURVIVED else set()

    def add(self, mutant: Mutant, end: str) -> None:
        held = {STILLBORN: [self.chart], SURVIVED: sorted(set(self.tests.values()))}.get(end) or [self.tests[end]]
        self._found[mutant.rank] = (end, held)
        with self.file.open("a") as lines:
            lines.write(json.dumps([mutant.rank, end, held]) + "\n")
