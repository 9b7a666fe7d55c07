"""A version that must be written in two places is the same in both."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from harness.helm import KUBE_VERSION
from harness.images import base
from harness.images.catalog import LWS_VERSION, RECIPES
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import images
from harness.tools.pins import FLOOR, GO_WHEEL, PINS, dotted, go_version, module_version, parse_version

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXTS = {path.name: path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")}
WORKFLOWS = {name: load(text) for name, text in TEXTS.items()}
CHART = load((ROOT / "Chart.yaml").read_text())
MARKED = re.compile(r"(?s)<!-- x-release-please-start-version -->(.*?)<!-- x-release-please-end -->")
PINNED = re.compile(r"(?:targetRevision:|(?<!charts/lws )--version) \d+\.\d+\.\d+")


def pinned(group: str, package: str) -> str:
    return next(str(each) for each in PYPROJECT["dependency-groups"][group] if each.startswith(f"{package}=="))


def test_chart_and_harness_have_one_version() -> None:
    assert CHART["version"] == PYPROJECT["project"]["version"]


def test_the_release_before_is_not_newer() -> None:
    """release-please writes the manifest, Chart.yaml and pyproject.toml at once; before the first time, it is older."""
    (last,) = json.loads((ROOT / ".release-please-manifest.json").read_text()).values()
    unreleased = f"\n## [{CHART['version']}] - unreleased\n" in (ROOT / "CHANGELOG.md").read_text()
    before, now = ((parse_version(each), "-" not in each, each) for each in (last, CHART["version"]))
    assert before < now if unreleased else last == CHART["version"]


def test_release_please_bumps_every_place_that_has_the_version() -> None:
    config = json.loads((ROOT / "release-please-config.json").read_text())
    assert config["release-type"] == "helm"  # Chart.yaml and CHANGELOG.md
    places = {(each["path"], each.get("jsonpath")) for each in config["packages"]["."]["extra-files"]}
    pages = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "docs").glob("*.md")}
    marked = {name: MARKED.findall(text) for name, text in pages.items() if MARKED.search(text)}
    assert places == {("pyproject.toml", "$.project.version"), *((name, None) for name in marked)}
    for name, parts in marked.items():
        for part in parts:
            assert set(re.findall(r"\b\d+\.\d+\.\d+\b", part)) == {CHART["version"]}, name
    unmarked = {name: MARKED.sub("", text) for name, text in pages.items()}
    assert [name for name, text in unmarked.items() if PINNED.search(text)] == []


def test_the_controller_that_a_message_names_is_the_one_that_is_tested() -> None:
    asked = f"oci://registry.k8s.io/lws/charts/lws --version {LWS_VERSION.removeprefix('v')} "
    for path in ("templates/model-group/_validate-nodes.tpl", "docs/multi-node.md"):
        assert asked in (ROOT / path).read_text()


def test_nox_is_checked_as_it_is_run() -> None:
    assert f'\n# dependencies = ["{pinned("lint", "nox")}"]\n' in (ROOT / "noxfile.py").read_text()


def test_schemas_templates_and_tools_are_of_one_kubernetes() -> None:
    minor = KUBE_VERSION.rpartition(".")[0]
    assert pinned("test", "kubernetes-validate").startswith(f"kubernetes-validate=={minor}.")
    assert module_version("k8s.io/client-go").startswith(f"v0.{minor.partition('.')[2]}.")
    node = (ROOT / "tools" / "node" / "go.mod").read_text()
    assert re.search(rf"k8s\.io/kubernetes v{re.escape(minor)}\.", node)


def test_oldest_helm_that_is_promised_is_the_one_that_is_tested() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    output = {page.name: {*re.findall(r"Helm (\d+\.\d+) or newer", page.read_text())} for page in pages}
    assert output["README.md"] == {dotted(FLOOR)} == set().union(*output.values())


def test_oldest_python_is_tested() -> None:
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert oldest in WORKFLOWS["ci.yml"]["jobs"]["check"]["strategy"]["matrix"]["python"]


def test_images_have_the_packages_that_are_tested() -> None:
    groups = [PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"].values()]
    tested = dict(each.split("==") for group in groups for each in group)
    engines = {each.partition("==")[0] for each in PYPROJECT["dependency-groups"]["engines"]}
    both = {name.lower() for name in tested} & {name.lower() for name in base.PACKAGES}
    assert engines <= both
    here, there = ({k.lower(): v for k, v in each.items() if k.lower() in both} for each in (tested, base.PACKAGES))
    assert here == there


def test_stand_ins_answer_for_the_versions_that_the_engines_are_pinned_to() -> None:
    tags = {f"{recipe.repository.removeprefix('docker.io/')}:{recipe.tag}" for recipe in RECIPES}
    assert set(map(str, images().values())) <= tags


def test_go_modules_agree_on_go() -> None:
    """But for Argo CD's, which asks for the newest Go; the pinned one builds it."""
    minors = {path.parent.name: go_version(path.parent)[:2] for path in (ROOT / "tools").rglob("go.mod")}
    assert len(minors) == 6
    newest = minors.pop("argocd")
    assert set(minors.values()) == {PINS["go"].minimum}
    assert PINS["go"].minimum <= newest <= parse_version(GO_WHEEL)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
class TestWorkflow:
    def test_may_do_nothing_but_what_a_job_says(self, name: str) -> None:
        workflow = WORKFLOWS[name]
        assert workflow["permissions"] == {}
        assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values())
        assert "concurrency" in workflow

    def test_actions_are_pinned_by_commit_with_their_version(self, name: str) -> None:
        lines = [line.strip() for line in TEXTS[name].splitlines() if "uses:" in line]
        assert all(re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in lines), lines


def test_one_action_has_one_pin() -> None:
    pins = {pin for text in TEXTS.values() for pin in re.findall(r"uses: (\S+@\S+ # \S+)", text)}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})
