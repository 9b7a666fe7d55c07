"""What ran with inference-stack 0.4 renders here, whole and in parts."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from harness.manifests import load
from tests.chart.accessors import FULLNAME, engine, gateway, pod, pools, ports
from tests.chart.test_values_0_4 import STORED, USED, group
from tests.support import Render

EXAMPLES = Path(__file__).parents[1] / "cluster" / "release-0.4" / "examples"
TRITON = ("nvcr.io/nvidia/tritonserver", "24.01-trtllm-python-py3")


def triton(port: int, command: list[str], **fields: Any) -> dict[str, Any]:
    service = {"type": "ClusterIP", "port": port}
    models = {
        "volumes": [{"name": "models", "emptyDir": {}}],
        "volumeMounts": [{"name": "models", "mountPath": "/models"}],
    }
    given = {"enabled": True, "containerPort": port, "service": service, "command": command, **models, **fields}
    return {**STORED, "modelGroups": {"trt": group(*TRITON, "mistral", **given)}}


@pytest.mark.parametrize("key", STORED)
def test_each_part_of_its_values_renders_alone(render: Render, key: str) -> None:
    assert render({key: USED[key]})["Deployment", f"{FULLNAME}-onwards"]


@pytest.mark.parametrize("keys", [*combinations(USED["modelGroups"], 2)], ids=" ".join)
def test_its_groups_render_together(render: Render, keys: tuple[str, ...]) -> None:
    groups = {key: USED["modelGroups"][key] for key in keys}
    assert len(pools(render({"modelGroups": groups}))) == 2


@pytest.mark.parametrize("key", sorted(USED["modelGroups"]["trtllm"]))
def test_a_group_renders_without_each_of_its_keys(render: Render, key: str) -> None:
    mounts = {"volumes", "volumeMounts", "initContainers"}
    dropped = {key} | (mounts if key == "volumes" else {"initContainers"} if key == "volumeMounts" else set())
    rest = {name: value for name, value in USED["modelGroups"]["trtllm"].items() if name not in dropped}
    assert render({"modelGroups": {"trtllm": {"modelAlias": ["m"], **rest}}})


@pytest.mark.parametrize("port", [8000, 8001, 8002])
def test_triton_listens_where_it_is_told(render: Render, port: int) -> None:
    command = ["sh", "-c", f"tritonserver --model-repository=/models --http-port {port} --metrics-port 8003"]
    rendered = render(triton(port, command))
    assert ports(rendered, "trt")["http"] == port
    assert len({*ports(rendered, "trt").values()}) == len(ports(rendered, "trt"))
    services = rendered["Service", f"{FULLNAME}-trt"]["spec"]["ports"]
    assert {each["name"]: each["port"] for each in services}["http"] == port


@pytest.mark.parametrize("port", [8001, 8002])
def test_a_service_has_the_users_port(render: Render, port: int) -> None:
    rendered = render(triton(port, ["tritonserver", "--model-repository=/models"]))
    services = rendered["Service", f"{FULLNAME}-trt"]["spec"]["ports"]
    assert {each["name"]: each["port"] for each in services}["http"] == port
    assert {each["name"] for each in services} == {"http", "grpc", "metrics"}
    assert len({each["port"] for each in services}) == 3


def test_a_port_of_the_users_has_the_number_of_one_of_the_engines(render: Render) -> None:
    extra = [{"name": "metrics", "containerPort": 8002, "servicePort": 8002, "protocol": "TCP"}]
    rendered = render(triton(8000, ["tritonserver", "--model-repository=/models"], additionalPorts=extra))
    assert ports(rendered, "trt") == {"http": 8000, "grpc": 8001, "metrics": 8002}
    assert engine(rendered, "trt")["command"] == ["tritonserver", "--model-repository=/models"]


@pytest.mark.parametrize("tag", ["v0.3.0", "0.38.1"])
def test_a_gateway_that_cannot_run_here_is_replaced(render: Render, tag: str) -> None:
    """As one of its examples pins it; a newer tag stays, and so does a digest."""
    tested = gateway(render(USED))["image"]
    assert gateway(render(merged({"tag": tag})))["image"] == tested
    assert gateway(render(merged({"tag": "1.0.0"})))["image"].endswith(":1.0.0")
    digest = f"sha256:{'0' * 64}"
    assert gateway(render(merged({"tag": tag, "digest": digest})))["image"].endswith(digest)


@pytest.mark.parametrize("old", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_its_examples_render_whole_and_over_a_stored_release(render: Render, old: Path) -> None:
    values = load(old.read_text())
    aliases = {alias for group in values["modelGroups"].values() for alias in group["modelAlias"]}
    assert pools(render(values)).keys() == aliases
    stored = {**STORED, **values, "modelGroups": {**STORED["modelGroups"], **values["modelGroups"]}}
    assert pools(render(stored)).keys() == aliases


def merged(image: dict[str, Any]) -> dict[str, Any]:
    onwards = USED["onwards"]
    return {**USED, "onwards": {**onwards, "image": {**onwards["image"], **image}}}


def test_a_roll_back_to_it_takes_the_service_account_away(render: Render) -> None:
    """Its groups have none: a name that the API server copied would stay, of an account that Helm deletes."""
    for name in USED["modelGroups"]:
        spec = pod(render(USED), name)
        assert spec["serviceAccount"] == spec["serviceAccountName"]
