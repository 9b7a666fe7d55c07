"""Images of containers, their pull policies and pull secrets."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import load, pod_spec
from harness.paths import ROOT
from harness.presets import images
from tests.chart.accessors import FULLNAME, bare, engine, gateway, one, pod
from tests.chart.all_options import ALL_OPTIONS
from tests.support import Render, plain

PINNED = str(images()["vllm"])
DIGEST = f"sha256:{'0' * 64}"

IMAGES: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, PINNED),
    "tag-alone": ({"tag": "v0.31.0"}, "vllm/vllm-openai:v0.31.0"),
    "name": ({"image": "vllm/vllm-openai"}, "vllm/vllm-openai:latest"),
    "name-and-tag": ({"image": "vllm/vllm-openai", "tag": "v0.31.0"}, "vllm/vllm-openai:v0.31.0"),
    "tag-in-the-name": ({"image": "vllm/vllm-openai:v0.31.0"}, "vllm/vllm-openai:v0.31.0"),
    "tag-in-the-name-wins": ({"image": "vllm/vllm-openai:v1", "tag": "v2"}, "vllm/vllm-openai:v1"),
    "digest-in-the-name": ({"image": f"vllm/vllm-openai@{DIGEST}", "tag": "v2"}, f"vllm/vllm-openai@{DIGEST}"),
    "port-in-the-name": ({"image": "localhost:5000/vllm", "tag": "v2"}, "localhost:5000/vllm:v2"),
    "number-as-tag": ({"image": "vllm/vllm-openai", "tag": 24.01}, "vllm/vllm-openai:24.01"),
    "whole-number-as-tag": ({"image": "vllm/vllm-openai", "tag": 20260101}, "vllm/vllm-openai:20260101"),
    "map": ({"image": {"repository": "vllm/vllm-openai", "tag": "v1"}}, "vllm/vllm-openai:v1"),
    "map-without-tag": ({"image": {"repository": "vllm/vllm-openai"}}, "vllm/vllm-openai:latest"),
    "map-with-tag-beside": ({"image": {"repository": "vllm/vllm-openai"}, "tag": "v1"}, "vllm/vllm-openai:v1"),
    "map-with-both-tags": ({"image": {"repository": "vllm/x", "tag": "v1"}, "tag": "v2"}, "vllm/x:v1"),
    "map-with-empty-tag": ({"image": {"repository": "vllm/vllm-openai", "tag": ""}}, "vllm/vllm-openai:latest"),
    "map-with-registry": ({"image": {"registry": "r.example", "repository": "vllm", "tag": "v1"}}, "r.example/vllm:v1"),
    "registry-with-slash": (
        {"image": {"registry": "r.example/", "repository": "vllm", "tag": "v1"}},
        "r.example/vllm:v1",
    ),
    "map-with-digest": ({"image": {"repository": "vllm", "tag": "v1", "digest": DIGEST}}, f"vllm@{DIGEST}"),
    "only-tag-in-the-map": ({"image": {"tag": "v0.31.0"}}, "vllm/vllm-openai:v0.31.0"),
    "only-registry-in-the-map": ({"image": {"registry": "r.example"}}, f"r.example/{PINNED}"),
    "only-policy-in-the-map": ({"image": {"pullPolicy": "Always"}}, PINNED),
}


@pytest.mark.parametrize(("fields", "reference"), IMAGES.values(), ids=IMAGES)
def test_a_group_runs_its_configured_image(render: Render, fields: dict[str, Any], reference: str) -> None:
    assert engine(render(one(**fields)))["image"] == reference


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("vllm", "vllm/vllm-openai"),
        ("sglang", "lmsysorg/sglang"),
        ("tensorrt-llm", "nvcr.io/nvidia/tensorrt-llm/release"),
        ("triton", "nvcr.io/nvidia/tritonserver"),
        ("llama-cpp", "ghcr.io/ggml-org/llama.cpp"),
    ],
)
def test_an_engine_without_an_image_runs_the_pinned_one(render: Render, name: str, repository: str) -> None:
    reference = engine(render(bare(engine=name, modelName="org/m")))["image"]
    assert reference.startswith(f"{repository}:")
    assert not reference.endswith((":", ":latest"))


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("vllm/vllm-openai:v1", "IfNotPresent"),
        ("vllm/vllm-openai", "Always"),
        (f"vllm/vllm-openai@{DIGEST}", "IfNotPresent"),
        ({"repository": "vllm", "pullPolicy": "Never"}, "Never"),
        ({"pullPolicy": "Always"}, "Always"),
        ({"repository": "vllm", "tag": "v1", "pullPolicy": ""}, "IfNotPresent"),
    ],
    ids=["tag", "latest", "digest", "given", "given-alone", "empty"],
)
def test_only_latest_is_always_pulled(render: Render, image: object, policy: str) -> None:
    assert engine(render(one(image=image)))["imagePullPolicy"] == policy


def test_the_global_registry_prefixes_every_image(render: Render) -> None:
    rendered = render({**one(), "global": {"imageRegistry": "mirror.example"}})
    assert engine(rendered)["image"].startswith("mirror.example/vllm/vllm-openai:")
    assert gateway(rendered)["image"].startswith("mirror.example/ghcr.io/doublewordai/onwards:")


def test_the_gateway_runs_the_version_of_the_chart(render: Render) -> None:
    version = load((ROOT / "Chart.yaml").read_text())["appVersion"]
    assert gateway(render())["image"] == f"ghcr.io/doublewordai/onwards:{version}"


def test_all_containers_of_the_gateways_pod_run_its_image(render: Render) -> None:
    values = {"onwards": {"image": {"repository": "mine", "tag": "v9", "pullPolicy": "Never"}}}
    spec = render(values)["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]
    containers = [*spec["initContainers"], *spec["containers"]]
    assert [(each["image"], each["imagePullPolicy"]) for each in containers] == [("mine:v9", "Never")] * 3


def test_pull_secrets_are_merged_and_may_be_plain_names(render: Render) -> None:
    values = {
        **one(imagePullSecrets=["own", "shared"]),
        "global": {"imagePullSecrets": ["global"]},
        "imagePullSecrets": [{"name": "shared"}],
    }
    values["onwards"] = {"imagePullSecrets": ["gateways"]}
    rendered = render(values)
    assert [each["name"] for each in pod(rendered)["imagePullSecrets"]] == ["global", "shared", "own"]
    of_gateway = pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])["imagePullSecrets"]
    assert [each["name"] for each in of_gateway] == ["global", "shared", "gateways"]


def everywhere() -> dict[str, Any]:
    """All options, with images in each further place that takes one; no digest is known."""
    values = deepcopy(ALL_OPTIONS)
    spec = {"containers": [{"name": "c", "image": "cron:1"}], "restartPolicy": "Never"}
    cron = {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": spec}}}}
    values["extraObjects"] = {
        "cron": {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": cron}
    }
    values["onwards"]["podSpec"] = {"initContainers": [{"name": "w", "image": "wait:1"}]}
    values["modelGroups"]["fetched"] = {
        "enabled": True,
        "modelAlias": ["fetched"],
        "modelName": "oci://models.example/m:1",
        "containers": [{"name": "s", "image": "side:1"}],
        "resources": {"limits": {"nvidia.com/gpu": 1}},
    }
    return values


def test_every_image_without_a_digest_is_refused_and_a_digest_pins_it(helm: Helm) -> None:
    values = everywhere()

    def found(values: dict[str, Any]) -> set[str]:
        text = helm.template(ROOT, values=[values])
        return set(re.findall(r'(?m)^\s*-? *(?:image|reference): "?([^\s"{}]+)"?$', text))

    values["images"] = {}
    loose = found(values)
    assert {"cron:1", "wait:1", "side:1", "models.example/m:1", "sidecar:1", "busybox:1.37"} < loose
    named = {each for each in loose if "@" not in each}
    values["images"] = {"requireDigest": True}
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[values])
    refused = set(re.findall(r"# what crane digest (\S+) prints", plain(caught.value.output)))
    assert refused == named
    digests = {name: f"sha256:{index:064x}" for index, name in enumerate(sorted(named), 1)}
    values["images"] = {"requireDigest": True, "digests": digests}
    assert found(values) == {f"{name}@{digests[name]}" for name in named} | (loose - named)


def test_a_digest_changes_no_more_than_the_image(render: Render) -> None:
    """Least of all what is decided by the version in the tag."""
    plain, pinned = render(one()), render({**one(), "images": {"digests": {PINNED: DIGEST}}})
    assert engine(pinned) == {**engine(plain), "image": f"{PINNED}@{DIGEST}"}
    assert gateway(pinned) == gateway(plain)


def test_the_users_own_digest_and_another_tag_are_kept(render: Render) -> None:
    other = f"sha256:{'1' * 64}"
    known = {"images": {"digests": {"vllm/vllm-openai:v1": DIGEST, f"vllm/vllm-openai@{other}": DIGEST}}}
    for image in (f"vllm/vllm-openai@{other}", "vllm/vllm-openai:v2"):
        assert engine(render({**one(image=image), **known}))["image"] == image


def test_a_digest_holds_behind_the_mirror_too(render: Render) -> None:
    values = {**one(image="vllm/vllm-openai:v1"), "global": {"imageRegistry": "mirror.example/"}}
    for name in ("vllm/vllm-openai:v1", "mirror.example/vllm/vllm-openai:v1"):
        rendered = render({**values, "images": {"digests": {name: DIGEST}}})
        assert engine(rendered)["image"] == f"mirror.example/vllm/vllm-openai:v1@{DIGEST}"
