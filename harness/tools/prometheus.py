"""Prometheus and promtool: on PATH, or Debian's package, which need not be installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.tools.apt import apt_extract

PACKAGE = "prometheus"


def prometheus_tool(name: str) -> Path:
    """The program of that name.

    Raises:
        HarnessError: it is not on PATH, and this system has no apt or no such package.
    """
    found = shutil.which(name)
    return Path(found) if found else apt_extract(PACKAGE, f"usr/bin/{name}")
