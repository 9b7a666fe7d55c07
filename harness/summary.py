"""`python -m harness.summary REPORT...`: the outcomes of several pytest runs, and of all of them as the last line.

It reads the JUnit files that `nox -s test cluster` leaves, and needs nothing but Python's own library.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree


def count(report: Path) -> Counter[str]:
    """Tests by outcome: passed, failed (errors too), skipped. A run without a report or a test is one failure."""
    suite = ElementTree.parse(report).getroot().find("testsuite") if report.exists() else None
    if suite is None or suite.get("tests") == "0":
        return Counter(failed=1)
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return Counter(passed=total - failed - skipped, failed=failed, skipped=skipped)


def line(outcomes: Counter[str]) -> str:
    """Such as `412 passed, 0 failed`; skipped ones are named where there are some."""
    skipped = f", {outcomes['skipped']} skipped" if outcomes["skipped"] else ""
    return f"{outcomes['passed']} passed, {outcomes['failed']} failed{skipped}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the outcomes; 1 if a test failed, or a report has none."""
    parser = argparse.ArgumentParser(prog="python -m harness.summary", description=__doc__)
    parser.add_argument("reports", nargs="+", metavar="REPORT", help="a JUnit file, such as .nox/test.xml")
    reports = parser.parse_args(arguments).reports
    total: Counter[str] = Counter()
    for path in map(Path, reports):
        outcomes = count(path)
        total += outcomes
        print(f"{path.stem}: {line(outcomes) if path.exists() else 'did not run to its end'}")
    print(line(total))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
