"""Nodes that are drained, and whether the pods on them end by themselves."""

from __future__ import annotations

from harness.kubectl import Kubectl
from tests.cluster.lives import Lives

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
DRAIN_SECONDS = 240
"""A drain that takes longer is stuck; it is no limit for one that goes on."""
KILLED = 128 + 9


def nodes(kubectl: Kubectl) -> list[str]:
    """The nodes where pods of users run; kind's control plane is another one."""
    found = {each["metadata"]["name"]: each["spec"].get("taints", ()) for each in kubectl.items("nodes")}
    return [name for name, taints in found.items() if CONTROL_PLANE not in {each["key"] for each in taints}]


def places(kubectl: Kubectl, selector: str) -> list[str]:
    """The node of each pod that is not terminating."""
    pods = kubectl.items("pods", selector)
    return sorted(pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"])


def drain(kubectl: Kubectl, node: str) -> None:
    """As an administrator does; it returns when the evicted pods are deleted."""
    kubectl.run("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={DRAIN_SECONDS}s")


def check_ended_by_themselves(*lives: Lives) -> None:
    """No container was killed at the end of its pod's grace period."""
    codes = {name: life.codes for each in lives for name, life in each.terminated().items()}
    assert all(codes.values()), codes
    assert KILLED not in {code for each in codes.values() for code in each.values()}, codes
