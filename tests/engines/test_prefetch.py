"""A model that is fetched before the engine starts, from a small hub in the cluster, by vLLM's own image and for it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.images import build
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import Stack
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import AVAILABLE_SECONDS, Measured
from tests.cluster.keyed import put_keys
from tests.engines.test_vllm import ENGINE, IMAGE, OPTIONS, TAG
from tests.hub import LARGE, LARGE_BYTES, REPO

TOKEN = f"hf_made_up_{secrets.token_hex(8)}"
PORT = 8080
MANY = 10
RELEASE = "app.kubernetes.io/instance=t"
HUB = {"endpoint": f"http://hub:{PORT}", "token": {"name": "hub", "key": "token"}, "offline": True}
CACHE = {"name": "model-cache", "size": "1Gi", "mountPath": "/cache"}
FIELDS: dict[str, Any] = {
    **ENGINE,
    "modelName": REPO,
    "env": [each for each in ENGINE["env"] if each["name"] != "HF_HUB_OFFLINE"],
    "args": OPTIONS,
    "hub": HUB,
    "prefetch": {"enabled": True},
    "persistentVolumes": [CACHE],
}
SMALL = {"requests": {"cpu": "10m", "memory": "64Mi"}}


def group(**fields: Any) -> dict[str, Any]:
    return {"modelGroups": {"chat": {**FIELDS, "modelAlias": ["chat"], **fields}}}


@pytest.fixture
def stack(cluster: Cluster, namespace: str) -> Stack:
    cluster.load(build([f"{IMAGE}:{TAG}"]))
    stack = Stack(cluster, "t", namespace)
    put_keys(stack.kubectl, {"token": TOKEN}, "hub")
    return stack


Sent = Callable[[], dict[str, Any]]


@pytest.fixture
def sent(stack: Stack) -> Iterator[Sent]:
    """What the hub has sent; it has vLLM's tiny model, and sends a MiB of a large file in a second."""
    script = (ROOT / "tests" / "hub.py").read_text()
    environment = [
        {"name": "HUB_SECONDS", "value": "1"},
        {"name": "HUB_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}},
    ]
    container = {
        "name": "hub",
        "image": f"{IMAGE}:{TAG}",
        "command": ["python3", "-c", script, "/models/tiny", str(PORT), f"hub.{stack.namespace}:{PORT}"],
        "env": environment,
    }
    metadata = {"name": "hub", "labels": {"app": "hub"}}
    service = {"selector": {"app": "hub"}, "ports": [{"port": PORT}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    kubectl = stack.kubectl
    for each in (pod, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}):
        kubectl.apply(json.dumps(each))
    kubectl.run("wait", "pod/hub", "--for=condition=Ready", "--timeout=120s")
    with kubectl.port_forward("service/hub", str(PORT)) as port:
        yield lambda: dict(httpx.get(f"http://127.0.0.1:{port}/sent", timeout=10).json())


def pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    found = kubectl.items("pods", "app.kubernetes.io/component=model-group")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def fetching(kubectl: Kubectl, number: int = 0) -> str:
    return str(pods(kubectl)[number]["metadata"]["name"])


def said(kubectl: Kubectl, number: int = 0) -> str:
    """What the init container of a pod has printed."""
    return kubectl.logs(fetching(kubectl, number), container="prefetch-model")


def test_a_download_that_is_cut_goes_on_and_the_engine_serves_it_offline(
    stack: Stack, sent: Sent, measured: Measured
) -> None:
    stack.helm.upgrade_install("t", ROOT, values=[group()])
    wait_until(lambda: sent()["sent"].get(LARGE, 0) >= LARGE_BYTES * 2 // 3, "two thirds are there", 180)
    stack.kubectl.run("delete", "pod", fetching(stack.kubectl), "--force", "--grace-period=0")
    stack.kubectl.wait_available(selector=RELEASE, timeout=AVAILABLE_SECONDS)
    assert f"{REPO} is complete" in said(stack.kubectl)
    state = sent()
    assert state["ranges"], "it began anew"
    share = state["sent"][LARGE] / LARGE_BYTES
    measured("what was sent of a file that was cut at two thirds, in whole files", round(share, 2))
    assert share < 1.6
    with stack.kubectl.port_forward(stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        assert client.chat("chat", QUESTION).strip() == ANSWER


def test_ten_pods_of_a_volume_fetch_it_once(stack: Stack, sent: Sent) -> None:
    """The pods run nothing but a web server: the download is what is looked at."""
    server = ["python3", "-m", "http.server", "8000"]
    fields = {"engine": "custom", "command": server, "args": [], "env": [], "resources": SMALL}
    stack.helm.upgrade_install("t", ROOT, values=[group(**fields, replicaCount=MANY)])
    stack.kubectl.wait_available(selector=RELEASE, timeout=AVAILABLE_SECONDS)
    logs = [said(stack.kubectl, number) for number in range(MANY)]
    assert [f"{REPO} is complete" in each for each in logs].count(True) == 1
    assert [f"{REPO} is there" in each for each in logs].count(True) == MANY - 1
    assert sent()["sent"][LARGE] == LARGE_BYTES


def test_a_job_fetches_it_before_there_is_a_pod(stack: Stack, sent: Sent) -> None:
    volume = {**CACHE, "accessModes": ["ReadWriteMany"]}
    fields = {"prefetch": {"enabled": True, "job": True}, "persistentVolumes": [volume]}
    stack.helm.upgrade_install("t", ROOT, values=[group(**fields, replicaCount=0)])
    job = ("job", "--selector=app.kubernetes.io/component=prefetch")
    stack.kubectl.run("wait", *job, "--for=condition=Complete", f"--timeout={AVAILABLE_SECONDS:.0f}s")
    assert not pods(stack.kubectl)
    assert sent()["sent"][LARGE] == LARGE_BYTES
    stack.helm.upgrade_install("t", ROOT, values=[group(**fields)])
    stack.kubectl.wait_available(selector=RELEASE, timeout=AVAILABLE_SECONDS)
    assert said(stack.kubectl) == f"{REPO} is there\n"
    assert sent()["sent"][LARGE] == LARGE_BYTES


def test_without_a_token_the_pod_says_what_to_set(stack: Stack, sent: Sent) -> None:
    stack.helm.upgrade_install("t", ROOT, values=[group(hub={"endpoint": HUB["endpoint"]})])

    def failed() -> bool:
        states = pods(stack.kubectl)[0]["status"].get("initContainerStatuses", ())
        return any(each["restartCount"] for each in states)

    wait_until(failed, "the download fails", 120)
    words = ("logs", fetching(stack.kubectl), "--container=prefetch-model", "--previous")
    text = stack.kubectl.run(*words).stdout
    assert text.startswith("401: ")
    assert "hub.token" in text
    assert not sent()["sent"]
