"""Telling processes apart: a number alone may be another process's by now."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError

POLL_SECONDS = 0.02
END_SECONDS = 60.0  # on busy cores two nodes took 27 to end


def boot_id() -> str:
    """The kernel's name for the time since it started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """When the process started (clock ticks since boot); None if it is not there or has ended."""
    fields = _fields(pid)
    return int(fields[19]) if fields else None


@dataclass(frozen=True)
class Process:
    """A process that no later one with the same number is taken for: when it started, in clock ticks since boot."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def _fields(pid: int) -> list[str] | None:
    """/proc/<pid>/stat from its third field on (see proc_pid_stat(5)); None if the process has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field, the name in parentheses, may hold anything, spaces and parentheses too.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields


def children(pid: int) -> list[int]:
    """The processes that this one has started and that have not ended."""
    running = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [child for child in running if (fields := _fields(child)) and int(fields[1]) == pid]


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class NotInTimeError(HarnessError):
    """Something that was waited for has not come."""


def wait_until(done: Callable[[], bool], what: str, seconds: float = END_SECONDS, hint: str = "") -> None:
    """Until `done` is true, looking many times a second; `hint` is what to do when it does not come.

    Raises:
        NotInTimeError: it is not, after `seconds`.
    """
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise NotInTimeError(f"{what}: not within {seconds:.0f} s", hint)
        time.sleep(POLL_SECONDS)
