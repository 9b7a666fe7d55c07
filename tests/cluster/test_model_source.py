"""A model from a volume answers through the gateway, and an adapter beside it; the engine is vLLM's stand-in."""

from __future__ import annotations

import json
import time
from typing import Any

from harness.cluster import Cluster
from harness.images import build
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Install, Installed
from tests.cluster.tiny import gateway

MODEL = "acme/model:1.0"
WITHOUT = "acme/vllm-server:1.0"
"""An image in which there is no model."""
SECONDS = 90.0
QUICK = [{"name": "STANDIN_LOAD_SECONDS", "value": "0"}]
FILL = {
    "name": "fill",
    "image": "vllm/vllm-openai",
    "command": ["sh", "-c", "echo '{}' > /claim/config.json"],
    "volumeMounts": [{"name": "claim", "mountPath": "/claim"}],
}


def vllm(alias: str, source: str, **more: Any) -> dict[str, Any]:
    return {"enabled": True, "engine": "vllm", "modelName": source, "modelAlias": [alias], "env": QUICK, **more}


def answers(installed: Installed, alias: str) -> bool:
    with gateway(installed) as client:
        return client.chat(alias, QUESTION).strip() == ANSWER


def test_a_model_in_an_image_is_served_with_its_adapter(cluster: Cluster, install: Install) -> None:
    cluster.load(build([MODEL]))
    installed = install({"modelGroups": {"image": vllm("image", f"oci://{MODEL}", adapters={"sql": "org/sql"})}})
    assert answers(installed, "image")
    assert answers(installed, "sql")


def test_a_model_on_a_claim_is_served(install: Install) -> None:
    writer = vllm("writer", "org/m", initContainers=[FILL])
    writer["persistentVolumes"] = [{"name": "claim", "size": "1Gi", "mountPath": "/claim"}]
    install({"modelGroups": {"writer": writer}})
    claim = "pvc://t-inference-stack-writer-claim"
    installed = install({"modelGroups": {"writer": writer, "reader": vllm("reader", claim)}})
    assert answers(installed, "reader")


def test_an_image_without_a_model_is_said_before_the_engine_starts(cluster: Cluster, install: Install) -> None:
    cluster.load(build([WITHOUT]))
    installed = install({"modelGroups": {"a": vllm("a", f"oci://{WITHOUT}", replicaCount=0)}})
    kubectl = installed.stack.kubectl
    kubectl.run("scale", "deployment/t-inference-stack-a", "--replicas=1")
    end = time.monotonic() + SECONDS
    said = ""
    while "holds no config.json" not in said and time.monotonic() < end:
        time.sleep(1)
        said = kubectl.run("logs", "deployment/t-inference-stack-a", "-c", "check-model", check=False).stdout
    assert WITHOUT in said, json.dumps(kubectl.items("pods", "app.kubernetes.io/model-group=a"))
