"""Engines of which only a stand-in can be run, each with its preset: as the chart renders them, they answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.images import build
from harness.kubectl import Kubectl
from harness.presets import images
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Install, Installed
from tests.cluster.keyed import put_keys

KEY = "sk-made-up-for-the-engines"
GPU = {"limits": {"nvidia.com/gpu": 1}}
NGC = {"name": "NGC_API_KEY", "valueFrom": {"secretKeyRef": {"name": "engine-keys", "key": "ngc"}}}


def group(image: str, **values: Any) -> dict[str, Any]:
    return {"enabled": True, "image": image, "modelName": "demo/model", **values}


KEYED = {"apiKey": {"name": "engine-keys", "key": "engine"}}
GROUPS = {
    "tei": group("ghcr.io/huggingface/text-embeddings-inference", tag="cpu-1.9", modelAlias=["t", "t-too"], **KEYED),
    "infinity": group("michaelf34/infinity", tag="0.0.77", modelAlias=["i", "i-too"], **KEYED),
    "tgi": group(
        "ghcr.io/huggingface/text-generation-inference",
        tag="3.3.7",
        modelAlias=["g", "g-too"],
        adapters={"g-sql": "demo/sql"},
        resources=GPU,
        **KEYED,
    ),
    "lmdeploy": group(
        "openmmlab/lmdeploy",
        tag="v0.18.0",
        modelAlias=["l", "l-too"],
        adapters={"l-sql": "demo/sql"},
        resources=GPU,
        **KEYED,
    ),
    "nim": group(
        "nvcr.io/nim/meta/llama-3.1-8b-instruct",
        tag="1.8.4",
        modelName="meta/llama-3.1-8b-instruct",
        modelAlias=["n", "n-too"],
        env=[NGC],
        resources=GPU,
    ),
}
GROUPS["frontend"] = {
    "enabled": True,
    "engine": "triton-openai",
    "image": images()["triton"].repository,
    "tag": images()["triton"].tag,
    "modelName": "/repository",
    "modelAlias": ["demo-model"],
    "files": {"/repository/demo-model/1/model.json": "{}"},
    "resources": GPU,
}
EMBEDDINGS = ["t", "t-too", "i", "i-too"]
CHATS = ["g", "g-too", "g-sql", "l", "l-too", "l-sql", "n", "n-too", "demo-model"]


@pytest.fixture(scope="module")
def installed(cluster: Cluster, namespace_for_all: str, install_for_all: Install) -> Installed:
    cluster.load(build([f"{each['image']}:{each['tag']}" for each in GROUPS.values()]))
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace_for_all)
    put_keys(kubectl, {"engine": KEY, "ngc": "made-up"}, "engine-keys")
    return install_for_all({"modelGroups": GROUPS})


def test_every_alias_answers(installed: Installed) -> None:
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        assert sorted(client.models()) == sorted([*EMBEDDINGS, *CHATS])
        lengths = {alias: len(client.embed(alias, QUESTION)) for alias in EMBEDDINGS}
        assert 0 not in lengths.values(), lengths
        answers = {alias: client.chat(alias, QUESTION).strip() for alias in CHATS}
        assert answers == dict.fromkeys(CHATS, ANSWER)
        streams = {alias: list(client.stream(alias, QUESTION)) for alias in CHATS}
        assert {alias: "".join(pieces).strip() for alias, pieces in streams.items()} == answers
        assert 1 not in {len(pieces) for pieces in streams.values()}


@pytest.mark.parametrize("name", [name for name, values in GROUPS.items() if "apiKey" in values])
def test_an_engine_requires_the_key_that_the_gateway_sends(installed: Installed, name: str) -> None:
    path, body = "chat/completions", {"model": name, "messages": [{"role": "user", "content": QUESTION}]}
    if name in ("tei", "infinity"):
        path, body = "embeddings", {"model": name, "input": QUESTION}
    with installed.stack.kubectl.port_forward(f"service/t-inference-stack-{name}", "http") as port:
        asked = httpx.post(f"http://127.0.0.1:{port}/v1/{path}", json={**body, "max_tokens": 1}, timeout=60)
        assert asked.status_code == 401
