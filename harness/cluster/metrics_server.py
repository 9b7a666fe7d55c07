"""metrics-server itself, by its own manifests: what an HPA by CPU needs in the cluster."""

from __future__ import annotations

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import METRICS_SERVER_IMAGE, METRICS_SERVER_MODULE
from harness.manifests import Object, load_all, pod_spec
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "kube-system"
API = "v1beta1.metrics.k8s.io"


def install_metrics_server(cluster: Cluster) -> None:
    """Install it, if the cluster has none.

    Raises:
        HarnessError: it cannot be built or installed, or does not become ready.
    """
    kubectl = cluster.kubectl
    if kubectl.exists("apiservice", API):
        return
    cluster.load(build([":".join(METRICS_SERVER_IMAGE)]))
    with step("Installing metrics-server"):
        directory = module_directory(tool("go"), METRICS_SERVER_MODULE) / "manifests" / "base"
        found = load_all(kubectl.run("kustomize", directory).stdout)
        addons.apply(cluster, map(_of_module, found), NAMESPACE)
        addons.wait_served(cluster, API)


def _of_module(each: Object) -> Object:
    """In the module the image is that of its main branch. The kubelet's certificate is signed by nobody."""
    if each["kind"] == "Deployment":
        (server,) = pod_spec(each)["containers"]
        server |= {"image": ":".join(METRICS_SERVER_IMAGE), "args": [*server["args"], "--kubelet-insecure-tls"]}
    return each
