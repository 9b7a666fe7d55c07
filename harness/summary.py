"""`python -m harness.summary REPORT...`: what several pytest runs counted, as one line.

It reads the JUnit files that `nox -s test cluster` leaves, and needs nothing but Python's own library.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

COUNTED = ("assertions", "renders", "typos refused", "generated value sets", "mutants killed", "mutants")
"""Properties of tests that are numbers to add up; harness/counts.py makes them."""


def counted(report: Path) -> Counter[str]:
    """What the tests of a run counted beside themselves."""
    found: Counter[str] = Counter()
    for each in ElementTree.parse(report).getroot().iter("property"):
        if each.get("name") in COUNTED:
            found[each.get("name", "")] += int(each.get("value", 0))
    return found


def count(report: Path) -> Counter[str]:
    """Tests by outcome: passed, failed (errors too), skipped. A run without a report or a test is one failure."""
    suite = ElementTree.parse(report).getroot().find("testsuite") if report.exists() else None
    if suite is None or suite.get("tests") == "0":
        return Counter(failed=1)
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return Counter(passed=total - failed - skipped, failed=failed, skipped=skipped)


def line(counted: Counter[str]) -> str:
    """Such as `412 passed, 0 failed`; skipped ones are named where there are some."""
    skipped = f", {counted['skipped']} skipped" if counted["skipped"] else ""
    return f"{counted['passed']} passed, {counted['failed']} failed{skipped}"


def main(reports: Sequence[str]) -> int:
    total: Counter[str] = Counter()
    for path in map(Path, reports):
        outcomes = count(path)
        total += outcomes
        print(f"{path.stem}: {line(outcomes) if path.exists() else 'did not run to its end'}")
        if path.exists() and (numbers := counted(path)):
            print("  " + ", ".join(f"{numbers[name]} {name}" for name in COUNTED if numbers[name]))
    print(line(total))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
