"""Our port of Pod Security's "restricted" and the real API server agree, pod by pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.cluster import Cluster
from harness.kubectl import Kubectl
from tests.pod_security import GOOD, PODS


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str) -> Kubectl:
    enforced = "pod-security.kubernetes.io/enforce=restricted"
    Kubectl(cluster.kubeconfig).run("label", "namespace", namespace, enforced)
    return Kubectl(cluster.kubeconfig, namespace)


def refused(kubectl: Kubectl, spec: dict[str, Any]) -> str:
    """What the API server says against a pod; nothing if it would be admitted."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {**spec, "enableServiceLinks": False}}
    done = kubectl.run("apply", "--dry-run=server", "--filename=-", stdin=json.dumps(pod), check=False)
    return done.stderr if done.returncode else ""


def test_the_api_server_refuses_the_pods_that_break_a_rule_and_no_other(kubectl: Kubectl) -> None:
    assert refused(kubectl, GOOD) == ""
    said = {name: refused(kubectl, spec) for name, (spec, _) in PODS.items()}
    wrong = {name: text for name, text in said.items() if ("violates PodSecurity" in text) != bool(PODS[name][1])}
    assert wrong == {}
