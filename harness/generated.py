"""Files that are written from others, and committed: whether they are what they have to be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import ROOT

SHOWN_LINES = 60


def check(files: Mapping[Path, str], mend: str, tree: Path | None = None) -> None:
    """Compare each file with what it has to hold; `mend` is the command that writes them.

    With `tree`, a directory, no other file may be below it.

    Raises:
        HarnessError: one differs, or is one too many: the beginning of the difference, and the command.
    """
    lines: list[str] = []
    for path, text in files.items():
        found = path.read_text() if path.exists() else ""
        if found != text:
            name = _shown(path)
            names = (name, f"{name} as it has to be")
            difference = list(difflib.unified_diff(found.splitlines(), text.splitlines(), *names, lineterm="", n=1))
            lines += difference or [f"{name}: only the ends of lines differ"]
    lines += [f"{_shown(path)}: nothing makes this file any more" for path in _others(tree, files)]
    if lines:
        raise HarnessError("\n".join(lines[:SHOWN_LINES]), f"Run: {mend}")


def write(files: Mapping[Path, str], tree: Path | None = None) -> None:
    """Write each file, and remove every other one below `tree`."""
    for path in _others(tree, files):
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _others(tree: Path | None, files: Mapping[Path, str]) -> list[Path]:
    return [path for path in sorted(tree.rglob("*")) if path.is_file() and path not in files] if tree else []


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
