"""What is asked of every real engine."""

from __future__ import annotations

import time
from typing import Any

import httpx

from harness.client import Client
from harness.kubectl import Kubectl
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Measured
from tests.engines.streams import open_streams

STREAMS = 4


def engine_pod(kubectl: Kubectl) -> dict[str, Any]:
    """The pod of the group chat that is not about to end."""
    pods = kubectl.items("pods", "app.kubernetes.io/model-group=chat")
    (pod,) = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return dict(pod)


def check_restricted(kubectl: Kubectl) -> None:
    """The pod runs as no user of its image's, and cannot write to it."""
    pod = engine_pod(kubectl)
    assert pod["spec"]["securityContext"]["runAsUser"] == 10001
    container = next(each for each in pod["spec"]["containers"] if each["name"] == "chat")
    assert container["securityContext"]["readOnlyRootFilesystem"]


def check_answers(client: Client, alias: str) -> None:
    """The alias answers, whole and in pieces."""
    assert client.chat(alias, QUESTION).strip() == ANSWER
    pieces = list(client.stream(alias, QUESTION))
    assert len(pieces) > 1
    assert "".join(pieces).strip() == ANSWER


def check_key(door: str, key: str) -> None:
    """The engine answers with its key only."""
    body = {"model": "chat", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 4}
    answers = [
        httpx.post(f"{door}/v1/chat/completions", json=body, headers=headers, timeout=60).status_code
        for headers in ({}, {"Authorization": f"Bearer {key}"})
    ]
    assert answers == [401, 200]


def check_drain(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    """A pod that is deleted finishes its open streams, and another takes its place."""
    name = engine_pod(kubectl)["metadata"]["name"]
    with open_streams(client.url, "chat", STREAMS) as ends:
        began = time.monotonic()
        kubectl.run("delete", "pod", name, "--wait=true", timeout=180)
        measured("seconds until the terminated engine was gone", round(time.monotonic() - began, 1))
    assert ends == ["length"] * STREAMS
    assert engine_pod(kubectl)["metadata"]["name"] != name
