"""The options that an engine's parser knows, by version, for the chart: from the tables of the engines' stand-ins."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from harness.paths import ROOT

TABLES = ROOT / "harness" / "images" / "engines" / "flags"
"""What the engines' own parsers printed; harness/images/engines/command_line.py explains the format."""
DIRECTORY = ROOT / "files" / "options"
PRINTED = re.compile(r"# Flags of (\w+) (\d+\.\d+\.\d+), printed by dump\.py from its parser\.\n")


def options() -> dict[Path, str]:
    """`ENGINE-VERSION.txt` for each table that a parser printed: every option without its dashes, one on a line.

    An engine's version may have several parsers: what one of them knows is not refused.
    """
    known: dict[Path, set[str]] = defaultdict(set)
    for path in sorted(TABLES.glob("*.txt")):
        if printed := PRINTED.match(text := path.read_text()):
            names = {name for line in text.splitlines()[1:] for name in _names(line)}
            known[DIRECTORY / f"{printed[1]}-{printed[2]}.txt"] |= names
    return {path: "\n".join(sorted(names)) + "\n" for path, names in known.items()}


def _names(line: str) -> list[str]:
    """The names of one line; a switch can be turned off, too."""
    spelled, _, takes = line.partition(" ")
    long = [name.removeprefix("--").replace("_", "-") for name in spelled.split(",") if name.startswith("--")]
    return [*long, *(f"no-{name}" for name in long if takes.startswith("switch"))]
