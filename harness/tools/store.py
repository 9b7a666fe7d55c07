"""Build things once for every checkout and session of this user, completely or not at all."""

from __future__ import annotations

import errno
import fcntl
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import cache_dir
from harness.progress import Step, step

NETWORK = re.compile(
    r"no such host|name resolution|Name or service not known|Could not resolve|Network is unreachable"
    r"|Connection refused|connection timed out|i/o timeout|TLS handshake timeout|Failed to establish|Max retries",
    re.IGNORECASE,
)
FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


def advice(output: str, otherwise: str = "") -> str:
    """What to do about a download or a build that ended with this output."""
    if FULL.search(output):
        return f"The disk is full. Make room, or point INFERENCE_STACK_CACHE at another disk (it is {cache_dir()} now)."
    if NETWORK.search(output):
        return "The network did not answer. Check the connection (and pip's and Go's proxy settings), then try again."
    return otherwise


@contextmanager
def locked(name: str, title: str) -> Iterator[None]:
    """Hold the lock `name` of this cache; a waiter sees for what. The lock ends with the process, however it ends."""
    with (cache_dir("locks") / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"Waiting for another session: {title}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_once(target: Path, title: str, make: Callable[[Path, Step], None]) -> Path:
    """The directory `target`, filled by `make` if it is not there yet.

    `make` fills an empty directory beside it, which then gets the final name: `target` exists only when it is complete,
    whatever interrupts. What an interrupted run has left is thrown away.

    Raises:
        HarnessError: `make` raised it, or the disk is full or not writable.
    """
    if target.exists():
        return target
    with locked(target.name, title):
        if target.exists():
            return target
        work = target.with_name(f".{target.name}.part")
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            with step(title) as shown:
                make(work, shown)
            work.rename(target)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
                hint = advice(str(error), "Point INFERENCE_STACK_CACHE at a directory that you may write to.")
                raise HarnessError(f"{title}: {error}", hint) from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target
