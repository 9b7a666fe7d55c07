"""What the README and the pages show: their values, whole, and their commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.docs import messages
from harness.docs.markdown import blocks
from harness.manifests import load
from harness.paths import ROOT

OUTSIDE = ("README.md", "CONTRIBUTING.md", "UPGRADING.md", "SECURITY.md")
PAGES = [*(ROOT / name for name in OUTSIDE), *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = messages.PAGES
"""Their values are refused or warned of, each by a test of its own."""


def shown(language: str) -> list[Any]:
    """Each block in a language, as a test's parameter."""
    return [
        pytest.param(block, id=f"{page.stem}:{block.line}")
        for page in PAGES
        for block in blocks(page.read_text())
        if block.language == language and page.name not in GENERATED
    ]


def commands(program: str) -> list[Any]:
    """Each command of a program in a shell block, as words; behind a pipe is another command."""
    return [
        pytest.param(words, id=f"{case.id}:{' '.join(words)[:60]}")
        for case in shown("bash")
        for line in case.values[0].text.replace("\\\n", " ").splitlines()
        for words in split(line)
        if words[0] == program
    ]


def split(line: str) -> Iterator[list[str]]:
    """The commands of a line as words; where one writes to is none of them."""
    words: list[str] = []
    before = ""
    for word in [*shlex.split(line, comments=True), ";"]:
        if word in ("|", "&&", "||", ";", ">", "&"):
            if words:
                yield words
            words = []
        elif before != ">":
            words.append(word)
        before = word


ADDED = re.compile(r"# added to (?P<what>.+)")
"""How a block begins that is only a part of values, and what it is a part of."""

BASE = "chat"
"""The group that values have where a page says `your values`."""


@dataclass(frozen=True)
class Example:
    """Values as a page shows them: whole, after the test has added what the block says that it is added to."""

    page: str
    own: dict[str, Any]
    values: dict[str, Any]
    added_to: tuple[str, ...]


def whole(group: str, device: bool = True) -> dict[str, Any]:
    """A group that serves a model on a GPU, or without `device` on what is said elsewhere."""
    on = {"resources": {"limits": {"nvidia.com/gpu": 1}}} if device else {}
    return {"enabled": True, "modelAlias": [group], "modelName": "org/model", **on}


def merged(under: Any, over: Any) -> Any:
    """Values over values, as Helm merges files: only maps are merged."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {**under, **{key: merged(under.get(key), value) for key, value in over.items()}}


def examples_of(page: Path) -> Iterator[Any]:
    """The values of a page as tests' parameters, each block on what it is added to: a group, or the block above."""
    above: dict[str, Any] = {}
    for block in blocks(page.read_text()):
        if block.language == "yaml":
            own = load(block.text)
            said = ADDED.match(block.text)
            groups: list[str] = []
            under: dict[str, Any] = {}
            if said and re.search(r"\babove\b", said["what"]):
                under = above
            elif said:
                groups = re.findall(r"\bgroup ([\w-]+)", said["what"])
                device = "resources" not in (own.get("modelGroupDefaults") or {})
                under = {"modelGroups": {name: whole(name, device) for name in groups or [BASE]}}
            above = merged(under, own)
            yield pytest.param(Example(page.stem, own, above, tuple(groups)), id=f"{page.stem}:{block.line}")


def examples() -> list[Any]:
    """All pages' values but UPGRADING.md's: what 0.4 had and what to change of it, with tests of its own."""
    return [each for page in PAGES if page.name not in (*GENERATED, "UPGRADING.md") for each in examples_of(page)]


def enabled(values: dict[str, Any]) -> list[str]:
    return [name for name, group in (values.get("modelGroups") or {}).items() if group["enabled"]]


@dataclass(frozen=True)
class Line:
    """A command line of a shell block, its continuations joined; what is assigned before it, and the user's values."""

    page: str
    text: str
    assigned: str
    values: dict[str, Any]

    @property
    def commands(self) -> list[list[str]]:
        """Its commands as words, those inside `$(...)` and behind pipes too; assignments are no command."""
        inside = re.findall(r"\$\(((?:[^()]|\([^()]*\))*)\)", self.text)
        outside = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", "INSIDE", self.text)
        found = [words for part in (outside, *inside) for words in split(part)]
        return [words for words in map(_command, found) if words]


def _command(words: list[str]) -> list[str]:
    """Without what stands before a command, and without kubectl's namespace where it is its first word."""
    while words and (words[0] == "export" or re.match(r"\w+=", words[0])):
        words = words[1:]
    if words[:1] == ["kubectl"] and words[1] in ("-n", "--namespace"):
        words = ["kubectl", *words[3:], *words[1:3]]
    return words


def lines() -> list[Any]:
    """Each command line that the pages show, as a test's parameter."""
    found = []
    for page in PAGES:
        values = {case.id: case.values[0].values for case in examples_of(page)} if page.name not in GENERATED else {}
        near: dict[str, Any] = {"modelGroups": {BASE: whole(BASE)}}
        for block in blocks(page.read_text()):
            near = values.get(f"{page.stem}:{block.line}", near)
            if block.language == "bash":
                assigned = ""
                for text in block.text.replace("\\\n", " ").splitlines():
                    line = Line(page.stem, text, assigned, near)
                    if not line.commands:
                        assigned += f"{text}\n"
                    else:
                        found.append(pytest.param(line, id=f"{page.stem}:{block.line}:{' '.join(text.split())[:70]}"))
    return found
