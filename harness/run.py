"""The one place that starts other programs."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError

TAIL_LINES = 20


@dataclass(frozen=True)
class Completed:
    """A program that has ended, with what it printed."""

    args: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class CommandError(HarnessError):
    """A program ended with another code than 0, could not start, or took longer than `timeout` seconds."""

    def __init__(self, message: str, hint: str, completed: Completed | None = None) -> None:
        super().__init__(message, hint)
        self.completed = completed


def run(
    args: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    check: bool = True,
    timeout: float | None = None,
    log: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    hint: str = "",
) -> Completed:
    """Run a program to its end.

    `env` overrides this process's environment. With `log`, both output streams are appended to that file
    instead of being returned. With `on_line`, each line of either stream is given to it as it comes, and both streams
    are returned as `stdout`; `stdin`, `timeout` and `log` are not looked at. `hint` is the advice shown when it fails.

    Raises:
        CommandError: it is missing, ran longer than `timeout` seconds, or (with `check`) did not end with code 0.
    """
    words = tuple(str(a) for a in args)
    shown = shlex.join(words)
    environment = {**os.environ, **(env or {})}
    try:
        if on_line is not None:
            completed = _follow(words, cwd, environment, on_line)
        elif log is None:
            done = subprocess.run(
                words,
                cwd=cwd,
                env=environment,
                input=stdin,
                text=True,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
            completed = Completed(words, done.returncode, done.stdout, done.stderr)
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as out:
                out.write(f"$ {shown}\n")
                out.flush()
                code = subprocess.run(
                    words,
                    cwd=cwd,
                    env=environment,
                    input=stdin,
                    text=True,
                    stdout=out,
                    stderr=out,
                    timeout=timeout,
                    check=False,
                ).returncode
            completed = Completed(words, code, "", "")
    except FileNotFoundError as error:
        raise CommandError(
            f"{error.filename or words[0]}: not found", hint or f"Install {words[0]} and try again."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{shown}: still running after {timeout:.0f} s", hint) from error
    if check and completed.returncode != 0:
        said = tail(log.read_text(errors="replace") if log else completed.stderr or completed.stdout)
        where = f"\nThe complete output is in {log}" if log else ""
        raise CommandError(f"{shown}: ended with code {completed.returncode}\n{said}{where}", hint, completed)
    return completed


def _follow(
    words: tuple[str, ...], cwd: Path | None, environment: Mapping[str, str], on_line: Callable[[str], None]
) -> Completed:
    """Popen, because the output is wanted while the program still runs."""
    lines: list[str] = []
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            on_line(line.rstrip("\n"))
    return Completed(words, process.returncode, "".join(lines), "")


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a program's output."""
    return "\n".join(text.strip().splitlines()[-lines:])
