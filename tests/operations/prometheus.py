"""Prometheus and kube-state-metrics in a pod; targets are what the operator would make of the chart's PodMonitors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import yaml

from harness.cluster import Cluster
from harness.images import build
from harness.images.catalog import KUBE_STATE_METRICS_IMAGE, PROMETHEUS_IMAGE
from harness.kubectl import Kubectl
from harness.manifests import Manifests, Object

IMAGE = ":".join(PROMETHEUS_IMAGE)
STATE_IMAGE = ":".join(KUBE_STATE_METRICS_IMAGE)
STATES = ["deployments", "statefulsets", "pods"]
"""The kinds whose states the rules read."""
PORT = 9090
STATE_PORT = 8080
KUBELET_PORT = 10250
SCRAPE = "2s"
QUERY_SECONDS = 10.0


def _label(name: str) -> str:
    """A pod's label as Prometheus' discovery and the operator name it."""
    return "".join(each if each.isalnum() else "_" for each in name)


def scrape_configs(manifests: Manifests) -> Iterator[dict[str, Any]]:
    """What the operator makes of PodMonitors, of the fields that the chart sets."""
    for monitor in manifests.kind("PodMonitor"):
        spec, name = monitor["spec"], monitor["metadata"]["name"]
        for number, endpoint in enumerate(spec["podMetricsEndpoints"]):
            config = _scrape_config(spec, endpoint)
            yield {"job_name": f"podMonitor/{name}/{number}", **config}


def _scrape_config(spec: Object, endpoint: Object) -> dict[str, Any]:
    keeps = [
        {"source_labels": [f"__meta_kubernetes_pod_label_{_label(key)}"], "regex": value, "action": "keep"}
        for key, value in spec["selector"]["matchLabels"].items()
    ]
    targets = [
        {"source_labels": [f"__meta_kubernetes_pod_label_{_label(key)}"], "target_label": _label(key)}
        for key in spec["podTargetLabels"]
    ]
    relabel = [
        *keeps,
        {"source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": endpoint["port"], "action": "keep"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        {"target_label": "endpoint", "replacement": endpoint["port"]},
        *targets,
    ]
    metrics = [
        {"source_labels": each["sourceLabels"], "regex": each["regex"], "action": each["action"]}
        for each in endpoint.get("metricRelabelings", ())
    ]
    key = endpoint.get("authorization", {}).get("credentials")
    return {
        "metrics_path": endpoint["path"],
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": spec["namespaceSelector"]["matchNames"]}}],
        "relabel_configs": relabel,
        "metric_relabel_configs": metrics,
        **({"authorization": {"credentials_file": f"/etc/keys/{key['name']}/{key['key']}"}} if key else {}),
    }


KUBELET: dict[str, Any] = {
    "scheme": "https",
    "tls_config": {"insecure_skip_verify": True},
    "authorization": {"credentials_file": "/var/run/secrets/kubernetes.io/serviceaccount/token"},
}


def settings(manifests: Manifests, node: str) -> str:
    kubelet = {**KUBELET, "static_configs": [{"targets": [f"{node}:{KUBELET_PORT}"]}]}
    jobs = [
        *scrape_configs(manifests),
        {"job_name": "kubelet", **kubelet},
        {"job_name": "probes", "metrics_path": "/metrics/probes", **kubelet},
        {"job_name": "state", "static_configs": [{"targets": [f"localhost:{STATE_PORT}"]}]},
    ]
    every = {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE}
    return yaml.safe_dump({"global": every, "scrape_configs": jobs, "rule_files": ["/etc/prometheus/rules.yaml"]})


def objects(manifests: Manifests, namespace: str, node: str, keys: Mapping[str, str]) -> list[Object]:
    """Prometheus' pod and what it needs, `keys` being Secret -> key in it that a scrape asks for."""
    (rules,) = manifests.kind("PrometheusRule")
    files = {"prometheus.yaml": settings(manifests, node), "rules.yaml": yaml.safe_dump(rules["spec"])}
    name = {"name": "prometheus"}
    role = f"prometheus-{namespace}"
    rights = [
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        {"apiGroups": ["", "apps"], "resources": STATES, "verbs": ["get", "list", "watch"]},
    ]
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    spec = {
        "serviceAccountName": "prometheus",
        "containers": [
            {
                "name": "prometheus",
                "image": IMAGE,
                "args": ["--config.file=/etc/prometheus/prometheus.yaml", "--storage.tsdb.path=/tmp/tsdb"],
                "ports": [{"name": "web", "containerPort": PORT}],
                "volumeMounts": [
                    {"name": "config", "mountPath": "/etc/prometheus"},
                    {"name": "tmp", "mountPath": "/tmp"},
                    *({"name": each, "mountPath": f"/etc/keys/{each}"} for each in keys),
                ],
            },
            {
                "name": "kube-state-metrics",
                "image": STATE_IMAGE,
                "args": [f"--port={STATE_PORT}", f"--namespaces={namespace}", f"--resources={','.join(STATES)}"],
            },
        ],
        "volumes": [
            {"name": "config", "configMap": name},
            {"name": "tmp", "emptyDir": {}},
            *({"name": each, "secret": {"secretName": each}} for each in keys),
        ],
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": name},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rights},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            "subjects": [subject],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": name, "data": files},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**name, "labels": {"app": "prometheus"}}, "spec": spec},
    ]


class Prometheus:
    """The one that runs, behind a forwarded port."""

    def __init__(self, kubectl: Kubectl, url: str) -> None:
        self.kubectl = kubectl
        self.url = url

    def ask(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=QUERY_SECONDS).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        return list(self.ask("query", query=expression)["result"])

    def targets(self) -> dict[str, list[tuple[str, str]]]:
        """Job -> the pod, health and last error of each of its targets."""
        found: dict[str, list[tuple[str, str]]] = {}
        for each in self.ask("targets", state="active")["activeTargets"]:
            error = f"{each['health']} {each['lastError']}".strip()
            found.setdefault(each["labels"]["job"], []).append((each["labels"].get("pod", ""), error))
        return found


@contextmanager
def running(cluster: Cluster, manifests: Manifests, kubectl: Kubectl, keys: Mapping[str, str]) -> Iterator[Prometheus]:
    """Prometheus in kubectl's namespace, which ends with the body, with what it needs beyond the namespace."""
    cluster.load(build([IMAGE, STATE_IMAGE]))
    (node,) = kubectl.items("nodes")
    address = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
    made = objects(manifests, kubectl.namespace, address, keys)
    kubectl.apply(yaml.safe_dump_all(made))
    try:
        kubectl.run("wait", "--for=condition=Ready", "pod/prometheus", "--timeout=120s")
        with kubectl.port_forward("pod/prometheus", str(PORT)) as port:
            yield Prometheus(kubectl, f"http://127.0.0.1:{port}")
    finally:
        for each in made:
            if each["kind"].startswith("ClusterRole"):
                kubectl.delete(each["kind"].lower(), each["metadata"]["name"])
