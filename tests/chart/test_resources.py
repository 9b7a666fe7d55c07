"""Resource requests and limits, including devices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import engine, gateway, one, pod
from tests.support import Render

GPU = "nvidia.com/gpu"


def resources(render: Render, given: object) -> dict[str, Any]:
    found: dict[str, Any] = engine(render(one(resources=given))).get("resources", {})
    return found


GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "limit-above-request": ({"limits": {GPU: 2}, "requests": {GPU: 1}}, "2"),
    "limit-below-request": ({"limits": {GPU: 1}, "requests": {GPU: 2}}, "1"),
    "both-equal": ({"limits": {GPU: 2}, "requests": {GPU: 2}}, "2"),
    "limit-alone": ({"limits": {GPU: 2}}, "2"),
    "request-alone": ({"requests": {GPU: 2}}, "2"),
    "strings": ({"limits": {GPU: "2"}, "requests": {GPU: "1"}}, "2"),
    "string-and-number": ({"limits": {GPU: "2"}, "requests": {GPU: 2}}, "2"),
    "large": ({"limits": {GPU: 1048576}}, "1048576"),
}


@pytest.mark.parametrize(("given", "count"), GIVEN.values(), ids=GIVEN)
def test_the_request_of_a_gpu_equals_its_limit(render: Render, given: dict[str, Any], count: str) -> None:
    found = resources(render, given)
    assert (found["requests"][GPU], found["limits"][GPU]) == (count, count)


@pytest.mark.parametrize("device", ["amd.com/gpu", "gpu.intel.com/i915", "rdma/hca_shared", "nvidia.com/mig-1g.10gb"])
def test_the_request_of_any_vendors_device_equals_its_limit(render: Render, device: str) -> None:
    assert resources(render, {"limits": {device: 1}}) == {"limits": {device: "1"}, "requests": {device: "1"}}


def test_cpu_and_memory_are_unchanged(render: Render) -> None:
    given = {"limits": {"memory": "16Gi", "cpu": 8}, "requests": {"memory": "8Gi", "cpu": "500m"}}
    assert resources(render, given) == given


def test_kubernetes_own_resources_are_not_devices(render: Render) -> None:
    given = {"limits": {"example.kubernetes.io/thing": 2}, "requests": {"example.kubernetes.io/thing": 1}}
    assert resources(render, given) == given


def test_a_group_without_resources_has_none(render: Render) -> None:
    assert "resources" not in engine(render(one()))


def test_resource_claims_are_unchanged(render: Render) -> None:
    claimed = one(resources={"claims": [{"name": "gpu"}]}, resourceClaims=[{"name": "gpu", "resourceClaimName": "g"}])
    assert engine(render(claimed))["resources"] == {"claims": [{"name": "gpu"}]}


def test_init_containers_have_valid_device_requests(render: Render) -> None:
    init = {"name": "i", "image": "x:1", "resources": {"limits": {GPU: 1}, "requests": {"cpu": 1}}}
    (container,) = pod(render(one(initContainers=[init])))["initContainers"]
    assert container["resources"] == {"limits": {GPU: "1"}, "requests": {GPU: "1", "cpu": 1}}


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ({}, None),
        ({GPU: 1}, None),
        ({GPU: 2}, "8Gi"),
        ({GPU: "4"}, "8Gi"),
        ({GPU: 8}, "16Gi"),
        ({"amd.com/gpu": 2}, "8Gi"),
        ({"nvidia.com/mig-1g.10gb": 2}, None),
        ({"rdma/hca": 2, GPU: 1}, None),
    ],
    ids=["none", "one", "two", "four", "eight", "amd", "slices", "other-device"],
)
def test_shared_memory_depends_on_the_number_of_full_gpus(
    render: Render, limits: dict[str, Any], size: str | None
) -> None:
    volumes = {volume["name"]: volume for volume in pod(render(one(resources={"limits": limits}))).get("volumes", ())}
    assert (volumes["shm"]["emptyDir"] if "shm" in volumes else None) == (
        {"medium": "Memory", "sizeLimit": size} if size else None
    )


def test_shared_memory_has_the_configured_size(render: Render) -> None:
    rendered = render(one(sharedMemory="1Gi"))
    assert {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}} in pod(rendered)["volumes"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in engine(rendered)["volumeMounts"]


def test_the_gateway_has_valid_device_requests(render: Render) -> None:
    rendered = render({"onwards": {"resources": {"requests": {"rdma/hca": 1}, "limits": {"cpu": 1}}}})
    assert gateway(rendered)["resources"]["limits"]["rdma/hca"] == "1"
    assert gateway(rendered)["resources"]["requests"]["rdma/hca"] == "1"
