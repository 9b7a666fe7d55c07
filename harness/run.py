"""The one place that starts other programs."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

TAIL_LINES = 20

Completed = subprocess.CompletedProcess[str]
"""A program that has ended, with what it printed."""


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
    on_line: Callable[[str], None] | None = None,
    hint: str | Callable[[str], str] = "",
) -> Completed:
    """Run a program to its end.

    `env` overrides this process's environment. With `on_line`, each line of either stream is passed to it as it comes,
    and both streams are returned as `stdout`; `stdin` and `timeout` are ignored then. `hint` is the advice shown when
    it fails, or makes it from the error message.

    Raises:
        CommandError: it is missing, ran longer than `timeout` seconds, or (with `check`) did not end with code 0.
    """
    words = [str(a) for a in args]
    shown = shlex.join(words)
    env = {**os.environ, **(env or {})}

    def failure(message: str, completed: Completed | None = None, otherwise: str = "") -> CommandError:
        return CommandError(message, (hint if isinstance(hint, str) else hint(message)) or otherwise, completed)

    try:
        if on_line:
            completed = _follow(words, cwd, env, on_line)
        else:
            completed = subprocess.run(
                words, cwd=cwd, env=env, input=stdin, text=True, capture_output=True, timeout=timeout, check=False
            )
    except FileNotFoundError as error:
        otherwise = f"Install {words[0]} and try again."
        raise failure(f"{error.filename or words[0]}: not found", otherwise=otherwise) from error
    except subprocess.TimeoutExpired as error:
        raise failure(f"{shown}: still running after {timeout:.0f} s") from error
    if check and completed.returncode != 0:
        output = tail(completed.stderr or completed.stdout)
        raise failure(f"{shown}: ended with code {completed.returncode}\n{output}", completed)
    return completed


def _follow(
    words: Sequence[str], cwd: Path | None, env: Mapping[str, str], on_line: Callable[[str], None]
) -> Completed:
    """Popen, because the output is wanted while the program still runs."""
    lines: list[str] = []
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
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


@contextmanager
def background(args: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program while the body does, then terminate it; `options` are Popen's."""
    process = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a program's output."""
    return "\n".join(text.strip().splitlines()[-lines:])
