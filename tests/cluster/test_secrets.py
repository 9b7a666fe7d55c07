"""A key by reference is in its Secret only: in no other object, log or release that the cluster shows."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from typing import Any

import pytest
from openai import APIStatusError

from harness.client import Client
from harness.cluster import Cluster
from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed
from tests.cluster.keyed import put_keys

SECRET = "given"
KEYS = {owner: f"made-up-{owner}-{secrets.token_hex(12)}" for owner in ("engine", "provider", "client")}
ANSWER = "Served."


def reference(owner: str) -> dict[str, str]:
    return {"name": SECRET, "key": owner}


VALUES: dict[str, Any] = {
    "modelGroups": {
        "chat": {
            "enabled": True,
            "engine": "vllm",
            "modelName": "demo/chat",
            "modelAlias": ["chat"],
            "apiKey": reference("engine"),
            "env": [{"name": "STANDIN_ANSWER", "value": ANSWER}, {"name": "STANDIN_LOAD_SECONDS", "value": "0"}],
        }
    },
    "externalProviders": {
        # Nothing listens there: the error messages, also those in the log, are checked for the key.
        "outside": {"url": "http://127.0.0.1:9/v1", "modelAlias": ["outside"], "apiKey": reference("provider")}
    },
    "onwards": {"clientKeys": {"someone": {"apiKey": reference("client")}}},
}


def test_a_key_by_reference_is_shown_nowhere(install: Install, cluster: Cluster, namespace: str) -> None:
    kubectl = Kubectl(cluster.kubeconfig, namespace)
    put_keys(kubectl, KEYS, name=SECRET)
    installed = install(VALUES)
    with kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}", key=KEYS["client"])
        client.settle()
        assert client.chat("chat", "Hi", max_tokens=1).strip() == ANSWER
        with pytest.raises(APIStatusError) as nobody:
            client.chat("outside", "Hi")
        assert nobody.value.status_code == 502
    shown = everything(installed)
    assert {"release", "log of deployment/t-inference-stack-onwards"} <= set(shown)
    for owner, key in KEYS.items():
        for form in (key, base64.b64encode(key.encode()).decode()):
            assert [place for place, text in shown.items() if form in text] == [], owner


def everything(installed: Installed) -> dict[str, str]:
    """All objects of the namespace except the Secret of the keys, the release as Helm stores it, and every log."""
    kubectl = installed.stack.kubectl
    kinds = kubectl.run("api-resources", "--namespaced", "--verbs=list", "--output=name").stdout.split()
    shown = {"helm get all": installed.stack.helm.run("get", "all", "t").stdout}
    for each in kubectl.items(",".join(kinds)):
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "Secret" and each["metadata"]["name"] == SECRET:
            continue
        shown[name] = json.dumps(each)
        if each.get("type") == "helm.sh/release.v1":
            shown["release"] = gzip.decompress(base64.b64decode(base64.b64decode(each["data"]["release"]))).decode()
        if each["kind"] == "Deployment":
            owner = f"deployment/{each['metadata']['name']}"
            shown[f"log of {owner}"] = kubectl.logs(owner)
    return shown
