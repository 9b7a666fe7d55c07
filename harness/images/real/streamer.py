"""What vLLM streams weights from an object store with, as its official image has it: its extra `runai`."""

from __future__ import annotations

from pathlib import Path

from harness.images.base import PYTHON, byte_code
from harness.images.real import HERE, install
from harness.paths import cache_dir
from harness.progress import Step
from harness.tools.store import make_once

PACKAGES = "/opt/streamer"
"""Where they lie in the image, behind vLLM's."""
LOCK = HERE / "streamer.txt"
VERSION = next(line.partition("==")[2] for line in LOCK.read_text().splitlines() if line.startswith("runai-model-"))


def packages_identity() -> str:
    """Changes when the packages are others."""
    return repr((PYTHON, LOCK.read_text()))


def packages() -> Path:
    """The directory with them, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """

    def make(directory: Path, shown: Step) -> None:
        install(LOCK, directory, shown)
        shown.detail("byte code")
        byte_code(directory)

    return make_once(cache_dir("engines") / f"streamer-{VERSION}-{PYTHON}", "Fetching vLLM's streamer (20 MB)", make)
