"""Other gateways from PyPI, in their own environment, because their dependencies conflict with the harness's."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from pathlib import Path

from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools.store import advice, make_once

PINS: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["bench"]


def version(package: str) -> str:
    """The version that is pinned."""
    return next(pin.partition("==")[2] for pin in PINS if re.match(rf"{package}\b", pin))


def python() -> Path:
    """The interpreter of that environment, made once for each state of the pins (200 MB to fetch).

    Raises:
        HarnessError: a package is not available, or not for this Python.
    """
    state = hashlib.sha256(repr((PINS, sys.version_info[:2])).encode()).hexdigest()[:12]

    def make(directory: Path, shown: Step) -> None:
        shown.detail(", ".join(PINS))
        run([sys.executable, "-m", "venv", directory])
        run([directory / "bin" / "python", "-m", "pip", "install", "--quiet", *PINS], hint=advice)

    target = cache_dir("bench") / f"peers-{state}"
    return make_once(target, "Installing the gateways to compare with", make) / "bin" / "python"
