from __future__ import annotations

import sys

import pytest

from harness import lint
from harness.errors import HarnessError


def bad() -> None:
    raise HarnessError("a.yaml:1 is [wrong]")


def run(monkeypatch: pytest.MonkeyPatch, *names: str) -> tuple[int, list[str]]:
    """The exit code, and which checks ran."""
    ran: list[str] = []
    monkeypatch.setattr(lint, "CHECKS", {"first": bad, "second": lambda: ran.append("second")})
    monkeypatch.setattr(sys, "argv", ["lint", *names])
    return lint.main(), ran


def test_a_failure_is_listed_and_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == (1, ["second"])
    out = capsys.readouterr().out
    assert "a.yaml:1 is [wrong]" in out
    assert out.splitlines()[-1] == "lint: 1 ok, 1 failed: first"


def test_named_checks_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "second") == (0, ["second"])


def test_unknown_check_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "third")
    assert "unknown: third; there is first, second" in capsys.readouterr().err


def test_checker_that_finds_something_shows_all_of_it() -> None:
    program = "import sys; print('\\n'.join(map(str, range(100)))); sys.exit(1)"
    with pytest.raises(HarnessError, match=r"(?s)^0\n.*\n99$"):
        lint.expect(sys.executable, "-c", program)
