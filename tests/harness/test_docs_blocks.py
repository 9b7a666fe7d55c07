"""What the README and the pages show can be pasted: values render, commands exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from harness import __main__ as overview
from harness.docs.markdown import Block
from harness.manifests import container, load
from harness.paths import ROOT
from harness.run import run
from harness.tools import tool
from tests.invariants import workloads
from tests.pages import PAGES, Example, commands, enabled, examples, shown
from tests.support import Render, Say

LATER_THAN_3_13 = {"--reset-then-reuse-values"}
"""Flags that the pages say a newer Helm 3 has."""

EXPECTED = {
    ("any page", "clients need no key"): "said of every release without client keys, which are one page's subject",
    ("caching", "several pods may mount the claim models"): "an address of a claim cannot say its access modes",
    ("embeddings", "where the gateway answers 404"): "the page says that clients ask the group's own Service",
    ("engines", "modelGroups.other: no metric shows its running requests"): "of a custom engine nothing is known",
    ("engines", "routing-proxy is rendered as written"): "the page says that nothing is added to containers",
    ("engines", "the devices of resources.claims are unknown"): "a device by a claim can be anything",
    ("engines", "does not spread a model over the devices of resources.claims"): "a device by a claim can be anything",
    (
        "from-ollama",
        "how its image is told a model and a port is not known",
    ): "its hook pulls the model",
    ("from-ollama", "no metric shows its running requests"): "the page says so",
    ("gpus", "the nodes of google.com/tpu may be open to root only"): "which users may open a TPU is up to the node",
    ("routing", "which may cost money"): "the page says so",
    ("updates", "drainSeconds is above 600"): "the page says that the notes say so",
}
"""Warnings that the values of a page get, by page and words, and why they are right."""

CPU: dict[tuple[str, str], str] = {}
"""Groups of a page whose engine is not known to the chart, and why they start without a GPU."""


def warnings(notes: str) -> list[str]:
    return [line.removeprefix("- ") for line in notes.partition("\nPlease note:")[2].splitlines() if line]


def reason(page: str, warning: str) -> tuple[str, str] | None:
    """The entry of EXPECTED for a warning of a page."""
    return next((key for key in EXPECTED if key[0] in ("any page", page) and key[1] in warning), None)


@pytest.mark.parametrize("case", examples())
def test_values_that_are_shown_render(render: Render, case: Example) -> None:
    """As they are; or added to what they begin with: `# added to the group NAME`, `your values`, `the values above`."""
    groups = case.values.get("modelGroups") or {}
    partial = [name for name, group in groups.items() if "enabled" not in group]
    assert partial == [], "enable the group, or begin with `# added to the group NAME`"
    manifests = render(case.values)
    own = [each["metadata"]["name"] for each in (case.values.get("extraObjects") or {}).values()]
    assert len([each for each in workloads(manifests) if each["metadata"]["name"] not in own]) == 1 + len(
        enabled(case.values)
    )


@pytest.mark.parametrize("case", examples())
def test_models_that_are_shown_start_on_a_node_with_gpus(render: Render, case: Example) -> None:
    """They request a device, or run on CPU. The devices of a claim are on such a node as well."""
    manifests = render(case.values)
    for each in workloads(manifests):
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
    if words[1] in ("diff", "inference-stack"):
        pytest.skip("a plugin")
    known = flags(tool(major), words[1])
    given = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
    assert given <= known | LATER_THAN_3_13


@pytest.mark.parametrize("words", commands("nox"))
def test_nox_has_the_sessions_that_are_named(words: list[str]) -> None:
    named: list[str] = []
    if "-s" in words:
        for word in words[words.index("-s") + 1 :]:
            if word.startswith("-"):
                break
            named.append(word)
    assert set(named) <= {each.name for each in overview.sessions()}
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
