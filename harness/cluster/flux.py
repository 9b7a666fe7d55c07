"""Flux itself, by its controllers' own manifests."""

from __future__ import annotations

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import FLUX_IMAGES, FLUX_MODULES
from harness.kubectl import Kubectl
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAMESPACE = "flux-system"


def install_flux(cluster: Cluster) -> None:
    """Install source-controller and helm-controller, if the cluster has none.

    Raises:
        HarnessError: one cannot be built or installed, or does not become ready.
    """
    if Kubectl(cluster.kubeconfig, namespace=NAMESPACE).exists("deployment", "helm-controller"):
        return
    cluster.load(build(":".join(each) for each in FLUX_IMAGES.values()))
    modules = [module_directory(tool("go"), module) for module in FLUX_MODULES.values()]
    # Those of the modules, in one namespace; helm-controller's own default would fetch the other's from GitHub.
    parts = [module / "config" / part for module in modules for part in ("crd", "rbac", "manager")]
    with step("Installing Flux"):
        addons.apply(
            cluster, [addons.namespace(NAMESPACE), *addons.kustomized(cluster, parts, namespace=NAMESPACE)], NAMESPACE
        )
