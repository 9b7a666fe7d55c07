"""A registry of charts in the cluster, for what takes charts by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import CHART_REGISTRY_IMAGE
from harness.kubectl import Kubectl
from harness.manifests import Object

NAME = NAMESPACE = "registry"
PORT = 5000
REGISTRY_ADDRESS = f"{NAME}.{NAMESPACE}.svc.cluster.local:{PORT}"
"""Where pods find the registry; it speaks plain HTTP."""


def install_registry(cluster: Cluster) -> None:
    """Install the registry, if the cluster has none; what is pushed to it is gone with its pod.

    Raises:
        HarnessError: it cannot be built, or does not become ready.
    """
    if not Kubectl(cluster.kubeconfig, namespace=NAMESPACE).exists("deployment", NAME):
        cluster.load(build([":".join(CHART_REGISTRY_IMAGE)]))
        addons.apply(cluster, _objects(), NAMESPACE)


@contextmanager
def pushed_to(cluster: Cluster) -> Iterator[str]:
    """`127.0.0.1:port`, which leads to the registry while the body runs."""
    with Kubectl(cluster.kubeconfig, namespace=NAMESPACE).port_forward(f"service/{NAME}", PORT) as port:
        yield f"127.0.0.1:{port}"


def _objects() -> list[Object]:
    labels, metadata = {"app": NAME}, {"name": NAME}
    probe = {"httpGet": {"path": "/v2/", "port": PORT}}
    container: dict[str, Any] = {
        "name": NAME,
        "image": ":".join(CHART_REGISTRY_IMAGE),
        "args": ["registry", "serve", f"--address=:{PORT}"],
        "livenessProbe": {**probe},
        "readinessProbe": {**probe},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    deployment = {"selector": {"matchLabels": labels}, "template": template}
    service = {"selector": labels, "ports": [{"port": PORT}]}
    return [
        addons.namespace(NAMESPACE),
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]
