"""What the README and the pages show can be pasted: values render, commands exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.docs.markdown import Block, blocks
from harness.helm import Helm
from harness.manifests import load
from harness.paths import ROOT
from harness.run import run
from harness.tools import tool
from tests.support import Render

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = "messages.md"
"""Its values are refused or warned of, each by a test of its own."""

LATER_THAN_3_13 = {"--reset-then-reuse-values"}
"""Flags that the pages say a newer Helm 3 has."""


def shown(language: str) -> list[Any]:
    """Each block in a language, as a test's parameter."""
    return [
        pytest.param(block, id=f"{page.stem}:{block.line}")
        for page in PAGES
        for block in blocks(page.read_text())
        if block.language == language and page.name != GENERATED
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
    words: list[str] = []
    for word in [*shlex.split(line, comments=True), ";"]:
        if word in ("|", "&&", ";", ">"):
            if words:
                yield words
            words = []
        else:
            words.append(word)


def completed(values: dict[str, Any]) -> dict[str, Any]:
    """A fragment with what it leaves out: it shows what is added to a group that is there already."""
    for name, group in (values.get("modelGroups") or {}).items():
        runs = {"modelName": "org/model"} if "command" not in group and group.get("engine") != "custom" else {}
        values["modelGroups"][name] = {"enabled": True, "modelAlias": [name], **runs, **group}
    return values


@pytest.mark.parametrize("block", shown("yaml"))
def test_values_that_are_shown_render(render: Render, block: Block) -> None:
    values = load(block.text)
    manifests = render(completed(values))
    groups = [name for name, group in (values.get("modelGroups") or {}).items() if group["enabled"]]
    own = [each["metadata"]["name"] for each in (values.get("extraObjects") or {}).values()]
    workloads = [*manifests.kind("Deployment"), *manifests.kind("StatefulSet")]
    assert len([each for each in workloads if each["metadata"]["name"] not in own]) == 1 + len(groups)


@pytest.mark.parametrize("block", shown("yaml"))
def test_values_that_are_shown_are_keys_of_the_chart(block: Block) -> None:
    """A typo in a page would render, and do nothing."""
    defaults = load((ROOT / "values.yaml").read_text())
    values = load(block.text)
    assert values.keys() <= defaults.keys()
    for group in (values.get("modelGroups") or {}).values():
        assert group.keys() <= defaults["modelGroupDefaults"].keys()
    for section in ("onwards", "modelGroupDefaults", "ingress", "networkPolicy", "serviceMonitor"):
        assert (values.get(section) or {}).keys() <= defaults[section].keys()


@pytest.mark.parametrize("block", shown("bash"))
def test_shell_blocks_are_shell(block: Block) -> None:
    run(["bash", "-n"], stdin=block.text)


@cache
def flags(helm: Path, command: str) -> set[str]:
    """The flags that a Helm takes for a command."""
    return set(re.findall(r"(?:^| )(--?[a-z][a-z-]*)", run([helm, command, "--help"]).stdout))


@pytest.mark.parametrize("major", ["helm", "helm3"])
@pytest.mark.parametrize("words", commands("helm"))
def test_helm_knows_each_command_and_its_flags(words: list[str], major: str) -> None:
    """Of plugins, only that they are called as documented is not known here."""
    if words[1] == "diff":
        pytest.skip("a plugin")
    known = flags(tool(major), words[1])
    given = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
    assert given <= known | LATER_THAN_3_13


@pytest.mark.parametrize("words", [c for c in commands("helm") if c.values[0][1] in ("install", "template", "lint")])
def test_what_helm_installs_renders(words: list[str], helm: Helm) -> None:
    """With the values it is given on the command line, or from an example; a file of the user's own is not there."""
    sets = [word for flag, word in pairwise(words) if flag == "--set"]
    files = [ROOT / word for flag, word in pairwise(words) if flag == "-f" and "examples/" in word]
    assert helm.template(ROOT, release=words[2], values=files, sets=sets)


def sessions() -> set[str]:
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}


@pytest.mark.parametrize("words", commands("nox"))
def test_nox_has_the_sessions_that_are_named(words: list[str]) -> None:
    named: list[str] = []
    if "-s" in words:
        for word in words[words.index("-s") + 1 :]:
            if word.startswith("-"):
                break
            named.append(word)
    assert set(named) <= sessions()
    assert named or words == ["nox", "-l"]


LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("#")]
    missing = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    assert missing == []


def test_the_fragments_on_the_pages_are_found() -> None:
    assert len(shown("yaml")) > 20
    assert len(commands("helm")) > 5
