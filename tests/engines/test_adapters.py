"""Adapters that come and go while vLLM itself runs, in a pod as the chart renders it; model and adapters are tiny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from openai import APIStatusError

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.kubectl import Kubectl
from tests.cluster.answers import QUESTION
from tests.cluster.conftest import Install, Installed, own_namespace
from tests.cluster.killing import killer
from tests.engines.checks import check_answers, check_restricted, engine_pod
from tests.engines.conftest import InstallEngine
from tests.engines.test_vllm import ENGINE, IMAGE, KEY, OPTIONS, TAG

ADAPTER = "/models/adapter"
LIVE_SECONDS = 240
"""The kubelet brings a changed ConfigMap to its pods within about a minute; a slow machine may need longer."""


def values(**adapters: str | None) -> dict[str, Any]:
    chat = {
        **ENGINE,
        "modelAlias": ["chat"],
        "apiKey": {"name": "engine-keys", "key": "chat"},
        "args": [*OPTIONS, "--max-lora-rank", "8"],
        "dynamicAdapters": True,
        "adapters": adapters,
    }
    # The gateway hears of aliases by its own watcher, so that the connection of the test is not ended by a rollout.
    return {"onwards": {"rollOnChange": False}, "modelGroups": {"chat": chat}}


@pytest.fixture(scope="module")
def installed(install_engine: InstallEngine) -> Installed:
    return install_engine(f"{IMAGE}:{TAG}", values(sql=ADAPTER), KEY)


def status(client: Client, model: str) -> int:
    try:
        client.chat(model, QUESTION, max_tokens=4)
    except APIStatusError as error:
        return error.status_code
    return 200


def until(client: Client, wanted: Mapping[str, int]) -> None:
    wait_until(lambda: {name: status(client, name) for name in wanted} == wanted, f"answers {wanted}", LIVE_SECONDS)


def restarts(kubectl: Kubectl) -> dict[str, int]:
    return {each["name"]: each["restartCount"] for each in engine_pod(kubectl)["status"]["containerStatuses"]}


def test_the_pod_is_restricted_and_ready_with_its_adapters(kubectl: Kubectl, client: Client) -> None:
    check_restricted(kubectl)
    check_answers(client, "chat")
    assert client.chat("sql", QUESTION, max_tokens=16) not in ("", client.chat("chat", QUESTION, max_tokens=16))


def test_no_client_of_the_gateway_can_load_one(client: Client, door: str) -> None:
    body = {"lora_name": "mine", "lora_path": ADAPTER}
    assert httpx.post(f"{client.url}/v1/load_lora_adapter", json=body, timeout=30).status_code == 404
    assert httpx.post(f"{door}/v1/load_lora_adapter", json=body, timeout=30).status_code == 401
    assert set(client.models()) == {"chat", "sql"}


def test_adapters_change_without_a_restart(install_restricted: Install, kubectl: Kubectl, client: Client) -> None:
    pod, counts = engine_pod(kubectl)["metadata"]["uid"], restarts(kubectl)
    install_restricted(values(support=ADAPTER))
    until(client, {"chat": 200, "support": 200, "sql": 404})
    assert client.chat("support", QUESTION, max_tokens=16) != client.chat("chat", QUESTION, max_tokens=16)
    assert (engine_pod(kubectl)["metadata"]["uid"], restarts(kubectl)) == (pod, counts)


def test_one_that_is_not_there_is_said_and_harms_none(
    install_restricted: Install, kubectl: Kubectl, client: Client
) -> None:
    install_restricted(values(support=ADAPTER, wrong="/models/nowhere"))
    pod = engine_pod(kubectl)["metadata"]["name"]
    wait_until(
        lambda: "loading wrong from /models/nowhere: 4" in kubectl.run("logs", pod, "-c", "load-adapters").stdout,
        "a log of the adapter that is not there",
        LIVE_SECONDS,
    )
    kubectl.run("wait", f"pod/{pod}", "--for=condition=Ready", "--timeout=1s")
    assert (status(client, "chat"), status(client, "support"), status(client, "wrong")) == (200, 200, 404)


def test_an_engine_that_starts_again_gets_those_that_it_had(cluster: Cluster, kubectl: Kubectl, client: Client) -> None:
    pod = engine_pod(kubectl)["metadata"]["name"]
    with own_namespace(cluster) as outside, killer(Kubectl(cluster.kubeconfig, namespace=outside)) as kill:
        kill(pod, kubectl, "chat")
    wait_until(lambda: restarts(kubectl)["chat"] == 1, "a second start of the engine", LIVE_SECONDS)
    kubectl.run("wait", f"pod/{pod}", "--for=condition=Ready", "--timeout=300s")
    assert client.chat("support", QUESTION, max_tokens=16) not in ("", client.chat("chat", QUESTION, max_tokens=16))
