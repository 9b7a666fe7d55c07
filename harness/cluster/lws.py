"""LeaderWorkerSet's own controller, by its own chart: what a group with `nodes` needs in the cluster."""

from __future__ import annotations

import json

from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.helm import Helm
from harness.images import build
from harness.images.catalog import LWS_IMAGE, LWS_MODULE, LWS_VERSION
from harness.kubectl import Kubectl
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "lws-system"
DEPLOYMENT = "lws-controller-manager"
TIMEOUT = 240.0


def install_lws(cluster: Cluster) -> None:
    """Install the controller, if the cluster has none.

    Raises:
        HarnessError: it cannot be built or installed, or does not become ready.
    """
    kubectl = Kubectl(cluster.kubeconfig, namespace=NAMESPACE)
    if kubectl.exists("crd", "leaderworkersets.leaderworkerset.x-k8s.io"):
        return
    cluster.load(build([f"{LWS_IMAGE}:{LWS_VERSION}"]))
    with step("Installing LeaderWorkerSet"):
        chart = module_directory(tool("go"), LWS_MODULE) / "charts" / "lws"
        # In the module the chart's image is the newest of its main branch, and a whole CPU is asked for.
        values = {
            "image": {"manager": {"repository": LWS_IMAGE, "tag": LWS_VERSION, "pullPolicy": "IfNotPresent"}},
            "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        }
        Helm(kubeconfig=cluster.kubeconfig, namespace=NAMESPACE).upgrade_install("lws", chart, values=[values])
        kubectl.wait_available(DEPLOYMENT, timeout=TIMEOUT)
        wait_until(lambda: _takes_sets(kubectl), "LeaderWorkerSet's webhook", TIMEOUT)


def _takes_sets(kubectl: Kubectl) -> bool:
    """Whether the API server takes one: the controller is ready some seconds before its webhook listens."""
    pod = {"spec": {"containers": [{"name": "a", "image": "a"}]}}
    spec = {"leaderWorkerTemplate": {"size": 1, "workerTemplate": pod}}
    each = {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "a"},
        "spec": spec,
    }
    words = ("apply", "--server-side", "--dry-run=server", "--filename=-")
    return kubectl.run(*words, stdin=json.dumps(each), check=False).returncode == 0
