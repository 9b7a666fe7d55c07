"""What vLLM streams weights from an object store with, as its official image has it: its extra `runai`."""

from __future__ import annotations

from pathlib import Path

from harness.images.base import PYTHON
from harness.images.real import HERE, fetched, pinned

PACKAGES = "/opt/streamer"
"""Where they lie in the image, behind vLLM's."""
LOCK = HERE / "streamer.txt"
VERSION = pinned(LOCK, "runai-model-streamer")


def packages_identity() -> str:
    """Changes when the packages are others."""
    return repr((PYTHON, LOCK.read_text()))


def packages() -> Path:
    """The directory with them, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """
    return fetched(LOCK, f"streamer-{VERSION}", "Fetching vLLM's streamer (20 MB)")
