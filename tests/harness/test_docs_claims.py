"""What the pages claim of the values that they show."""

from __future__ import annotations

from typing import Any

import pytest

from harness.docs.markdown import blocks
from harness.image_name import ImageName
from harness.manifests import Manifests, container, environment, load, pod_spec
from harness.paths import ROOT, examples
from tests.support import Render, Say

FULLNAME = "test-release-inference-stack"


def shown(page: str, having: str) -> dict[str, Any]:
    """The first values on a page that have this text in them."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return dict(load(next(b.text for b in blocks(text) if b.language == "yaml" and having in b.text)))


def engine(manifests: Manifests) -> dict[str, Any]:
    return container(manifests["Deployment", f"{FULLNAME}-chat"], "chat")


def test_a_mirror_comes_before_every_image(render: Render) -> None:
    mirrored = shown("air-gap", "imageRegistry")
    values = {**mirrored, "modelGroups": {"chat": {"enabled": True, "modelAlias": ["m"], "modelName": "o/m"}}}
    manifests = render(values)
    page = (ROOT / "docs" / "air-gap.md").read_text()
    for workload in manifests.kind("Deployment"):
        for of in pod_spec(workload)["containers"]:
            name = ImageName.parse(of["image"]).name
            assert name.startswith("registry.example.com/mirror/")
            assert f"`{name}`" in page


@pytest.mark.parametrize(
    ("kind", "variables"),
    [
        ("vllm", {"HF_HOME", "VLLM_CACHE_ROOT"}),
        ("sglang", {"HF_HOME", "SGLANG_CACHE_DIR"}),
        ("llama-cpp", {"HF_HOME", "LLAMA_CACHE"}),
        ("tensorrt-llm", {"HF_HOME"}),
    ],
)
def test_a_volume_becomes_the_engines_cache(render: Render, kind: str, variables: set[str]) -> None:
    values = shown("caching", "persistentVolumes")
    values["modelGroups"]["chat"]["engine"] = kind
    found = environment(engine(render(values)))
    assert {name for name, value in found.items() if str(value).startswith("/cache")} == variables


@pytest.mark.parametrize(
    ("kind", "minutes"), [("vllm", 30), ("sglang", 30), ("tensorrt-llm", 60), ("triton", 60), ("llama-cpp", 20)]
)
def test_a_model_has_the_time_to_load_that_is_claimed(render: Render, kind: str, minutes: int) -> None:
    values = {"modelGroups": {"chat": {"enabled": True, "modelAlias": ["m"], "modelName": "o/m", "engine": kind}}}
    probe = engine(render(values))["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == minutes * 60


def test_the_quick_start_says_the_time_that_the_notes_say(notes: Say) -> None:
    output = notes({"modelGroups": {"vllm-llama": {"enabled": True}}})
    page = (ROOT / "docs" / "first-model.md").read_text()
    assert "--wait --timeout 40m" in output
    assert "--wait --timeout 40m" in page


def test_a_slice_brings_no_tensor_parallelism_and_two_gpus_do(render: Render) -> None:
    slices, gpus = (shown("gpus", device) for device in ("mig-1g.10gb: 1", "nvidia.com/gpu: 2"))
    slices["modelGroups"] = {"chat": slices["modelGroups"]["small"]}
    assert "--tensor-parallel-size" not in engine(render(slices))["args"]
    assert engine(render(gpus))["args"][-2:] == ["--tensor-parallel-size", "2"]


def test_prometheus_and_the_gateway_are_let_in(render: Render, notes: Say) -> None:
    values = shown("network-policy", "serviceMonitor")
    policy = render(values, release="my-stack")["NetworkPolicy", "my-stack-inference-stack-chat"]
    (gateway,), (prometheus,) = (rule["from"] for rule in policy["spec"]["ingress"])
    pods = render(values, release="my-stack")["Deployment", "my-stack-inference-stack-onwards"]
    labels = pods["spec"]["template"]["metadata"]["labels"]
    assert gateway["podSelector"]["matchLabels"].items() <= labels.items()
    assert "namespaceSelector" in prometheus
    assert "Prometheus cannot" not in notes(values)


def test_every_example_is_on_their_page_and_the_readme_counts_them() -> None:
    numbers = {8: "Eight", 9: "Nine", 10: "Ten", 11: "Eleven"}
    page = (ROOT / "examples" / "README.md").read_text()
    assert all(f"({path.name})" in page for path in examples())
    assert f"[{numbers[len(examples())]} values files](examples/README.md)" in (ROOT / "README.md").read_text()
