"""An alias served by an engine of the release, with an external provider as fallback: which answers, and its status.

The provider is a stand-in: a pod outside the release, reached by its URL (see provider.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.kubectl import Kubectl
from harness.presets import images
from tests.cluster import provider
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Installed
from tests.cluster.keyed import put_keys
from tests.cluster.killing import killer
from tests.cluster.tiny import gateway, pod_names

KEY = "made-up-key-of-the-provider"
OWN = "The engine answers."
PROVIDER_IMAGE = f"docker.io/{images()['vllm']}"
"""Used for its Python."""


def outside(alias: str, model: str, priority: int) -> dict[str, Any]:
    """A provider of one alias; the model's name selects its answer."""
    return {
        "url": f"http://provider:{provider.PORT}/v1",
        "modelAlias": [alias],
        "modelName": model,
        "priority": priority,
        "apiKey": {"name": "provider", "key": "key"},
    }


VALUES: dict[str, Any] = {
    "modelGroups": {
        "own": {
            "enabled": True,
            "engine": "vllm",
            "modelName": "demo/own",
            "modelAlias": ["chat", "busy-first", "broken-first", "down-first"],
            "priority": 1,
            "env": [
                {"name": "STANDIN_ANSWER", "value": OWN},
                # Longer than the gateway takes to notice that the engine is down: the provider must answer meanwhile.
                {"name": "STANDIN_LOAD_SECONDS", "value": "5"},
            ],
        }
    },
    "externalProviders": {
        "behind": outside("chat", "outside/chat", 2),
        "busy": outside("busy", "status-429", 0),
        "broken": outside("broken", "status-500", 0),
        "down": outside("down", "status-503", 0),
        "busy-first": outside("busy-first", "status-429", 0),
        "broken-first": outside("broken-first", "status-500", 0),
        "down-first": outside("down-first", "status-503", 0),
    },
    "routes": {"busy-first": {"fallback": {"onStatus": [429]}}},
}


@pytest.fixture(scope="module")
def installed(install_for_all: Install, namespace_for_all: str, cluster: Cluster) -> Installed:
    kubectl = Kubectl(cluster.kubeconfig, namespace_for_all)
    put_keys(kubectl, {"key": KEY}, name="provider")
    run_provider(kubectl)
    return install_for_all(VALUES)


@pytest.fixture(scope="module")
def client(installed: Installed) -> Iterator[Client]:
    with gateway(installed) as client:
        yield client


def run_provider(kubectl: Kubectl) -> None:
    labels = {"app": "provider"}
    container = {
        "name": "provider",
        "image": PROVIDER_IMAGE,
        "command": ["python3", "-c", Path(provider.__file__).read_text()],
        "env": [{"name": "KEY", "value": KEY}],
        "readinessProbe": {"tcpSocket": {"port": provider.PORT}, "periodSeconds": 1},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "provider"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "provider"},
        "spec": {"selector": labels, "ports": [{"port": provider.PORT}]},
    }
    for each in (deployment, service):
        kubectl.apply(json.dumps(each))
    kubectl.wait_available("provider")


def test_the_provider_answers_while_the_releases_engine_is_down(installed: Installed, client: Client) -> None:
    assert client.chat("chat", "Who?", max_tokens=3).strip() == OWN
    (engine,) = pod_names(installed, "own")
    answers: list[str] = []
    with killer(installed.stack.kubectl) as kill:
        kill(engine)
        until = time.monotonic() + AVAILABLE_SECONDS
        while answers[-2:] != [provider.ANSWER, OWN]:
            assert time.monotonic() < until, f"the engine did not come back: {answers[-5:]}"
            answers.append(client.chat("chat", "Who?", max_tokens=3).strip())  # any error ends the test
    assert set(answers) == {provider.ANSWER, OWN}


@pytest.mark.parametrize("alias", ["busy-first", "down-first"])
def test_a_status_in_the_routes_fallback_is_retried_elsewhere(alias: str, client: Client) -> None:
    assert client.chat(alias, "Who?", max_tokens=3).strip() == OWN


@pytest.mark.parametrize(("alias", "status"), [("busy", 429), ("broken", 500), ("broken-first", 500)])
def test_any_other_status_is_returned_to_the_client_with_its_retry_after(
    alias: str, status: int, client: Client
) -> None:
    answer = send(client, alias)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, "7")


def test_retries_that_all_fail_return_bad_gateway(client: Client) -> None:
    answer = send(client, "down")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (502, None)


def send(client: Client, alias: str) -> httpx.Response:
    body = {"model": alias, "messages": [{"role": "user", "content": "Who?"}]}
    return httpx.post(f"{client.url}/v1/chat/completions", json=body, timeout=60)
