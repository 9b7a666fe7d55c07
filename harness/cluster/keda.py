"""KEDA itself, by its own manifests: what a group with `autoscaling.provider: keda` needs in the cluster."""

from __future__ import annotations

import json
from typing import Any

from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.images import build
from harness.images.catalog import KEDA_IMAGES, KEDA_MODULE, KEDA_TAG
from harness.kubectl import Kubectl
from harness.manifests import container, load_all
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "keda"
DEPLOYMENTS = ("keda-operator", "keda-metrics-apiserver")
WEBHOOKS = ("keda-admission", "keda-admission-webhooks")
API = "v1beta1.external.metrics.k8s.io"
TIMEOUT = 240.0


def install_keda(cluster: Cluster) -> None:
    """Install the operator and the server of its metrics, if the cluster has none; without the admission webhook.

    Raises:
        HarnessError: it cannot be built or installed, or does not become ready.
    """
    kubectl = Kubectl(cluster.kubeconfig, namespace=NAMESPACE)
    if kubectl.exists("apiservice", API):
        return
    cluster.load(build(f"{image}:{KEDA_TAG}" for image in KEDA_IMAGES))
    with step("Installing KEDA"):
        directory = module_directory(tool("go"), KEDA_MODULE) / "config" / "default"
        for each in _objects(kubectl.run("kustomize", directory).stdout):
            namespace = each["metadata"].get("namespace", NAMESPACE)
            Kubectl(cluster.kubeconfig, namespace=namespace).apply(json.dumps(each), server_side=True)
        for name in DEPLOYMENTS:
            kubectl.wait_available(name, timeout=TIMEOUT)
        wait_until(lambda: _serves(kubectl), "KEDA's metrics", TIMEOUT)


def _objects(text: str) -> list[dict[str, Any]]:
    """KEDA's objects, namespace and kinds first, for a small node: small requests, and probes that begin at once."""
    objects = [each for each in load_all(text) if each["metadata"]["name"] not in WEBHOOKS]
    for each in objects:
        if each["kind"] == "Deployment":
            server = container(each)
            server["imagePullPolicy"] = "IfNotPresent"
            server["resources"] = {"requests": {"cpu": "50m", "memory": "100Mi"}}
            for probe in ("livenessProbe", "readinessProbe"):
                server[probe] |= {"initialDelaySeconds": 2, "periodSeconds": 5}
    first = ("Namespace", "CustomResourceDefinition")
    return sorted(objects, key=lambda each: first.index(each["kind"]) if each["kind"] in first else len(first))


def _serves(kubectl: Kubectl) -> bool:
    conditions = kubectl.get("apiservice", API).get("status", {}).get("conditions", ())
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)
