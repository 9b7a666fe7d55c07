"""Markdown: tables, parts between markers, and the blocks of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import HarnessError


def cell(text: str) -> str:
    """Text as it has to be written in a table, where a bar ends a cell and `<name>` would be taken for HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def code(text: str) -> str:
    """Text in a table as code."""
    return f"`{text}`".replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def between(text: str, name: str, inside: str) -> str:
    """The text with what stands between `<!-- BEGIN name -->` and `<!-- END name -->` replaced.

    Raises:
        HarnessError: the markers are not there exactly once.
    """
    begin, end = f"<!-- BEGIN {name} -->", f"<!-- END {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise HarnessError(f"The markers {begin} and {end} have to be there once each")
    head, _, rest = text.partition(begin)
    return f"{head}{begin}\n{inside}\n{end}{rest.partition(end)[2]}"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, what follows that in the info string, its line and its text."""

    language: str
    info: str
    line: int
    text: str


FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>\S*) *(?P<info>[^\n]*)\n(?P<text>.*?)^ *(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    found = []
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        inside = "".join(line[indent:] if line.strip() else line for line in match["text"].splitlines(keepends=True))
        found.append(Block(match["language"], match["info"].strip(), text.count("\n", 0, match.start()) + 1, inside))
    return found
