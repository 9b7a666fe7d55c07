"""Unpacking the archives of a release."""

from __future__ import annotations

from pathlib import Path

from harness.run import run


def unpack(archive: Path, directory: Path) -> Path:
    """The directory, made where it is not there, with what is in the archive.

    By `tar`, which leaves out absolute paths and `..`; Python's own does only from 3.11.4 on, and Debian 12 has 3.11.2.

    Raises:
        CommandError: it is no archive.
    """
    directory.mkdir(parents=True, exist_ok=True)
    run(["tar", "--extract", "--file", archive, "--directory", directory])
    return directory
