"""What the README and the pages show can be pasted: values render, commands exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.docs.markdown import Block, blocks
from harness.helm import Helm
from harness.manifests import container, load
from harness.paths import ROOT
from harness.run import run
from harness.tools import tool
from tests.support import Render, Say

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


ADDED = re.compile(r"# added to (?P<what>.+)")
"""How a block begins that is only a part of values, and what it is a part of."""

BASE = "chat"
"""The group that values have where a page says `your values`."""

EXPECTED = {
    ("any page", "clients need no key"): "said of every release without onwards.clients, of which one page is",
}
"""Warnings that the values of a page get, by page and first words, and why they are right."""

CPU: dict[tuple[str, str], str] = {}
"""Groups of a page whose engine is not known to the chart, and why they start without a GPU."""


@dataclass(frozen=True)
class Example:
    """Values as a page shows them: whole, after the test has added what the block says that it is added to."""

    page: str
    own: dict[str, Any]
    values: dict[str, Any]
    added_to: tuple[str, ...]


def whole(group: str) -> dict[str, Any]:
    """A group that serves a model on a GPU."""
    return {
        "enabled": True,
        "modelAlias": [group],
        "modelName": "org/model",
        "resources": {"limits": {"nvidia.com/gpu": 1}},
    }


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
            said = ADDED.match(block.text)
            groups: list[str] = []
            under: dict[str, Any] = {}
            if said and re.search(r"\babove\b", said["what"]):
                under = above
            elif said:
                groups = re.findall(r"\bgroup ([\w-]+)", said["what"])
                under = {"modelGroups": {name: whole(name) for name in groups or [BASE]}}
            own = load(block.text)
            above = merged(under, own)
            yield pytest.param(Example(page.stem, own, above, tuple(groups)), id=f"{page.stem}:{block.line}")


def examples() -> list[Any]:
    return [each for page in PAGES if page.name != GENERATED for each in examples_of(page)]


def enabled(values: dict[str, Any]) -> list[str]:
    return [name for name, group in (values.get("modelGroups") or {}).items() if group["enabled"]]


def warnings(notes: str) -> list[str]:
    return [line.removeprefix("- ") for line in notes.partition("\nPlease note:")[2].splitlines() if line]


def reason(page: str, warning: str) -> tuple[str, str] | None:
    """The entry of EXPECTED for a warning of a page."""
    return next((key for key in EXPECTED if key[0] in ("any page", page) and warning.startswith(key[1])), None)


@pytest.mark.parametrize("case", examples())
def test_values_that_are_shown_render(render: Render, case: Example) -> None:
    """As they are; or added to what they begin with: `# added to the group NAME`, `your values`, `the values above`."""
    groups = case.values.get("modelGroups") or {}
    partial = [name for name, group in groups.items() if "enabled" not in group]
    assert partial == [], "enable the group, or begin with `# added to the group NAME`"
    manifests = render(case.values)
    workloads = [*manifests.kind("Deployment"), *manifests.kind("StatefulSet")]
    assert len(workloads) == 1 + len(enabled(case.values))


@pytest.mark.parametrize("case", examples())
def test_models_that_are_shown_start_on_a_node_with_gpus(render: Render, case: Example) -> None:
    """They request a device, or run on CPU. The devices of a claim are on such a node as well."""
    manifests = render(case.values)
    for each in [*manifests.kind("Deployment"), *manifests.kind("StatefulSet")]:
        group = each["metadata"]["labels"].get("app.kubernetes.io/model-group")
        if group is None:
            continue
        main = container(each, group)
        devices = {name for name in main.get("resources", {}).get("limits", {}) if "/" in name}
        claims = main.get("resources", {}).get("claims")
        on_cpu = "llama" in main["image"] or re.search(r"\bcpu\b", main["image"]) or (case.page, group) in CPU
        assert devices or claims or on_cpu, group


@pytest.mark.parametrize("case", examples())
def test_values_that_are_shown_are_not_warned_of(notes: Say, case: Example) -> None:
    found = warnings(notes(case.values))
    assert [each for each in found if not reason(case.page, each)] == []


def test_the_warnings_that_are_expected_are_there(notes: Say) -> None:
    cases = [each.values[0] for each in examples()]
    found = {reason(case.page, warning) for case in cases for warning in warnings(notes(case.values))}
    assert EXPECTED.keys() <= found


@pytest.mark.parametrize("case", [each for each in examples() if each.values[0].added_to])
def test_a_block_that_is_added_to_a_group_has_it(case: Example) -> None:
    assert set(case.added_to) <= case.own["modelGroups"].keys()


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
