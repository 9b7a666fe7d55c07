"""Groups that are scaled: KEDA, Prometheus and the gateway themselves, and stand-ins of vLLM.

Each is loaded until there are more pods and then less until there are fewer, and no request may fail meanwhile.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.keda import install_keda
from harness.cluster.processes import wait_until
from harness.cluster.prometheus import ADDRESS, FROM_IT, ask, install_prometheus
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import render
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Measured
from tests.cluster.load import ENGINE_ENV, Outcome, loaded, node_port

GATEWAY = "t-inference-stack-onwards"
CHAT = "t-inference-stack-chat"
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


@pytest.fixture(scope="module", autouse=True)
def operators(cluster: Cluster) -> None:
    install_prometheus(cluster)
    install_keda(cluster)


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def replicas(kubectl: Kubectl, kind: str = "deployment") -> int:
    """The pods that are ready."""
    return int(kubectl.get(kind, CHAT)["status"].get("readyReplicas", 0))


def gone(kubectl: Kubectl) -> bool:
    """Whether no pod is left, also none that terminates."""
    return not kubectl.items("pods", GROUP)


def answered(cluster: Cluster, query: str) -> bool:
    return ask(cluster, query) != []


def check(outcomes: list[Outcome], measured: Measured) -> None:
    failed = [f"{each.failure} ({'stream' if each.stream else 'request'})" for each in outcomes if each.failure]
    measured("requests, of which failed", f"{len(outcomes)}, {len(failed)}")
    assert len(outcomes) > 100
    assert failed == []


def trace(kubectl: Kubectl, measured: Measured, kind: str = "deployment") -> list[Outcome]:
    """Load, more load, and less again; every request's outcome.

    It begins when the alias answers: names of replicas that were looked up too early are unknown to DNS for a while.
    """
    address, port = node_port(kubectl, "door")
    Client(f"http://{address}:{port}").settle()
    outcomes = []
    began = time.monotonic()
    with loaded(node_port(kubectl, "door"), rate=RATE, streams=BUSY) as load:
        wait_until(lambda: replicas(kubectl, kind) == MOST, f"{MOST} pods", SCALED_SECONDS)
        measured("seconds until there were as many as there may be", round(time.monotonic() - began))
        # The new ones have their part, too.
        wait_until(lambda: len({each.engine for each in load.since(began)} - {""}) == MOST, "all answer", 60)
    outcomes += load.outcomes
    began = time.monotonic()
    with loaded(node_port(kubectl, "door"), rate=RATE, streams=QUIET) as load:
        wait_until(lambda: len(kubectl.items("pods", GROUP)) == 1, "one pod", SCALED_SECONDS)
        measured("seconds until only one was left", round(time.monotonic() - began))
        time.sleep(5)
    return outcomes + load.outcomes


def test_up_and_down_under_load(install: Install, source: str, measured: Measured) -> None:
    installed = install(values(source))
    kubectl = installed.stack.kubectl
    check(trace(kubectl, measured), measured)


def test_replicas_that_the_gateway_knows_come_and_go_without_its_rollout(install: Install, measured: Measured) -> None:
    installed = install(values("prometheus", balancing="perReplica"))
    kubectl = installed.stack.kubectl
    pods = {each["metadata"]["uid"] for each in kubectl.items("pods", "app.kubernetes.io/component=onwards")}
    check(trace(kubectl, measured, "statefulset"), measured)
    assert {each["metadata"]["uid"] for each in kubectl.items("pods", "app.kubernetes.io/component=onwards")} == pods


def test_from_zero_to_some_and_back_no_request_fails(install: Install, source: str, measured: Measured) -> None:
    installed = install(values(source, autoscaling={"minReplicas": 0, "idleSeconds": IDLE_SECONDS}))
    kubectl = installed.stack.kubectl
    outcomes = []
    with loaded(node_port(kubectl, "door"), rate=2, streams=1) as load:
        time.sleep(5)  # KEDA knows the gateway's metrics of an alias from its first request on
    outcomes += load.outcomes
    for _ in range(2):
        began = time.monotonic()
        wait_until(lambda: gone(kubectl), "no pod", SCALED_SECONDS)
        measured("seconds of idleness until there was no pod", round(time.monotonic() - began))
        began = time.monotonic()
        with loaded(node_port(kubectl, "door"), rate=RATE, streams=BUSY) as load:
            wait_until(lambda: replicas(kubectl) > 0, "a pod", SCALED_SECONDS)
            measured("seconds until the first pod was ready", round(time.monotonic() - began))
            wait_until(lambda: replicas(kubectl) == MOST, f"{MOST} pods", SCALED_SECONDS)
        outcomes += load.outcomes
    wait_until(lambda: gone(kubectl), "no pod", SCALED_SECONDS)
    check(outcomes, measured)


def test_an_upgrade_does_not_set_the_number_of_pods_back(install: Install, measured: Measured) -> None:
    installed = install(values("prometheus", autoscaling={"minReplicas": 2}))
    kubectl = installed.stack.kubectl
    wait_until(lambda: replicas(kubectl) == 2, "two pods", AVAILABLE_SECONDS)
    change = {"commonAnnotations": {"changed": "yes"}}
    seen: list[int] = []

    def watch(_: str, changed: dict[str, Any]) -> None:
        seen.append(changed["spec"]["replicas"])

    with kubectl.watch("deployment", GROUP, watch):
        installed.stack.helm.upgrade_install("t", ROOT, values=[*installed.values, change])
        wait_until(lambda: len(seen) > 1, "the change", 60)
    measured("numbers of pods seen", seen)
    assert {*seen} == {2}


def test_every_query_has_an_answer_on_real_scrapes(cluster: Cluster, install: Install, measured: Measured) -> None:
    """Of the real gateway before its first request, and of the real llama.cpp."""
    own = {"engine": "llama-cpp", "modelName": "/models/tiny.gguf", "autoscaling": {"by": "queue"}, "env": []}
    installed = install(values("prometheus", **own))
    kubectl = installed.stack.kubectl
    for by in ("requests", "queue"):
        rendered = render("t", [*installed.values, {"modelGroups": {"chat": {"autoscaling": {"by": by}}}}])
        (trigger,) = rendered["ScaledObject", CHAT]["spec"]["triggers"]
        query = trigger["metadata"]["query"].replace('namespace="default"', f'namespace="{kubectl.namespace}"')
        wait_until(partial(answered, cluster, query), f"an answer to {query}", 60)
        measured(f"{by}: {query} =", ask(cluster, query))
