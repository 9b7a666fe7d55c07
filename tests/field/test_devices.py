"""Devices of every vendor: how they are counted, whose user opens them, and what the notes say of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from harness.paths import ROOT
from tests.chart.accessors import command_line, engine, one, pod
from tests.support import Render, Say

KNOWN = yaml.safe_load((ROOT / "files" / "devices.yaml").read_text())
FORMAT = Draft7Validator(json.loads((ROOT / "files" / "devices.schema.json").read_text()))
TENSOR = "--tensor-parallel-size"

CLAIMS = [{"name": "gpu", "resourceClaimTemplateName": "gpu"}]


def asking(limits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Values with one vLLM group that asks for these limits."""
    return one(resources={"limits": limits}, **fields)


def spread(render: Render, values: dict[str, Any]) -> str | None:
    """The tensor parallel size on the command line."""
    line = command_line(render(values))
    return line[line.index(TENSOR) + 1] if TENSOR in line else None


def shared_memory(render: Render, values: dict[str, Any]) -> str | None:
    volumes = pod(render(values)).get("volumes", [])
    return next((each["emptyDir"]["sizeLimit"] for each in volumes if each["name"] == "shm"), None)


def test_the_table_of_devices_is_valid() -> None:
    assert [error.message for error in FORMAT.iter_errors(KNOWN)] == []


NAMES = {
    "nvidia.com/gpu": "device",
    "nvidia.com/gpu.shared": "part",
    "nvidia.com/mig-1g.10gb": "part",
    "nvidia.com/mig-1g.10gb.me": "part",
    "nvidia.com/gpumem": "other",
    "nvidia.com/gpumem-percentage": "other",
    "nvidia.com/gpucores": "other",
    "nvidia.com/priority": "other",
    "nvidia.com/hostdev": "other",
    "nvidia.com/rdma_shared_device_a": "other",
    "nvidia.com/gpus": None,
    "volcano.sh/vgpu-number": "device",
    "volcano.sh/vgpu-memory": "other",
    "aliyun.com/gpu-mem": "other",
    "amd.com/gpu": "device",
    "amd.com/cpx_nps4": "part",
    "gpu.intel.com/i915": "device",
    "gpu.intel.com/xe": "device",
    "gpu.intel.com/millicores": "other",
    "habana.ai/gaudi": "device",
    "google.com/tpu": "device",
    "aws.amazon.com/neuron": "device",
    "aws.amazon.com/neuroncore": "device",
    "aws.amazon.com/neurondevice": "device",
    "huawei.com/Ascend910": "device",
    "huawei.com/Ascend310P": "device",
    "huawei.com/Ascend910B4": "device",
    "huawei.com/npu": "device",
    "huawei.com/Ascend910-16c": "part",
    "huawei.com/Ascend310P-2c.1cpu": "part",
    "huawei.com/Ascend910B4-memory": "other",
    "rdma/hca_shared_devices_a": "other",
    "vpc.amazonaws.com/efa": "other",
    "example.com/gpu": None,
}


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=NAMES)
def test_a_resource_is_of_one_kind_at_most(name: str, kind: str | None) -> None:
    found = [each["is"] for each in KNOWN["devices"] if re.search(each["pattern"], name)]
    assert found == ([kind] if kind else [])


SPREAD: dict[str, tuple[dict[str, Any], str | None]] = {
    "nvidia": ({"nvidia.com/gpu": 4}, "4"),
    "hami": ({"nvidia.com/gpu": 2, "nvidia.com/gpumem": 20000, "nvidia.com/gpucores": 50}, "2"),
    "volcano": ({"volcano.sh/vgpu-number": 2, "volcano.sh/vgpu-memory": 8000}, "2"),
    "amd": ({"amd.com/gpu": 8}, "8"),
    "intel": ({"gpu.intel.com/xe": 2}, "2"),
    "gaudi": ({"habana.ai/gaudi": 8}, "8"),
    "tpu": ({"google.com/tpu": 8}, "8"),
    "ascend": ({"huawei.com/Ascend910": 8}, "8"),
    "neuron": ({"aws.amazon.com/neuron": 2}, None),
    "slices": ({"nvidia.com/mig-1g.10gb": 2}, None),
    "time-slices": ({"nvidia.com/gpu.shared": 2}, None),
    "virtual-part": ({"huawei.com/Ascend910-16c": 2}, None),
    "unknown": ({"example.com/gpu": 2}, None),
    "with-a-network-card": ({"nvidia.com/gpu": 2, "rdma/hca": 4}, "2"),
    "one": ({"google.com/tpu": 1}, None),
    "none": ({"nvidia.com/gpu": 0}, None),
    "text": ({"nvidia.com/gpu": "4.0"}, "4"),
    "milli": ({"nvidia.com/gpu": "4000m"}, "4"),
    "exponent": ({"nvidia.com/gpu": "4e0"}, "4"),
}


@pytest.mark.parametrize(("limits", "size"), SPREAD.values(), ids=SPREAD)
def test_tensor_parallelism_is_the_number_of_devices_that_an_engine_counts(
    render: Render, limits: dict[str, Any], size: str | None
) -> None:
    assert spread(render, asking(limits)) == size


@pytest.mark.parametrize("amount", ["4.0", "4000m"])
def test_a_quantity_is_rendered_as_written(render: Render, amount: str) -> None:
    given = {"limits": {"nvidia.com/gpu": amount}, "requests": {"nvidia.com/gpu": 4}}
    rendered = engine(render(one(resources=given)))["resources"]
    assert [rendered[each]["nvidia.com/gpu"] for each in ("limits", "requests")] == [amount, amount]


def test_equal_quantities_are_no_change(notes: Say) -> None:
    given = {"limits": {"nvidia.com/gpu": "4.0"}, "requests": {"nvidia.com/gpu": "4000m"}}
    assert "request changed" not in notes(one(resources=given))


@pytest.mark.parametrize("amount", [0.5, "500m", "1.5"], ids=str)
@pytest.mark.parametrize("where", ["limits", "requests"])
def test_a_part_of_a_device_is_refused(refusal: Say, amount: object, where: str) -> None:
    text = refusal(one(resources={where: {"nvidia.com/gpu": amount}}))
    assert f"{amount} of nvidia.com/gpu is not a whole number" in text


@pytest.mark.parametrize("amount", [-1, "-1"], ids=type)
@pytest.mark.parametrize("where", ["limits", "requests"])
def test_less_than_no_device_is_refused(refusal: Say, amount: object, where: str) -> None:
    assert "/modelGroups/a/resources/" in refusal(one(resources={where: {"nvidia.com/gpu": amount}}))


def test_a_part_of_a_cpu_is_no_device(render: Render) -> None:
    assert engine(render(asking({"cpu": 0.5})))["resources"] == {"limits": {"cpu": 0.5}}


SIZES: dict[str, tuple[dict[str, Any], str | None]] = {
    "pipeline-of-one-last": (
        asking({"nvidia.com/gpu": 8}, command=["vllm", "serve", "org/m", TENSOR, "8", "--pipeline-parallel-size", "1"]),
        "16Gi",
    ),
    "tensor-of-one": (asking({"nvidia.com/gpu": 2}, args=[TENSOR, "1", "--data-parallel-size", "2"]), "8Gi"),
    "custom": (asking({"nvidia.com/gpu": 4}, image="openmmlab/lmdeploy", tag="v0.18.0", command=["lmdeploy"]), "8Gi"),
    "custom-on-eight": (asking({"nvidia.com/gpu": 8}, engine="custom", image="x:1"), "16Gi"),
    "llama-cpp": (asking({"nvidia.com/gpu": 2}, engine="llama-cpp"), "8Gi"),
    "script": (asking({"nvidia.com/gpu": 2}, command=["sh", "-c", "vllm serve org/m -tp 2"]), "8Gi"),
    "tpu": (asking({"google.com/tpu": 8}), "16Gi"),
    "neuron": (asking({"aws.amazon.com/neuron": 4}), "8Gi"),
    "two-slices": (asking({"nvidia.com/mig-1g.10gb": 2}), None),
    "one": (asking({"nvidia.com/gpu": 1}), None),
    "vllm-on-cpu": (asking({"memory": "8Gi"}, image="vllm/vllm-openai-cpu:v0.32.0"), "1Gi"),
    "vllm-on-cpu-of-aws": (
        asking({"memory": "8Gi"}, image="public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.10.0"),
        "1Gi",
    ),
    "llama-cpp-on-cpu": (asking({"memory": "8Gi"}, engine="llama-cpp"), None),
    "half-of-a-small-limit": (asking({"nvidia.com/gpu": 2, "memory": "4Gi"}), "2048Mi"),
    "half-of-a-limit-in-bytes": (asking({"nvidia.com/gpu": 8, "memory": 21474836480}), "10240Mi"),
    "a-large-limit": (asking({"nvidia.com/gpu": 8, "memory": "64Gi"}), "16Gi"),
    "given": (asking({"nvidia.com/gpu": 2, "memory": "4Gi"}, sharedMemory="3Gi"), "3Gi"),
}


@pytest.mark.parametrize(("values", "size"), SIZES.values(), ids=SIZES)
def test_shared_memory_is_sized_by_the_devices_and_fits_the_limit(
    render: Render, values: dict[str, Any], size: str | None
) -> None:
    assert shared_memory(render, values) == size


@pytest.mark.parametrize("size", ["4Gi", "5Gi"])
def test_shared_memory_that_leaves_nothing_is_refused(refusal: Say, size: str) -> None:
    assert "nothing would be left for the engine" in refusal(asking({"memory": "4Gi"}, sharedMemory=size))


@pytest.mark.parametrize(("size", "noted"), [("16Gi", True), ("8Gi", True), ("7Gi", False)])
def test_memory_of_the_users_own_is_held_against_the_limit(notes: Say, size: str, noted: bool) -> None:
    volume = {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}
    mount = {"name": "dshm", "mountPath": "/dev/shm"}
    values = asking({"nvidia.com/gpu": 2, "memory": "8Gi"}, volumes=[volume], volumeMounts=[mount])
    assert ("counts against the memory limit of 8Gi" in notes(values)) == noted
    assert ".sharedMemory: /dev/shm gets only" not in notes(values)


OWN_USER = {
    "nvidia.com/gpu": False,
    "nvidia.com/mig-1g.10gb": False,
    "nvidia.com/gpu.shared": False,
    "rdma/hca": False,
    "amd.com/gpu": True,
    "gpu.intel.com/i915": True,
    "gpu.intel.com/xe": True,
    "habana.ai/gaudi": True,
    "google.com/tpu": True,
    "aws.amazon.com/neuroncore": True,
    "huawei.com/Ascend910": True,
    "example.com/gpu": True,
}


@pytest.mark.parametrize(("name", "images"), OWN_USER.items(), ids=OWN_USER)
def test_the_images_user_runs_where_others_may_not_open_the_device(
    render: Render, notes: Say, name: str, images: bool
) -> None:
    values = asking({name: 1})
    assert ("runAsUser" not in pod(render(values))["securityContext"]) == images
    assert (f"the nodes of {name} may be open to root only" in notes(values)) == images


def test_with_the_groups_of_a_device_the_pod_is_restricted(render: Render, notes: Say) -> None:
    values = asking({"amd.com/gpu": 1}, podSecurityContext={"supplementalGroups": [44, 109]})
    context = pod(render(values))["securityContext"]
    assert (context["runAsUser"], context["supplementalGroups"]) == (10001, [44, 109])
    assert "amd.com/gpu may be open" not in notes(values)


def test_groups_do_not_open_a_device_of_roots(render: Render) -> None:
    values = asking({"google.com/tpu": 1}, podSecurityContext={"supplementalGroups": [44]})
    assert "runAsUser" not in pod(render(values))["securityContext"]


SILENT = "the chart does not spread a model over"
NOTED: dict[str, tuple[dict[str, Any], bool]] = {
    "neuron": (asking({"aws.amazon.com/neuron": 1}), True),
    "neuron-with-a-flag": (asking({"aws.amazon.com/neuron": 1}, args=[TENSOR, "8"]), False),
    "slices": (asking({"nvidia.com/mig-1g.10gb": 2}), True),
    "one-slice": (asking({"nvidia.com/mig-1g.10gb": 1}), False),
    "time-slices": (asking({"nvidia.com/gpu.shared": 4}), True),
    "unknown": (asking({"example.com/gpu": 8}), True),
    "claims": (one(resources={"claims": [{"name": "gpu"}]}, resourceClaims=CLAIMS), True),
    "tpu": (asking({"google.com/tpu": 8}), False),
    "engine-without-parallelism": (asking({"example.com/gpu": 8}, engine="llama-cpp"), False),
    "network-cards": (asking({"nvidia.com/gpu": 1, "rdma/hca": 8}), False),
}


@pytest.mark.parametrize(("values", "noted"), NOTED.values(), ids=NOTED)
def test_devices_that_the_chart_does_not_use_are_noted(notes: Say, values: dict[str, Any], noted: bool) -> None:
    assert (SILENT in notes(values)) == noted


def test_a_chip_may_count_as_several(render: Render) -> None:
    assert spread(render, asking({"google.com/tpu": 4}, args=[TENSOR, "8"])) == "8"
    assert spread(render, asking({"aws.amazon.com/neuron": 1}, args=[TENSOR, "8"])) == "8"


@pytest.mark.parametrize(
    "name", ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "NEURON_RT_VISIBLE_CORES"]
)
def test_a_variable_that_chooses_devices_is_noted(notes: Say, name: str) -> None:
    text = notes(asking({"nvidia.com/gpu": 1}, env=[{"name": name, "value": "0"}]))
    assert f"modelGroups.a.env: {name} chooses devices past Kubernetes" in text


IMAGES = {
    "vllm/vllm-openai-cpu:v0.28.0-x86_64": False,
    "ghcr.io/team/vllm:v0.30.0-cpu": False,
    "intel/vllm-xpu:v0.30.0": False,
    "vllm/vllm-tpu:v0.20.0": False,
    "vllm/vllm-openai:v0.30.0": True,
    "cpuhouse/vllm-openai:v0.30.0": True,
}


@pytest.mark.parametrize(("image", "warned"), IMAGES.items(), ids=IMAGES)
def test_only_an_image_for_gpus_is_warned_of_without_one(notes: Say, image: str, warned: bool) -> None:
    repository, _, tag = image.rpartition(":")
    assert ("it requests no GPU" in notes(one(image=repository, tag=tag))) == warned


def test_a_claim_is_a_device(notes: Say) -> None:
    assert "it requests no GPU" not in notes(one(resources={"claims": [{"name": "gpu"}]}, resourceClaims=CLAIMS))
