"""Weights that the real vLLM streams from an object store in the cluster, as the chart renders an address of S3."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.images import build, real
from harness.images.catalog import SEAWEEDFS_IMAGE
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import Stack
from tests.cluster.conftest import AVAILABLE_SECONDS
from tests.cluster.keyed import put_keys
from tests.engines.checks import check_answers
from tests.engines.test_vllm import ENGINE, IMAGE, OPTIONS, TAG
from tests.object_store import Store, listens

PORT = 8333
KEYS = {"AWS_ACCESS_KEY_ID": f"made-up-{secrets.token_hex(4)}", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16)}
SECRET = "object-store"
FROM_SECRET = [{"name": name, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": name}}} for name in sorted(KEYS)]
ADDRESS = [
    {"name": "AWS_ENDPOINT_URL", "value": f"http://store:{PORT}"},
    {"name": "AWS_DEFAULT_REGION", "value": "us-east-1"},
    {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"},
    # The streamer puts the bucket before the store's name otherwise, and no such host is known.
    {"name": "RUNAI_STREAMER_S3_USE_VIRTUAL_ADDRESSING", "value": "0"},
]
VALUES: dict[str, Any] = {
    "modelGroups": {
        "chat": {
            **ENGINE,
            "modelAlias": ["chat"],
            "modelName": "s3://models/org/tiny",
            "args": OPTIONS,
            "env": [*ENGINE["env"], *ADDRESS, *FROM_SECRET],
        }
    }
}


@pytest.fixture
def stack(cluster: Cluster, namespace: str) -> Stack:
    store = ":".join(SEAWEEDFS_IMAGE)
    cluster.load(build([f"{IMAGE}:{TAG}", store]))
    stack = Stack(cluster, "t", namespace)
    put_keys(stack.kubectl, KEYS, SECRET)
    metadata = {"name": "store", "labels": {"app": "store"}}
    options = ["-dir=/tmp", "-ip=127.0.0.1", "-ip.bind=0.0.0.0", f"-s3.port={PORT}"]
    quiet = ["-webdav=false", "-admin.ui=false"]
    container = {
        "name": "store",
        "image": store,
        "args": ["mini", *options, *quiet],
        "env": FROM_SECRET,
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    service = {"selector": metadata["labels"], "ports": [{"port": PORT}]}
    for kind, spec in (("Pod", {"containers": [container]}), ("Service", service)):
        stack.kubectl.apply(json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}))
    stack.kubectl.run("wait", "pod/store", "--for=condition=Ready", "--timeout=120s")
    with stack.kubectl.port_forward("pod/store", str(PORT)) as port:
        found = Store(f"http://127.0.0.1:{port}", *KEYS.values())
        wait_until(lambda: listens(found), "the object store", 60)
        found.put("models", {f"org/tiny/{file.name}": file.read_bytes() for file in files()})
    return stack


def files() -> Iterator[Any]:
    return (file for file in (real.model() / "tiny").iterdir() if file.is_file())


def test_the_real_engine_answers_with_weights_of_an_object_store(stack: Stack) -> None:
    stack.install(ROOT, [VALUES], (), timeout=AVAILABLE_SECONDS)
    with stack.kubectl.port_forward(stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        check_answers(client, "chat")
    assert "Runai Model Streamer" in pod_log(stack.kubectl)


def pod_log(kubectl: Kubectl) -> str:
    return kubectl.run("logs", "deployment/t-inference-stack-chat", "-c", "chat").stdout
