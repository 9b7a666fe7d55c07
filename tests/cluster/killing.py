"""Kill a pod's container as the kernel does when memory runs out: with SIGKILL, and without SIGTERM first.

`kubectl delete --force` differs: the kubelet still sends SIGTERM first, and vLLM answers 500 until it has ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.kubectl import Kubectl
from harness.presets import images

IMAGE = f"docker.io/{images()['vllm']}"
"""Used for its shell."""
_KILL = """for each in $(grep -l "$1" /proc/[0-9]*/cgroup); do
  directory=${each%/cgroup}
  kill -9 "${directory#/proc/}" || [ ! -e "$directory" ]
done"""
"""With the container's first process the kernel ends its others, which may be gone when it is their turn."""


@contextmanager
def killer(kubectl: Kubectl) -> Iterator[Callable[..., None]]:
    """Run a pod in the node's PID namespace; yield a function that kills a container's processes by its pod's name.

    The container is named if there are several. The pod is in the same namespace, or in that of another kubectl: one
    that is restricted takes no such pod.
    """
    name = "killer"
    container = {
        "name": name,
        "image": IMAGE,
        "command": ["sleep", "infinity"],
        "securityContext": {"runAsUser": 0},
    }
    spec = {"hostPID": True, "terminationGracePeriodSeconds": 0, "containers": [container]}
    kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}))
    try:
        kubectl.run("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")

        def kill(pod: str, of: Kubectl = kubectl, container: str = "") -> None:
            statuses = of.get("pod", pod)["status"]["containerStatuses"]
            (status,) = [each for each in statuses if container in ("", each["name"])]
            container_id = status["containerID"].split("://", 1)[1]
            kubectl.exec(f"pod/{name}", ["sh", "-ec", _KILL, "sh", container_id])

        yield kill
    finally:
        kubectl.delete("pod", name)
