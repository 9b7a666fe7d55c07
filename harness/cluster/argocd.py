"""Argo CD itself, by its own manifests: its core, which is its controllers without pages and users."""

from __future__ import annotations

import json

from harness.cluster import Cluster, addons
from harness.images import build
from harness.images.catalog import ARGOCD_IMAGE, VALKEY_IMAGE
from harness.kubectl import Kubectl
from harness.manifests import Object, pod_spec
from harness.progress import step
from harness.tools import module_of
from harness.tools.pins import ARGOCD, ARGOCD_MODULE

NAMESPACE = "argocd"
CONTROLLER = "argocd-application-controller"
REDIS = "public.ecr.aws/docker/library/redis"
UNUSED = "argocd-applicationset-controller"
"""Of the core; it makes Applications, and the tests have theirs."""


def install_argocd(cluster: Cluster) -> None:
    """Install it if the cluster has none, with the project `default`, which its API server would make.

    Valkey stands in for Redis.

    Raises:
        HarnessError: a part cannot be built or installed, or does not become ready.
    """
    kubectl = Kubectl(cluster.kubeconfig, namespace=NAMESPACE)
    if kubectl.exists("statefulset", CONTROLLER):
        return
    cluster.load(build(":".join(each) for each in (ARGOCD_IMAGE, VALKEY_IMAGE)))
    redis = {"name": REDIS, "newName": VALKEY_IMAGE[0], "newTag": VALKEY_IMAGE[1]}
    core = module_of(ARGOCD, ARGOCD_MODULE) / "manifests" / "core-install"
    with step("Installing Argo CD"):
        objects = addons.kustomized(cluster, [core], namespace=NAMESPACE, images=[redis])
        used = (_on_the_node(each) for each in objects if each["metadata"]["name"] != UNUSED)
        addons.apply(cluster, [addons.namespace(NAMESPACE), *used], NAMESPACE)
        kubectl.run("rollout", "status", f"statefulset/{CONTROLLER}", f"--timeout={addons.TIMEOUT:.0f}s")
        kubectl.apply(json.dumps(_project()))


def _on_the_node(each: Object) -> Object:
    """A workload that takes its images from the node, and has no keys of signers."""
    if each["kind"] in ("Deployment", "StatefulSet"):
        pod = pod_spec(each)
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            container["imagePullPolicy"] = "IfNotPresent"
            container.setdefault("env", []).append({"name": "ARGOCD_GPG_ENABLED", "value": "false"})
    return each


def _project() -> Object:
    every = {"group": "*", "kind": "*"}
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [every],
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "default"}, "spec": spec}
