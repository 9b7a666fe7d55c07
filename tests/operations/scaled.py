"""A group that is scaled, as the tests install it, and what they load it with: stand-ins of vLLM behind the gateway.

It is loaded until there are more pods and then less until there are fewer, and no request may fail meanwhile.
"""

from __future__ import annotations

import time
from typing import Any

from harness.client import Client
from harness.cluster.processes import wait_until
from harness.cluster.prometheus import ADDRESS, FROM_IT
from harness.kubectl import Kubectl
from tests.cluster.conftest import Measured
from tests.cluster.load import ENGINE_ENV, Outcome, loaded, node_port

GATEWAY = "t-inference-stack-onwards"
CHAT = "t-inference-stack-chat"
DEPLOYMENT = ("deployment", CHAT)
GROUP = "app.kubernetes.io/model-group=chat"
MOST = 3
AT = 8
RATE = 20.0
"""Short requests per second, beside streams."""
BUSY, QUIET = 24, 2
"""Streams at a time: as many as three pods may have, and as one may."""
START_SECONDS = 15
IDLE_SECONDS = 20
SCALED_SECONDS = 240.0
SOURCES = {"prometheus": {"serverAddress": ADDRESS}, "gateway": {"serverAddress": ""}}
"""Whom KEDA asks: Prometheus, or the gateway's two pods one by one."""


def values(source: str, **fields: Any) -> dict[str, Any]:
    """A gateway of two pods, and one group that is scaled by requests in flight."""
    autoscaling = {"enabled": True, "maxReplicas": MOST, "target": AT, "startSeconds": START_SECONDS}
    own = fields.pop("autoscaling", {})
    return {
        "prometheus": SOURCES[source],
        "onwards": {"replicaCount": 2, "service": {"nodePort": 0}},
        "networkPolicy": {"metricsFrom": [*FROM_IT, {"namespaceSelector": {}}]},
        # Clients come by this one: the gateway's own has to be of type ClusterIP, for KEDA to find the metrics port.
        "extraObjects": {
            "door": {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "door"},
                "spec": {
                    "type": "NodePort",
                    "selector": {"app.kubernetes.io/component": "onwards", "app.kubernetes.io/instance": "t"},
                    "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
                },
            }
        },
        "modelGroups": {
            "chat": {
                "enabled": True,
                "engine": "vllm",
                "modelName": "demo/chat",
                "modelAlias": ["chat"],
                # A model takes time to load.
                "env": [*ENGINE_ENV, {"name": "STANDIN_LOAD_SECONDS", "value": "5"}],
                "autoscaling": {**autoscaling, **own},
                **fields,
            }
        },
    }


def replicas(kubectl: Kubectl, workload: tuple[str, str] = DEPLOYMENT) -> int:
    """The replicas that are ready."""
    return int(kubectl.get(*workload)["status"].get("readyReplicas", 0))


def gone(kubectl: Kubectl) -> bool:
    """Whether no pod is left, also none that terminates."""
    return not kubectl.items("pods", GROUP)


def check(outcomes: list[Outcome], measured: Measured) -> None:
    failed = [f"{each.failure} ({'stream' if each.stream else 'request'})" for each in outcomes if each.failure]
    measured("requests, of which failed", f"{len(outcomes)}, {len(failed)}")
    assert len(outcomes) > 100
    assert failed == []


def trace(
    kubectl: Kubectl,
    measured: Measured,
    workload: tuple[str, str] = DEPLOYMENT,
    *,
    pods: int = 1,
    quiet_rate: float = RATE,
) -> list[Outcome]:
    """Much load, and less again; every request's outcome. A replica has so many pods.

    It begins when the alias answers: names of replicas that were looked up too early are unknown to DNS for a while.
    """
    address, port = node_port(kubectl, "door")
    Client(f"http://{address}:{port}").settle()
    outcomes = []
    began = time.monotonic()
    with loaded(node_port(kubectl, "door"), rate=RATE, streams=BUSY) as load:
        wait_until(lambda: replicas(kubectl, workload) == MOST, f"{MOST} replicas", SCALED_SECONDS)
        measured("seconds until there were as many as there may be", round(time.monotonic() - began))
        # The new ones have their part, too.
        wait_until(lambda: len({each.engine for each in load.since(began)} - {""}) == MOST, "all answer", 60)
    outcomes += load.outcomes
    began = time.monotonic()
    with loaded(node_port(kubectl, "door"), rate=quiet_rate, streams=QUIET) as load:
        wait_until(lambda: len(kubectl.items("pods", GROUP)) == pods, "one replica", SCALED_SECONDS)
        measured("seconds until only one was left", round(time.monotonic() - began))
        time.sleep(5)
    return outcomes + load.outcomes
