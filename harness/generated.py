"""Files that are written from others, and committed: whether they are what they have to be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError

SHOWN_LINES = 60


def check(files: Mapping[Path, str], mend: str) -> None:
    """Compare each file with what it has to hold; `mend` is the command that writes them.

    Raises:
        HarnessError: one differs: the beginning of the difference, and the command.
    """
    lines: list[str] = []
    for path, text in files.items():
        found = path.read_text() if path.exists() else ""
        if found != text:
            names = (path.name, f"{path.name} as it has to be")
            difference = list(difflib.unified_diff(found.splitlines(), text.splitlines(), *names, lineterm="", n=1))
            lines += difference or [f"{path.name}: only the ends of lines differ"]
    if lines:
        raise HarnessError("\n".join(lines[:SHOWN_LINES]), f"Run: {mend}")
