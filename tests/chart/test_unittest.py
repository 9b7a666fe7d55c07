"""The suites of helm-unittest: the exact text of refusals and notes."""

from __future__ import annotations

from harness.paths import ROOT
from harness.run import run
from harness.tools import tool


def test_the_suites_pass_with_the_documented_command() -> None:
    done = run([tool("helm-unittest"), "."], cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout
    assert "Test Suites: 2 passed, 2 total" in done.stdout
