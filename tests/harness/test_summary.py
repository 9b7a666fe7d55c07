from __future__ import annotations

from pathlib import Path

import pytest

from harness.summary import main


def report(path: Path, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0) -> str:
    numbers = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    path.write_text(f"<testsuites><testsuite {numbers}></testsuite></testsuites>")
    return str(path)


def test_runs_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([report(tmp_path / "test.xml", 10), report(tmp_path / "cluster.xml", 5)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "test: 10 passed, 0 failed",
        "cluster: 5 passed, 0 failed",
        "15 passed, 0 failed",
    ]


@pytest.mark.parametrize(
    ("numbers", "last"),
    [
        ({"tests": 10, "failures": 1, "errors": 2, "skipped": 3}, "4 passed, 3 failed, 3 skipped"),
        ({"tests": 0}, "0 passed, 1 failed"),
    ],
)
def test_errors_and_runs_without_a_test_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: dict[str, int], last: str
) -> None:
    assert main([report(tmp_path / "test.xml", **numbers)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_a_run_without_a_report_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "cluster.xml")]) == 1
    assert "did not run to its end" in capsys.readouterr().out
