"""promtool, Prometheus' judge of rules: on PATH, or in Debian's package, which need not be installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.tools.apt import apt_extract


def promtool() -> Path:
    """The program.

    Raises:
        HarnessError: it is not on PATH, and this system has no apt or no such package.
    """
    found = shutil.which("promtool")
    return Path(found) if found else apt_extract("prometheus", "usr/bin/promtool")
