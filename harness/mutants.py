"""`python -m harness.mutants`: change the templates in one place each, and count the changes that no test notices.

The tests of the chart are collected once. Then workers are forked, each with a copy of the chart, in which it makes one
change after the other and runs the tests until one fails. Where the tests leave too much alone, this fails.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from harness.helm import CHART_PARTS, CHART_TREES, HelmError, Render
from harness.paths import ROOT
from harness.progress import step

GOAL = 90
"""Of a hundred changes, as many have to be noticed."""

FIXTURES = {"render", "refusal", "notes", "helm"}
"""Fixtures requested by tests that look at the chart."""

# What replaces what; the first of a pair is a word of its own.
SWAPS = {
    **{"and": "or", "or": "and", "eq": "ne", "ne": "eq", "gt": "le", "ge": "lt", "true": "false", "false": "true"},
    **{"hasPrefix": "hasSuffix", "hasSuffix": "hasPrefix", "first": "last", "prepend": "append", "Always": "Never"},
}


@dataclass(frozen=True)
class Mutant:
    """One change. `number` is the line's, from 1; `after` is empty where the line is left out."""

    file: Path
    number: int
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{self.file}:{self.number}: {self.before.strip()} => {self.after.strip() or '(nothing)'}"

    @property
    def rank(self) -> str:
        """A place in an order that is no template's, and the same wherever the line is."""
        return sha256(f"{self.before.strip()} => {self.after.strip()}".encode()).hexdigest()

    def text(self, original: str) -> str:
        """The complete file with the change in it."""
        lines = original.split("\n")
        lines[self.number - 1] = self.after
        return "\n".join(lines)


def mutants(chart: Path) -> list[Mutant]:
    """Every change of every template, in the order of `rank`; of equal ones the first."""
    found: dict[str, Mutant] = {}
    for path in sorted((chart / "templates").rglob("*.*")):
        text = path.read_text()
        code = re.sub(r"(?s)\{\{-? /\*.*?\*/ -?\}\}", lambda comment: re.sub(r"[^\n]", "", comment.group()), text)
        for number, (line, original) in enumerate(zip(code.split("\n"), text.split("\n"), strict=True), 1):
            if line.strip() and line == original:
                for after in _changes(line):
                    mutant = Mutant(path.relative_to(chart), number, line, after)
                    found.setdefault(mutant.rank, mutant)
    return [found[rank] for rank in sorted(found)]


def _changes(line: str) -> Iterator[str]:
    actions = re.findall(r"\{\{-?\s*(.*?)\s*-?\}\}", line)
    depth = sum(bool(re.match(r"(if|range|with|define|block)\b", each)) for each in actions)
    depth -= sum(bool(re.match(r"end\b", each)) for each in actions)
    complete = line.count("{{") == line.count("}}") and line.count("(") == line.count(")")
    alone = any(each.startswith("else") for each in actions)
    if complete and not (depth or alone or re.fullmatch(r"\s*\{\{-?\s*\$\w+ := .*", line)):
        yield ""
    for found in re.finditer(r"\{\{-?\s*((?:else )?if) ([^{}]*?)( -)?\}\}", line):
        yield line[: found.start(2)] + f"not ({found.group(2).strip()})" + line[found.end(2) :]
    if any(each.startswith("define") for each in actions):
        return
    for found in re.finditer(r"(?<![\w.$\"-])(\w+)(?![\w\"-])", line):
        if found.group() in SWAPS:
            yield line[: found.start()] + SWAPS[found.group()] + line[found.end() :]
    # Not the numbers of nindent: a block that is indented otherwise is either the same YAML or none at all.
    for found in re.finditer(r"(?<!indent )(?<![\w.\"$-])([0-9]+)(?![\w.\"-])", line):
        yield line[: found.start()] + str(int(found.group()) + 1) + line[found.end() :]
    for found in re.finditer(r'"([A-Za-z][A-Za-z/.-]*)"', line):
        if not line[: found.start()].rstrip().endswith(("include", "printf")):
            yield line[: found.start(1)] + "x" + line[found.start(1) :]
    for found in re.finditer(r"^\s*(?:- )?([a-zA-Z]+):", line):
        yield line[: found.start(1)] + "x" + line[found.start(1) :]


class Runner:
    """The pytest plugin. `noticed` has every mutant that can be parsed."""

    def __init__(self, mutants: Sequence[Mutant], workers: int) -> None:
        self.mutants = mutants
        self.workers = workers
        self.noticed: dict[Mutant, bool] = {}
        self.failed = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if FIXTURES & {*getattr(each, "fixturenames", ())}]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.items:
            raise session.Failed("no tests to run on the mutants")
        # Forked before Helm's library is loaded: a Go runtime does not survive it.
        with (
            tempfile.TemporaryDirectory(prefix="mutants-") as directory,
            step("Running the tests of the chart on changed templates") as shown,
            ProcessPoolExecutor(self.workers, get_context("fork"), _start, (self, session, Path(directory))) as pool,
        ):
            for mutant, noticed in zip(self.mutants, pool.map(_notice, self.mutants), strict=True):
                if noticed is not None:
                    self.noticed[mutant] = noticed
                shown.detail(f"{len(self.noticed)} of {len(self.mutants)}")
        return True


class Worker:
    """What a forked process does: `runner` and `session` are its copies of its parent's."""

    def __init__(self, runner: Runner, session: pytest.Session, directory: Path) -> None:
        self.runner, self.session = runner, session
        self.chart = directory / str(os.getpid())
        self.sound: dict[str, bool] = {}
        self.words = {each: words(each.nodeid + source(each)) for each in session.items}
        self.common = Counter(word for words in self.words.values() for word in words)
        shutil.copytree(ROOT, self.chart, ignore=not_the_chart)
        session.config.option.chart = self.chart

    def notice(self, mutant: Mutant) -> bool | None:
        """Whether a test notices the change; None if it cannot be parsed."""
        path = self.chart / mutant.file
        original = path.read_text()
        changed = mutant.text(original)
        path.write_text(changed)
        try:
            if not self._parses():
                return None
            for item in self.order(mutant):
                if self.sound.get(item.nodeid, True) and not self._passes(item):
                    if item.nodeid not in self.sound:  # it counts only if it passes without the change
                        path.write_text(original)
                        self.sound[item.nodeid] = self._passes(item)
                        path.write_text(changed)
                    if self.sound[item.nodeid]:
                        return True
            return False
        finally:
            path.write_text(original)

    def order(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests, those first that share words with the line: a rare word counts more than a common one."""
        wanted = words(f"{mutant.before} {mutant.after}") & self.common.keys()
        scores = {each: sum(1 / self.common[word] for word in wanted & words) for each, words in self.words.items()}
        related = sorted(scores, key=lambda each: -scores[each])
        cheap = [each for each in related if "all-options" in each.nodeid]  # they share one render
        return list(dict.fromkeys([*related[:8], *cheap, *related]))

    def _parses(self) -> bool:
        from harness.inprocess import InProcess

        try:
            InProcess().render(Render(self.chart))
        except HelmError as error:
            return "parse error" not in error.output
        return True

    def _passes(self, item: pytest.Item) -> bool:
        """Run a test. What is behind `nextitem` stays set up: here the session alone, since any test may follow."""
        self.runner.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.session)
        return not self.runner.failed


code = cache(inspect.getsource)


def source(item: pytest.Item) -> str:
    """A test's code and parameters."""
    return f"{code(item.function)} {vars(item).get('callspec')}" if isinstance(item, pytest.Function) else ""


def words(text: str) -> frozenset[str]:
    return frozenset(each.lower() for each in re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|[0-9]{2,}", text))


_worker: Worker


def _start(*arguments: Any) -> None:
    global _worker
    _worker = Worker(*arguments)


def _notice(mutant: Mutant) -> bool | None:
    return _worker.notice(mutant)


def not_the_chart(directory: str, names: list[str]) -> set[str]:
    """What Helm does not read of the chart, for shutil.copytree."""
    return {*names} - {*CHART_PARTS, *CHART_TREES} if Path(directory) == ROOT else set()


def table(noticed: Mapping[Mutant, bool]) -> Table:
    """Mutants, killed and survivors of each template."""
    shown = Table("template", "mutants", "killed", "survivors", title="Changes of the templates")
    counts = Counter((file, killed) for each, killed in noticed.items() for file in (str(each.file), "all"))
    for file in [*sorted({str(each.file) for each in noticed}), "all"]:
        killed, survived = counts[file, True], counts[file, False]
        shown.add_row(file, str(killed + survived), str(killed), str(survived))
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s mutants --", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, the same ones each time")
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="only in files with one of these in it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [each for each in mutants(ROOT) if any(text in str(each.file) for text in options.only)][: options.sample]
    runner = Runner(chosen, options.workers)
    quiet = ["-o", "addopts=--import-mode=importlib", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist"]
    tests = [str(ROOT / "tests" / folder) for folder in ("chart", "field")]
    code = pytest.main([*quiet, "--helm=library", *tests], plugins=[runner])
    if code or not runner.noticed:
        print(f"Not all mutants were run: pytest ended with code {code}.", file=sys.stderr)
        return 1
    console = Console()
    console.print(table(runner.noticed))
    for name in sorted(each.name for each, noticed in runner.noticed.items() if not noticed):
        console.print(name, markup=False, highlight=False, soft_wrap=True)
    killed, total = sum(runner.noticed.values()), len(runner.noticed)
    print(f"{killed} of {total} killed, {100 * killed / total:.1f} %; {len(chosen) - total} do not parse.")
    return 1 if 100 * killed < GOAL * total else 0


if __name__ == "__main__":
    sys.exit(main())
