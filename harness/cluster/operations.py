"""What is done in the same way on every cluster, through its API server."""

from __future__ import annotations

import json

from harness.cluster import Status
from harness.errors import HarnessError
from harness.kubectl import Kubectl
from harness.run import CommandError

GPU_SUFFIX = "/gpu"  # nvidia.com/gpu, amd.com/gpu, ...
ANSWER_SECONDS = 10.0


def ready(kubectl: Kubectl) -> bool:
    """Whether the API server says that it is ready."""
    try:
        return kubectl.run("get", "--raw=/readyz", check=False, timeout=ANSWER_SECONDS).returncode == 0
    except CommandError:
        return False


def status(provider: str, name: str, kubectl: Kubectl) -> Status:
    """What the API server says of itself and of its nodes; not running if it does not answer."""
    try:
        version = json.loads(kubectl.run("get", "--raw=/version", timeout=ANSWER_SECONDS).stdout)["gitVersion"]
        nodes = kubectl.items("nodes")
    except HarnessError as error:
        return Status(provider, name, running=False, detail=error.message.strip().splitlines()[-1])
    return Status(provider, name, True, version, len(nodes), gpus(nodes), detail=f"({kubectl.kubeconfig})")


def gpus(nodes: list[dict[str, object]]) -> int:
    """GPUs of every make that the nodes offer."""
    offered = [allocatable(node) for node in nodes]
    return sum(int(count) for node in offered for key, count in node.items() if key.endswith(GPU_SUFFIX))


def allocatable(node: dict[str, object]) -> dict[str, str]:
    status = node.get("status")
    found = status.get("allocatable") if isinstance(status, dict) else None
    return found or {}


def advertise(kubectl: Kubectl, count: int, resource: str) -> None:
    """Give every node `count` more of a resource it does not have; the kubelet keeps what it does not manage.

    Raises:
        HarnessError: `count` is negative.
    """
    if count < 0:
        raise HarnessError(f"A node cannot have {count} of {resource}.")
    offer = {resource: str(count)}
    patch = json.dumps({"status": {"capacity": offer, "allocatable": offer}})
    for node in kubectl.items("nodes"):
        kubectl.run("patch", "node", node["metadata"]["name"], "--subresource=status", "--type=merge", "--patch", patch)
