"""A release with keys for clients, and models for them to use."""

from __future__ import annotations

import json
import secrets
from typing import Any

from harness.client import Client
from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed

SECRET = "clients"
ANSWER = "Served."
KEYS = {name: f"made-up-{name}-{secrets.token_hex(8)}" for name in ("right", "narrow", "limited")}
"""A key for every alias, one for the alias `other` only, and one limited to a request per second."""

_QUICK = {"name": "STANDIN_LOAD_SECONDS", "value": "0"}
_ENGINE = {"enabled": True, "engine": "vllm", "env": [_QUICK]}
VALUES: dict[str, Any] = {
    "onwards": {
        "clientKeys": {
            "right": {"apiKey": {"name": SECRET, "key": "right"}},
            "narrow": {"apiKey": {"name": SECRET, "key": "narrow"}, "allowedAliases": ["other"]},
            "limited": {"apiKey": {"name": SECRET, "key": "limited"}, "requestsPerSecond": 1, "burst": 1},
        }
    },
    "modelGroups": {
        "chat": {
            **_ENGINE,
            "modelName": "demo/chat",
            "modelAlias": ["chat", "other"],
            "env": [_QUICK, {"name": "STANDIN_ANSWER", "value": ANSWER}],
        },
        "embed": {
            **_ENGINE,
            "modelName": "demo/embed",
            "modelAlias": ["embed"],
            "args": ["--runner", "pooling", "--convert", "embed"],
        },
    },
}


def put_keys(kubectl: Kubectl, keys: dict[str, str], name: str = SECRET) -> None:
    """Create or change a Secret."""
    kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys}))


def install_keyed(install: Install, kubectl: Kubectl) -> Installed:
    """Install the release, with its keys by reference, and wait until kube-proxy knows its engines."""
    put_keys(kubectl, KEYS)
    installed = install(VALUES)
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        Client(f"http://127.0.0.1:{port}", KEYS["right"]).settle()
    return installed
