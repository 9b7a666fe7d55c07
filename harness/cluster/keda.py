"""KEDA itself, by its own manifests: what a group with `autoscaling.provider: keda` needs in the cluster."""

from __future__ import annotations

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import KEDA_IMAGES, KEDA_MODULE, KEDA_TAG
from harness.manifests import load_all
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "keda"
WEBHOOKS = ("keda-admission", "keda-admission-webhooks")
API = "v1beta1.external.metrics.k8s.io"


def install_keda(cluster: Cluster) -> None:
    """Install the operator and the server of its metrics, if the cluster has none; without the admission webhook.

    Raises:
        HarnessError: it cannot be built or installed, or does not become ready.
    """
    kubectl = cluster.kubectl
    if kubectl.exists("apiservice", API):
        return
    cluster.load(build(f"{image}:{KEDA_TAG}" for image in KEDA_IMAGES))
    with step("Installing KEDA"):
        directory = module_directory(tool("go"), KEDA_MODULE) / "config" / "default"
        found = load_all(kubectl.run("kustomize", directory).stdout)
        addons.apply(cluster, [each for each in found if each["metadata"]["name"] not in WEBHOOKS], NAMESPACE)
        addons.wait_served(cluster, API)
