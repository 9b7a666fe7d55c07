"""prometheus-adapter itself, by its own manifests: what an HPA by anything but CPU needs beside a Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml

from harness.cluster import Cluster, addons, keda
from harness.cluster.prometheus import ADDRESS, NAMESPACE
from harness.images import build
from harness.images.catalog import PROMETHEUS_ADAPTER_IMAGE, PROMETHEUS_ADAPTER_MODULE
from harness.kubectl import Kubectl
from harness.manifests import Object, load_all, pod_spec
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

NAME = "prometheus-adapter"
CONFIG = "adapter-config"
KINDS = ("ServiceAccount", "ConfigMap", "Deployment", "Service", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
NOT_OURS = ("system:aggregated-metrics-reader", "resource-metrics-server-resources", "hpa-controller-custom-metrics")
"""What is for the API of metrics-server, which is there, and a binding to a role that no manifest has."""
CUSTOM_API, EXTERNAL_API = "v1beta1.custom.metrics.k8s.io", keda.API
RELIST = "10s"


@contextmanager
def prometheus_adapter(cluster: Cluster, rules: Mapping[str, Any]) -> Iterator[None]:
    """It serves the metrics APIs by these rules, as its Helm chart takes them, while the body runs.

    A cluster has one server of external metrics: where that is KEDA's, KEDA rests meanwhile.

    Raises:
        HarnessError: it cannot be built or installed, or does not become ready.
    """
    kubectl = cluster.kubectl
    cluster.load(build([":".join(PROMETHEUS_ADAPTER_IMAGE)]))
    config = {"rules": rules["custom"], "externalRules": rules["external"]}
    with _without_keda(cluster):
        try:
            with step("Installing prometheus-adapter"):
                addons.apply(cluster, _objects(yaml.safe_dump(config)), NAMESPACE)
                for api in (CUSTOM_API, EXTERNAL_API):
                    kubectl.apply(json.dumps(_api_service(api)))
                    addons.wait_served(cluster, api)
            yield
        finally:
            for api in (CUSTOM_API, EXTERNAL_API):
                kubectl.delete("apiservice", api)
            for each in _objects(""):
                where = Kubectl(cluster.kubeconfig, namespace=each["metadata"].get("namespace", NAMESPACE))
                where.delete(each["kind"].lower(), each["metadata"]["name"])


@contextmanager
def _without_keda(cluster: Cluster) -> Iterator[None]:
    """KEDA's operator writes its certificate into the registration of external metrics, whosever that is."""
    if not cluster.kubectl.exists("apiservice", EXTERNAL_API):
        yield
        return
    kubectl = Kubectl(cluster.kubeconfig, namespace=keda.NAMESPACE)
    served = kubectl.get("apiservice", EXTERNAL_API)
    registered = {key: served[key] for key in ("apiVersion", "kind")} | {
        "metadata": {key: served["metadata"][key] for key in ("name", "labels") if key in served["metadata"]},
        "spec": served["spec"],
    }
    kubectl.run("scale", "deployment/keda-operator", "--replicas=0")
    kubectl.run("wait", "pods", "--selector=app=keda-operator", "--for=delete", "--timeout=60s")
    kubectl.delete("apiservice", EXTERNAL_API)
    try:
        yield
    finally:
        kubectl.apply(json.dumps(registered))
        kubectl.run("scale", "deployment/keda-operator", "--replicas=1")
        kubectl.wait_available("keda-operator", timeout=addons.TIMEOUT)
        addons.wait_served(cluster, EXTERNAL_API)


def _objects(config: str) -> list[Object]:
    """Those of the module, with this configuration, which ask the Prometheus of the tests."""
    directory = module_directory(tool("go"), PROMETHEUS_ADAPTER_MODULE) / "deploy" / "manifests"
    every = [each for path in sorted(directory.glob("*.yaml")) for each in load_all(path.read_text())]
    found = [each for each in every if each["kind"] in KINDS and each["metadata"]["name"] not in NOT_OURS]
    for each in found:
        if each["kind"] == "ConfigMap":
            each["data"] = {"config.yaml": config}
        elif each["kind"] == "Deployment":
            (server,) = pod_spec(each)["containers"]
            kept = [word for word in server["args"] if not word.startswith(("--prometheus-url", "--metrics-relist"))]
            server["args"] = [*kept, f"--prometheus-url={ADDRESS}", f"--metrics-relist-interval={RELIST}"]
            server["image"] = ":".join(PROMETHEUS_ADAPTER_IMAGE)
    return found


def _api_service(name: str) -> Object:
    version, _, group = name.partition(".")
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": name},
        "spec": {
            "service": {"name": NAME, "namespace": NAMESPACE},
            "group": group,
            "version": version,
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }
