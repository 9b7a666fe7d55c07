"""A release with a very small model, and its pods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.client import Client
from harness.presets import images
from tests.cluster.conftest import Installed

TINY: dict[str, Any] = {
    "enabled": True,
    "image": images()["llama-cpp"].repository,
    "tag": images()["llama-cpp"].tag,
    "modelAlias": ["tiny"],
    "modelName": "tiny/model-GGUF",
}


@contextmanager
def gateway(installed: Installed) -> Iterator[Client]:
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        yield client


def pod_names(installed: Installed, group: str) -> set[str]:
    """The group's pods that are not terminating."""
    return _names(installed, f"app.kubernetes.io/model-group={group}")


def gateway_names(installed: Installed) -> set[str]:
    return _names(installed, "app.kubernetes.io/component=onwards")


def _names(installed: Installed, selector: str) -> set[str]:
    pods = installed.stack.kubectl.items("pods", f"app.kubernetes.io/instance=t,{selector}")
    return {pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}
