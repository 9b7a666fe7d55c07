"""The changes: one line of one template, so that what a person might break by accident is broken on purpose."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
OPENING, CLOSING = re.compile(r"(if|range|with|define|block)\b"), re.compile(r"end\b")

# What is written in the place of what; the first of a pair is a word of its own.
SWAPS = {
    "and": "or",
    "or": "and",
    "eq": "ne",
    "ne": "eq",
    "gt": "le",
    "ge": "lt",
    "true": "false",
    "false": "true",
    "hasPrefix": "hasSuffix",
    "hasSuffix": "hasPrefix",
    "first": "last",
    "prepend": "append",
    "Always": "Never",
}


@dataclass(frozen=True)
class Mutant:
    """One change. `number` is the line's, from 1; `after` is empty where the line is left out."""

    file: Path
    number: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """What stays the same when lines move: the file, the line's text and what becomes of it."""
        return f"{self.file}: {self.before.strip()} => {self.after.strip() or '(nothing)'}"

    @property
    def rank(self) -> str:
        """A place in an order that is no template's, and the same on every machine."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    def text(self, original: str) -> str:
        """The whole file with the change in it."""
        lines = original.split("\n")
        lines[self.number - 1] = self.after
        return "\n".join(lines)


def mutants(chart: Path) -> list[Mutant]:
    """Every change of every template, each once, in the order of `rank`."""
    found: dict[str, Mutant] = {}
    for path in sorted((chart / "templates").rglob("*.*")):
        for number, line in _code(path.read_text()):
            for after in dict.fromkeys(_changes(line)):
                mutant = Mutant(path.relative_to(chart), number, line, after)
                found.setdefault(mutant.rank, mutant)
    return [found[rank] for rank in sorted(found)]


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are no comment, with their numbers."""
    blanked = re.sub(r"(?s)\{\{-? /\*.*?\*/ -?\}\}", lambda found: re.sub(r"[^\n]", "", found.group()), text)
    for number, (line, original) in enumerate(zip(blanked.split("\n"), text.split("\n"), strict=True), 1):
        if line.strip() and line == original:
            yield number, line


def _changes(line: str) -> Iterator[str]:
    actions = [found.group(1) for found in ACTION.finditer(line)]
    depth = sum(bool(OPENING.match(each)) for each in actions) - sum(bool(CLOSING.match(each)) for each in actions)
    alone = any(each.startswith("else") for each in actions)
    named = any(each.startswith("define") for each in actions)
    whole = line.count("{{") == line.count("}}") and line.count("(") == line.count(")")
    if whole and not (depth or alone or re.fullmatch(r"\s*\{\{-?\s*\$\w+ := .*", line)):
        yield ""
    for found in re.finditer(r"\{\{-?\s*((?:else )?if) ([^{}]*?)( -)?\}\}", line):
        yield line[: found.start(2)] + f"not ({found.group(2).strip()})" + line[found.end(2) :]
    if named:
        return
    for found in re.finditer(r"(?<![\w.$\"-])(\w+)(?![\w\"-])", line):
        if found.group() in SWAPS:
            yield line[: found.start()] + SWAPS[found.group()] + line[found.end() :]
    # Not the numbers of nindent: a block that stands elsewhere is either the same YAML or none at all.
    for found in re.finditer(r"(?<!indent )(?<![\w.\"$-])([0-9]+)(?![\w.\"-])", line):
        yield line[: found.start()] + str(int(found.group()) + 1) + line[found.end() :]
    for found in re.finditer(r'"([A-Za-z][A-Za-z/.-]*)"', line):
        if not line[: found.start()].rstrip().endswith(("include", "printf")):
            yield line[: found.start(1)] + "x" + line[found.start(1) :]
    for found in re.finditer(r"^\s*(?:- )?([a-zA-Z]+):", line):
        yield line[: found.start(1)] + "x" + line[found.start(1) :]
