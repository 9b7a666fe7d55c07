"""Prometheus itself, in a namespace of its own: it scrapes the pods of every namespace by their ports' names."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

from harness.cluster import Cluster
from harness.images import build
from harness.images.catalog import PROMETHEUS_IMAGE
from harness.kubectl import Kubectl
from harness.progress import step

NAMESPACE = "monitoring"
NAME = "prometheus"
PORT = 9090
ADDRESS = f"http://{NAME}.{NAMESPACE}:{PORT}"
INTERVAL = "2s"
TIMEOUT = 120.0
FROM_IT = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}]
"""The peer of network policies that Prometheus is."""

_RELABEL = [
    {"source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": "metrics|http", "action": "keep"},
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
]
_CONFIG = {
    "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
    "scrape_configs": [
        {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}], "relabel_configs": _RELABEL},
    ],
}
_ROLE = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
_CONTAINER: dict[str, Any] = {
    "name": NAME,
    "image": ":".join(PROMETHEUS_IMAGE),
    "args": [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/data",
        "--storage.tsdb.retention.time=1h",
    ],
    "ports": [{"name": "web", "containerPort": PORT}],
    "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "web"}, "periodSeconds": 2},
    "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "volumeMounts": [{"name": "config", "mountPath": "/etc/prometheus"}, {"name": "data", "mountPath": "/data"}],
}


def install_prometheus(cluster: Cluster) -> None:
    """Install it, if the cluster has none.

    Raises:
        HarnessError: it cannot be built, or does not become ready.
    """
    kubectl = Kubectl(cluster.kubeconfig, namespace=NAMESPACE)
    if kubectl.exists("namespace", NAMESPACE):
        return
    cluster.load(build([":".join(PROMETHEUS_IMAGE)]))
    with step("Installing Prometheus"):
        kubectl.run("create", "namespace", NAMESPACE)
        for each in _objects():
            kubectl.apply(json.dumps(each))
        kubectl.wait_available(NAME, timeout=TIMEOUT)


def _objects() -> list[dict[str, Any]]:
    labels = {"app": NAME}
    rbac = "rbac.authorization.k8s.io"
    volumes = [{"name": "config", "configMap": {"name": NAME}}, {"name": "data", "emptyDir": {}}]
    pod = {
        "serviceAccountName": NAME,
        "securityContext": {"fsGroup": 65532},
        "containers": [_CONTAINER],
        "volumes": volumes,
    }
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    template = {"metadata": {"labels": labels}, "spec": pod}
    kinds: dict[str, dict[str, Any]] = {
        "v1/ServiceAccount": {},
        f"{rbac}/v1/ClusterRole": {"rules": _ROLE},
        f"{rbac}/v1/ClusterRoleBinding": {
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": NAME},
            "subjects": [subject],
        },
        "v1/ConfigMap": {"data": {"prometheus.yml": json.dumps(_CONFIG)}},
        "apps/v1/Deployment": {"spec": {"selector": {"matchLabels": labels}, "template": template}},
        "v1/Service": {"spec": {"selector": labels, "ports": [{"port": PORT}]}},
    }
    return [
        {"apiVersion": kind.rpartition("/")[0], "kind": kind.rpartition("/")[2], "metadata": {"name": NAME}, **of}
        for kind, of in kinds.items()
    ]


def ask(cluster: Cluster, query: str) -> list[float]:
    """What a query has as its result: the value of each series; nothing is an empty list.

    Raises:
        HarnessError: Prometheus cannot be reached.
        OSError: it refuses the query.
    """
    kubectl = Kubectl(cluster.kubeconfig, namespace=NAMESPACE)
    with kubectl.port_forward(f"service/{NAME}", PORT) as port:
        address = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
    return [float(each["value"][1]) for each in result]
