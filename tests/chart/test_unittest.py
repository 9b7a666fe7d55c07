"""The suites of helm-unittest."""

from __future__ import annotations

import pytest

from harness.paths import ROOT
from harness.run import run
from harness.tools import tool

SUITES = sorted(path.relative_to(ROOT) for path in (ROOT / "tests" / "unit").glob("*_test.yaml"))


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_a_suite_passes(suite: object) -> None:
    done = run([tool("helm-unittest"), "--file", str(suite), ROOT], check=False)
    assert done.returncode == 0, done.stdout
    assert "Tests:       0 total" not in done.stdout


def test_there_are_suites() -> None:
    assert SUITES
