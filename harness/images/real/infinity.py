"""Infinity from PyPI on CPU, beside vLLM's packages, and a very small model for it whose numbers are random."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.images import host
from harness.images.archive import Entry, File
from harness.images.base import PYTHON
from harness.images.real import HERE, fetched, model, pinned
from harness.images.real import PACKAGES as SHARED
from harness.images.real import packages as shared
from harness.paths import cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools.store import make_once

PACKAGES = "/opt/infinity"
"""Where they lie in the image, in front of vLLM's."""
LOCK = HERE / "infinity.txt"
VERSION = pinned(LOCK, "infinity_emb")
ENVIRONMENT = {"PYTHONPATH": f"{PACKAGES}:{SHARED}"}


def packages_identity() -> str:
    """Changes when the packages are others."""
    return repr((PYTHON, LOCK.read_text()))


def packages() -> Path:
    """The directory with Infinity and what it needs besides vLLM's packages, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """
    return fetched(LOCK, f"infinity-{VERSION}", "Fetching Infinity (70 MB)")


def embedder() -> Path:
    """The model, a BERT with the demo model's words, made with vLLM's packages."""

    def make(directory: Path, _: Step) -> None:
        program = "import pathlib, sys, embedder; embedder.write(*map(pathlib.Path, sys.argv[1:]))"
        env = {"PYTHONPATH": os.pathsep.join([str(HERE), str(shared())])}
        run([sys.executable, "-c", program, model() / "tiny", directory], env=env)

    return make_once(cache_dir("engines") / "embedder", "Making a model for Infinity", make)


def files() -> Mapping[str, Entry | Path | bytes]:
    """What the image has beside the packages: the program, the model, and what they and vLLM's need of the host."""
    program = f"""#!/usr/local/bin/{PYTHON}
import sys
from infinity_emb.cli import cli

if __name__ == "__main__":
    sys.exit(cli())
"""
    needed = {}
    for directory in (shared(), packages()):
        extensions = [path for path in directory.rglob("*.so*") if path.is_file()]
        needed.update(host.libraries(extensions, beside=directory))
    return {
        **needed,
        "/usr/local/bin/infinity_emb": File(program.encode(), 0o755),
        "/models/embedder": embedder(),
    }
