"""Other gateways from PyPI, in an environment of their own: what they need does not go together with the harness."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools.store import advice, make_once

GROUP = "bench"


def pins() -> dict[str, str]:
    """Package, without extras, to its pinned version: the dependency group `bench`."""
    pairs = (word.split("==") for word in requirements())
    return {name.partition("[")[0]: version for name, version in pairs}


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted: list[str] = project["dependency-groups"][GROUP]
    return wanted


def python() -> Path:
    """The interpreter of that environment, made once for each state of the pins (200 MB to fetch).

    Raises:
        HarnessError: a package cannot be had, or not for this Python.
    """
    wanted = requirements()
    state = hashlib.sha256(repr((wanted, sys.version_info[:2])).encode()).hexdigest()[:12]

    def make(directory: Path, shown: Step) -> None:
        shown.detail(", ".join(wanted))
        run([sys.executable, "-m", "venv", directory])
        run([directory / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted], hint=advice)

    target = cache_dir("bench") / f"peers-{state}"
    return make_once(target, "Installing the gateways to compare with", make) / "bin" / "python"
