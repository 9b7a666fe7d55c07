"""SGLang's own server on CPU, with a stand-in for its kernels, in a pod as the chart renders it, restricted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.images import build
from harness.images.real.sglang import VERSION
from harness.kubectl import Kubectl
from harness.presets import presets
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Install, Installed, Measured
from tests.cluster.keyed import put_keys
from tests.engines.streams import open_streams

IMAGE = "lmsysorg/sglang"
TAG = f"v{VERSION}-xeon"
STREAMS = 4
KEY = "sk-made-up-for-the-engine"
OPTIONS = [
    *("--device", "cpu", "--attention-backend", "torch_native", "--dtype", "float32"),
    *("--disable-overlap-schedule", "--skip-server-warmup", "--max-total-tokens", "4096"),
]
VALUES: dict[str, Any] = {
    "modelGroups": {
        "chat": {
            "enabled": True,
            "image": IMAGE,
            "tag": TAG,
            "modelName": "/models/tiny",
            "modelAlias": ["chat", "gpt-4o"],
            "apiKey": {"name": "engine-keys", "key": "chat"},
            "args": OPTIONS,
            "hub": {"offline": True},
            "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}, "limits": {"memory": "8Gi"}},
            "drainSeconds": 60,
        }
    }
}


@pytest.fixture(scope="module")
def installed(cluster: Cluster, namespace_for_all: str, install_for_all: Install) -> Installed:
    cluster.load(build([f"{IMAGE}:{TAG}"]))
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace_for_all)
    kubectl.run("label", "namespace", namespace_for_all, "pod-security.kubernetes.io/enforce=restricted")
    put_keys(kubectl, {"chat": KEY}, "engine-keys")
    return install_for_all(VALUES)


@pytest.fixture
def kubectl(installed: Installed) -> Kubectl:
    return installed.stack.kubectl


@pytest.fixture
def client(installed: Installed) -> Iterator[Client]:
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        yield client


@pytest.fixture
def door(kubectl: Kubectl) -> Iterator[str]:
    """The engine's own address."""
    with kubectl.port_forward("service/t-inference-stack-chat", "http") as port:
        yield f"http://127.0.0.1:{port}"


def engine_pod(kubectl: Kubectl) -> dict[str, Any]:
    pods = kubectl.items("pods", "app.kubernetes.io/model-group=chat")
    (pod,) = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return dict(pod)


def test_it_runs_as_no_user_of_its_own_and_writes_nothing_to_its_image(kubectl: Kubectl) -> None:
    spec = engine_pod(kubectl)["spec"]
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


@pytest.mark.parametrize("alias", ["chat", "gpt-4o"])
def test_an_alias_answers_and_streams(client: Client, alias: str) -> None:
    assert client.chat(alias, QUESTION).strip() == ANSWER
    pieces = list(client.stream(alias, QUESTION))
    assert len(pieces) > 1
    assert "".join(pieces).strip() == ANSWER


def test_it_requires_the_key_that_the_gateway_sends(door: str) -> None:
    body = {"model": "chat", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 4}
    answers = [
        httpx.post(f"{door}/v1/chat/completions", json=body, headers=headers, timeout=60).status_code
        for headers in ({}, {"Authorization": f"Bearer {KEY}"})
    ]
    assert answers == [401, 200]


def test_its_metrics_have_the_names_that_the_chart_reads(door: str, client: Client) -> None:
    client.chat("chat", QUESTION)
    preset = presets()["sglang"]
    page = httpx.get(f"{door}{preset['metricsPath']}", timeout=10, follow_redirects=True).text
    assert [gauge for gauge in preset["inFlight"]["gauges"] if f"\n{gauge}{{" not in page] == []


def test_a_terminating_engine_finishes_its_streams(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    name = engine_pod(kubectl)["metadata"]["name"]
    with open_streams(client.url, "chat", STREAMS) as ends:
        began = time.monotonic()
        kubectl.run("delete", "pod", name, "--wait=true", timeout=180)
        measured("seconds until the terminated engine was gone", round(time.monotonic() - began, 1))
    assert ends == ["length"] * STREAMS
    assert engine_pod(kubectl)["metadata"]["name"] != name
