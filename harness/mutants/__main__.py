"""`python -m harness.mutants`: change the templates in one place each, and count the changes that no test notices."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from harness.mutants.changes import Mutant, mutants
from harness.mutants.fates import STILLBORN, SURVIVED
from harness.mutants.run import Runner
from harness.paths import ROOT
from harness.progress import step

ACCEPTED = Path(__file__).with_name("survivors.txt")
"""Changes that may go unnoticed: `# reason` above the names it holds for."""

GOAL = 90


def accepted() -> set[str]:
    lines = ACCEPTED.read_text().splitlines() if ACCEPTED.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def table(fate: dict[Mutant, str]) -> Table:
    """Mutants, killed and survivors of each template."""
    shown = Table("template", "mutants", "killed", "survivors", title="Changes of the templates")
    counts: dict[str, Counter[bool]] = {}
    for mutant, end in fate.items():
        counts.setdefault(str(mutant.file), Counter())[end == SURVIVED] += 1
    counts["all"] = sum(counts.values(), Counter())
    for file, count in sorted(counts.items(), key=lambda item: (item[0] == "all", item[0])):
        shown.add_row(file, str(count.total()), str(count[False]), str(count[True]))
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s mutants --", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, the same ones each time")
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="only in files with one of these in it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [each for each in mutants(ROOT) if any(text in str(each.file) for text in options.only)][: options.sample]
    skipped = [each for each in chosen if options.sample and each.name in accepted()]
    quiet = ["-o", "addopts=--import-mode=importlib", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist"]
    started = time.monotonic()
    with step("Running the tests of the chart on changed templates") as shown:
        runner = Runner(chosen, options.workers, shown, skipped)
        code = pytest.main([*quiet, "--helm=library", str(ROOT / "tests" / "chart")], plugins=[runner])
    fate = {mutant: end for mutant, end in runner.fate.items() if end != STILLBORN}
    if code or not fate:
        print(f"Not all mutants were run: pytest ended with code {code}.", file=sys.stderr)
        return 1
    survivors = sorted(mutant.name for mutant, end in fate.items() if end == SURVIVED)
    killed = 100 * (len(fate) - len(survivors)) / len(fate)
    console = Console()
    console.print(table(fate))
    for name in survivors:
        console.print(name, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{len(fate) - len(survivors)} of {len(fate)} killed, {killed:.1f} %, in {time.monotonic() - started:.0f} s; "
        f"{len(chosen) - len(fate)} do not parse, the fates of {runner.known} were known."
    )
    unknown = set(survivors) - accepted()
    if unknown and not options.sample:
        print(f"{len(unknown)} of the survivors are not in {ACCEPTED.relative_to(ROOT)}: test them, or say why not.")
    return 1 if killed < GOAL or (unknown and not options.sample) else 0


if __name__ == "__main__":
    sys.exit(main())
