"""Infinity itself on CPU, in a pod as the chart renders it, restricted and read-only; its model is a random one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.images.real.infinity import VERSION
from harness.kubectl import Kubectl
from harness.presets import presets
from tests.cluster.answers import QUESTION
from tests.cluster.conftest import Installed, Measured
from tests.engines.checks import check_embeddings, check_key, check_restricted, engine_pod
from tests.engines.conftest import InstallEngine

IMAGE = "michaelf34/infinity"
TAG = f"{VERSION}-cpu"
KEY = "sk-made-up-for-the-engine"
REQUESTS = 4
TEXTS = [f"{QUESTION} {number} " * 40 for number in range(1500)]
"""More than it embeds before its pod is out of its Service."""
VALUES: dict[str, Any] = {
    "modelGroups": {
        "embed": {
            "enabled": True,
            "image": IMAGE,
            "tag": TAG,
            "modelName": "/models/embedder",
            "modelAlias": ["embed", "text-embedding-3-small"],
            "apiKey": {"name": "engine-keys", "key": "embed"},
            "hub": {"offline": True},
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}},
            "drainSeconds": 120,
            # Its preset runs it as the user of its image; another one needs places to write to.
            "podSecurityContext": {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001},
            "securityContext": {"readOnlyRootFilesystem": True},
            "env": [{"name": "HOME", "value": "/tmp"}, {"name": "HF_HOME", "value": "/tmp"}],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        }
    }
}


@pytest.fixture(scope="module")
def installed(install_engine: InstallEngine) -> Installed:
    return install_engine(f"{IMAGE}:{TAG}", VALUES, KEY, "embed")


@pytest.fixture
def door(kubectl: Kubectl) -> Iterator[str]:
    with kubectl.port_forward("service/t-inference-stack-embed", "http") as port:
        yield f"http://127.0.0.1:{port}"


def test_it_runs_as_no_user_of_its_own_and_writes_nothing_to_its_image(kubectl: Kubectl) -> None:
    check_restricted(kubectl, "embed")


def test_an_alias_gives_embeddings(client: Client) -> None:
    check_embeddings(client, "embed", "text-embedding-3-small")


def test_it_requires_the_key_that_the_gateway_sends(door: str) -> None:
    check_key(door, KEY, "embeddings")


def test_its_health_and_metrics_need_no_key(door: str) -> None:
    preset = presets()["infinity"]
    for path in (preset["probes"]["readiness"]["path"], preset["metricsPath"]):
        assert httpx.get(f"{door}{path}", timeout=10).status_code == 200
    assert "\nhttp_requests_total{" in httpx.get(f"{door}{preset['metricsPath']}", timeout=10).text


def test_a_terminating_engine_finishes_its_requests(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    name = engine_pod(kubectl, "embed")["metadata"]["name"]
    body = {"model": "embed", "input": TEXTS}
    with ThreadPoolExecutor(REQUESTS) as clients:
        asked = [
            clients.submit(httpx.post, f"{client.url}/v1/embeddings", json=body, timeout=180) for _ in range(REQUESTS)
        ]
        time.sleep(1)
        began = time.monotonic()
        kubectl.run("delete", "pod", name, "--wait=false")
        assert not any(each.done() for each in asked), "there is no request to finish any more"
        answers = [each.result() for each in asked]
    measured("seconds until the requests had ended", round(time.monotonic() - began, 1))
    assert [(each.status_code, len(each.json().get("data", ()))) for each in answers] == [(200, len(TEXTS))] * REQUESTS
    kubectl.run("wait", "--for=delete", f"pod/{name}", "--timeout=180s", timeout=200)
    measured("seconds until the terminated engine was gone", round(time.monotonic() - began, 1))
