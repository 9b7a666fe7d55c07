from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.run import CommandError, run, tail

PYTHON = sys.executable


def test_output_and_code_come_back() -> None:
    done = run([PYTHON, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"], check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 3)


def test_environment_overrides_ours() -> None:
    done = run([PYTHON, "-c", "import os; print(os.environ['OURS'], 'PATH' in os.environ)"], env={"OURS": "x"})
    assert done.stdout == "x True\n"


def test_failure_shows_the_end_of_what_was_said_and_the_hint() -> None:
    with pytest.raises(CommandError) as caught:
        run(
            [PYTHON, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(1)"],
            hint="Try the other one.",
        )
    assert "no such thing" in caught.value.message
    assert str(caught.value).endswith("Try the other one.")
    assert caught.value.completed is not None


def test_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="no-such-program: not found"):
        run(["no-such-program"])


def test_timeout_is_an_error() -> None:
    with pytest.raises(CommandError, match="still running after 0 s"):
        run([PYTHON, "-c", "import time; time.sleep(60)"], timeout=0.2)


def test_lines_come_while_it_runs(tmp_path: Path) -> None:
    """The program continues only after its first line has been seen."""
    seen = tmp_path / "seen"
    program = (
        "import pathlib, sys, time\n"
        "print('first', flush=True)\n"
        f"while not pathlib.Path({str(seen)!r}).exists(): time.sleep(0.01)\n"
        "print('second', file=sys.stderr)\n"
    )
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        seen.touch()

    assert run([PYTHON, "-c", program], on_line=on_line).stdout == "first\nsecond\n"
    assert lines == ["first", "second"]


def test_failure_after_lines_shows_them() -> None:
    with pytest.raises(CommandError, match="what went wrong"):
        run([PYTHON, "-c", "print('what went wrong'); raise SystemExit(2)"], on_line=lambda _: None)


def test_tail_keeps_the_last_lines() -> None:
    assert tail("a\nb\nc\n", 2) == "b\nc"
