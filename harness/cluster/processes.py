"""Telling processes apart: a number alone may be another process's by now."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from harness.errors import HarnessError

POLL_SECONDS = 0.02
END_SECONDS = 20.0


def boot_id() -> str:
    """The kernel's name for the time since it started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """When the process started (clock ticks since boot); None if it is not there or has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything, spaces and parentheses too; the fields count from behind it.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def children(pid: int) -> list[int]:
    """The processes that this one has started; none if it is not there."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(done: Callable[[], bool], what: str, seconds: float = END_SECONDS) -> None:
    """Until `done` is true, looking many times a second.

    Raises:
        HarnessError: it is not, after `seconds`.
    """
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise HarnessError(f"{what}: not within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
