"""What operators of others have in common on a small node: their objects in an order, small, and their APIs."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.kubectl import Kubectl
from harness.manifests import Object, holds, load_all, pod_spec

FIRST = ("Namespace", "CustomResourceDefinition")
REQUESTS = {"cpu": "50m", "memory": "100Mi"}
TIMEOUT = 240.0


def apply(cluster: Cluster, objects: Iterable[Object], namespace: str) -> None:
    """Apply objects in their namespaces, or in this one, and wait until each of their Deployments is available.

    Raises:
        HarnessError: one is refused, or does not become available.
    """
    ordered = sorted(objects, key=lambda each: FIRST.index(each["kind"]) if each["kind"] in FIRST else len(FIRST))
    deployments = []
    for each in map(small, ordered):
        kubectl = Kubectl(cluster.kubeconfig, namespace=each["metadata"].get("namespace", namespace))
        kubectl.apply(json.dumps(each), server_side=True)
        if each["kind"] == "Deployment":
            deployments.append((kubectl, each["metadata"]["name"]))
    for kubectl, name in deployments:
        kubectl.wait_available(name, timeout=TIMEOUT)


def small(each: Object) -> Object:
    """A Deployment as it is on a small node: one pod, small requests, and probes that begin at once."""
    if each["kind"] != "Deployment":
        return each
    found = copy.deepcopy(each)
    found["spec"]["replicas"] = 1
    (server,) = pod_spec(found)["containers"]
    server |= {"imagePullPolicy": "IfNotPresent", "resources": {"requests": REQUESTS}}
    for probe in server.keys() & {"livenessProbe", "readinessProbe"}:
        server[probe] |= {"initialDelaySeconds": 2, "periodSeconds": 5}
    return found


def namespace(name: str) -> Object:
    """One that no manifest of theirs makes."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def kustomized(cluster: Cluster, directories: Iterable[Path], **more: Any) -> list[Object]:
    """What kustomize makes of these directories and of `more` fields of a kustomization, such as a namespace."""
    with tempfile.TemporaryDirectory(prefix="kustomize-") as directory:
        # It takes directories by relative paths only.
        resources = [os.path.relpath(each.resolve(), Path(directory).resolve()) for each in directories]
        own = {"kind": "Kustomization", "resources": resources, **more}
        Path(directory, "kustomization.yaml").write_text(json.dumps(own))
        return load_all(cluster.kubectl.run("kustomize", directory).stdout)


def wait_served(cluster: Cluster, api: str) -> None:
    """Until the API server reaches the server of this API; NotInTimeError after `TIMEOUT`."""
    kubectl = cluster.kubectl
    wait_until(lambda: holds(kubectl.get("apiservice", api), "Available"), api, TIMEOUT)
