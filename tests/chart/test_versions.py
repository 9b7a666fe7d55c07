"""A version that is written in several places is the same in all of them."""

from __future__ import annotations

import re
from pathlib import Path

from harness.manifests import Object, load, pod_spec
from harness.paths import ROOT
from tests.chart.accessors import bare, engine
from tests.support import Render

CHART: Object = load((ROOT / "Chart.yaml").read_text())
ENGINES = ("vllm", "sglang", "tensorrt-llm", "triton", "llama-cpp")


def pinned(render: Render) -> dict[str, str]:
    """The default tag of each engine's image repository."""
    images = (engine(render(bare(engine=name, modelName="m")))["image"] for name in ENGINES)
    return dict(image.rsplit(":", 1) for image in images)


def test_examples_run_the_engines_that_the_chart_pins(render: Render, example: Path) -> None:
    tags = pinned(render)
    for workload in render(example).kind("Deployment"):
        spec = pod_spec(workload)
        for each in (*spec["containers"], *spec.get("initContainers", ())):
            repository, tag = each["image"].rsplit(":", 1)
            assert tags.get(repository, tag) == tag


def test_the_gateways_version_is_exact() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", CHART["appVersion"])


def test_the_changelog_has_the_charts_version() -> None:
    assert re.search(rf"^## .*{re.escape(CHART['version'])}", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_readme_has_the_charts_kubernetes_version() -> None:
    assert CHART["kubeVersion"] == ">=1.20.0-0"
    assert "Kubernetes 1.20 or newer" in (ROOT / "README.md").read_text()
