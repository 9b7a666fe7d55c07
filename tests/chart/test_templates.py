"""Style of templates: the rules in CONTRIBUTING that can be checked automatically."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from harness.paths import ROOT

TEMPLATES = ROOT / "templates"
FILES = sorted(path for path in TEMPLATES.rglob("*.*"))
HELPERS = [path for path in FILES if path.suffix == ".tpl"]
NAMES = [path.relative_to(TEMPLATES).as_posix() for path in FILES]

ACTION = re.compile(r"(?s)\{\{-?\s*(?!/\*)(.*?)\s*-?\}\}")
OPENING, CLOSING = re.compile(r"(if|range|with|define|block)\b"), re.compile(r"end\b")
DEFINE = re.compile(r'\{\{- define "([^"]+)" -\}\}')


def code(path: Path) -> str:
    """A template without its comments; line numbers are unchanged."""
    comment = re.compile(r"(?s)\{\{-? /\*.*?\*/ -?\}\}")
    return comment.sub(lambda found: re.sub(r"[^\n]", "", found.group()), path.read_text())


def control_lines(path: Path) -> Iterator[tuple[int, str, int]]:
    """Each line that begins with an action: its number, its text, and how many blocks are open around it."""
    depth = 0
    for number, line in enumerate(code(path).split("\n"), 1):
        actions = [found.group(1) for found in ACTION.finditer(line)]
        closes = bool(actions) and bool(re.match(r"end\b|else\b", actions[0]))
        if line.lstrip().startswith("{{-"):
            yield number, line, depth - closes
        depth += sum(bool(OPENING.match(each)) for each in actions) - sum(bool(CLOSING.match(each)) for each in actions)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_lines_are_short_and_simple(path: Path) -> None:
    assert [number for number, line in enumerate(path.read_text().split("\n"), 1) if len(line) > 160] == []
    assert [found for found in ACTION.findall(code(path)) if found.count("ternary") > 1] == []


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_control_lines_are_indented_by_depth(path: Path) -> None:
    shallow = [number for number, line, depth in control_lines(path) if len(line) - len(line.lstrip()) < 2 * depth]
    assert shallow == []


@pytest.mark.parametrize("path", [path for path in FILES if path not in HELPERS], ids=lambda path: path.name)
def test_a_file_begins_with_resolve(path: Path) -> None:
    assert path.read_text().startswith('{{- include "inference-stack.resolve" .')


def test_nothing_else_is_cached_and_values_are_merged_in_one_place() -> None:
    merging = {path.name for path in FILES if "mergeOverwrite" in code(path)}
    assert merging == {"_overlay.tpl"}
    cached = [path.name for path in FILES if re.search(r"hasKey \S+ \"", code(path)) and "set . " in code(path)]
    assert cached == ["_resolve.tpl"]


def test_helpers_are_defined_once_and_used() -> None:
    defined = [name for path in HELPERS for name in DEFINE.findall(code(path))]
    assert len(defined) == len(set(defined)) > 100
    text = "".join(code(path) for path in FILES)
    used = {*re.findall(r'include "([^"]+)"', text)}
    assert used <= {*defined}
    # Rules and warnings are included by a list of names, to which a prefix is added.
    listed = {*re.findall(r'"([\w.]+)"', text)}
    assert {
        name
        for name in set(defined) - used
        if not {name.rpartition(".")[2], name.removeprefix("inference-stack."), name.split(".")[-2]} & listed
    } == set()


def test_files_include_each_other_in_one_direction() -> None:
    """Includes have no cycle between files; resolve, which includes all steps, is included by no helper."""
    home = {
        name: path.name if path.parent.name == "_helpers" else f"{path.parent.name}/{path.name}"
        for path in HELPERS
        for name in DEFINE.findall(code(path))
    }
    graph: dict[str, set[str]] = {}
    for path in HELPERS:
        own = {home[name] for name in DEFINE.findall(code(path))}
        needs = {home[name] for name in re.findall(r'include "([^"]+)"', code(path))}
        for each in own:
            graph.setdefault(each, set()).update(needs - own)
    assert len(graph) == len(HELPERS)
    assert [*TopologicalSorter(graph).static_order()]


def test_shared_helpers_include_no_component() -> None:
    """Except resolve, which includes the steps of all components."""
    shared = {name for path in HELPERS if path.parent.name == "_helpers" for name in DEFINE.findall(code(path))}
    for path in (TEMPLATES / "_helpers").glob("*.tpl"):
        needs = {*re.findall(r'include "([^"]+)"', code(path))}
        assert needs <= shared or path.name == "_resolve.tpl", path.name
