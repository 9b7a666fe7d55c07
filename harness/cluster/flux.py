"""Flux itself, by its controllers' own manifests, and a registry in the cluster that it takes charts from."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import CHART_REGISTRY_IMAGE, FLUX_IMAGES, FLUX_MODULES
from harness.kubectl import Kubectl
from harness.manifests import Object, load_all
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "flux-system"
REGISTRY = "registry"
PORT = 5000
REGISTRY_ADDRESS = f"{REGISTRY}.{NAMESPACE}.svc.cluster.local:{PORT}"
"""Where pods find the registry; it speaks plain HTTP."""


def install_flux(cluster: Cluster) -> None:
    """Install source-controller, helm-controller and the registry, if the cluster has none.

    Raises:
        HarnessError: one cannot be built or installed, or does not become ready.
    """
    kubectl = cluster.kubectl
    if Kubectl(cluster.kubeconfig, namespace=NAMESPACE).exists("deployment", "helm-controller"):
        return
    cluster.load(build(":".join(each) for each in (*FLUX_IMAGES.values(), CHART_REGISTRY_IMAGE)))
    with step("Installing Flux"):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        addons.apply(cluster, [namespace, *_controllers(kubectl), *_registry()], NAMESPACE)


@contextmanager
def pushed_to(cluster: Cluster) -> Iterator[str]:
    """`127.0.0.1:port`, which leads to the registry while the body runs."""
    with Kubectl(cluster.kubeconfig, namespace=NAMESPACE).port_forward(f"service/{REGISTRY}", PORT) as port:
        yield f"127.0.0.1:{port}"


def _controllers(kubectl: Kubectl) -> list[Object]:
    """Those of the modules, in one namespace; helm-controller's own default would fetch the other's from GitHub."""
    with tempfile.TemporaryDirectory(prefix="flux-") as directory:
        modules = [module_directory(tool("go"), module) for module in FLUX_MODULES.values()]
        parts = [module / "config" / part for module in modules for part in ("crd", "rbac", "manager")]
        # kustomize takes directories by relative paths only.
        resources = [os.path.relpath(each.resolve(), Path(directory).resolve()) for each in parts]
        own = {"kind": "Kustomization", "namespace": NAMESPACE, "resources": resources}
        Path(directory, "kustomization.yaml").write_text(json.dumps(own))
        return load_all(kubectl.run("kustomize", directory).stdout)


def _registry() -> list[Object]:
    labels, metadata = {"app": REGISTRY}, {"name": REGISTRY}
    probe = {"httpGet": {"path": "/v2/", "port": PORT}}
    container: dict[str, Any] = {
        "name": REGISTRY,
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
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]
