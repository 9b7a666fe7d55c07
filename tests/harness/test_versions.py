"""A version that must be written in two places is the same in both."""

from __future__ import annotations

import re
import tomllib

from harness.helm import KUBE_VERSION
from harness.manifests import load
from harness.paths import ROOT
from harness.tools.pins import module_version

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOXFILE = (ROOT / "noxfile.py").read_text()
WORKFLOW = load((ROOT / ".github" / "workflows" / "ci.yml").read_text())


def pinned(group: str, package: str) -> str:
    return next(str(each) for each in PYPROJECT["dependency-groups"][group] if each.startswith(f"{package}=="))


def test_chart_and_harness_have_one_version() -> None:
    assert load((ROOT / "Chart.yaml").read_text())["version"] == PYPROJECT["project"]["version"]


def test_nox_is_checked_as_it_is_run() -> None:
    header = re.search(r'^# dependencies = \["(.*)"\]$', NOXFILE, re.MULTILINE)
    assert header is not None
    assert header.group(1) == pinned("lint", "nox")


def test_schemas_templates_and_tools_are_of_one_kubernetes() -> None:
    minor = KUBE_VERSION.rpartition(".")[0]
    assert pinned("test", "kubernetes-validate").startswith(f"kubernetes-validate=={minor}.")
    assert module_version("k8s.io/client-go").startswith(f"v0.{minor.partition('.')[2]}.")
    node = (ROOT / "tools" / "node" / "go.mod").read_text()
    assert re.search(rf"k8s\.io/kubernetes v{re.escape(minor)}\.", node)


def test_oldest_python_is_tested() -> None:
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert oldest in WORKFLOW["jobs"]["check"]["strategy"]["matrix"]["python"]


def test_actions_are_pinned_by_commit() -> None:
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in used)
