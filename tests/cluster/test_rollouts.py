"""Pods come and go under load, and no client notices: rollouts, scaling, an eviction; and what a killed engine costs.

The engines are stand-ins for vLLM, which end as vLLM does: while one drains, it finishes what it has, and what is new
gets 500.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed, Measured
from tests.cluster.killing import killer
from tests.cluster.lives import Lives, watched
from tests.cluster.load import ENGINE_ENV, STREAM_SECONDS, Load, loaded, node_port

GATEWAY = "t-inference-stack-onwards"
ENGINE = "t-inference-stack-chat"
GATEWAYS = "app.kubernetes.io/component=onwards"
ENGINES = "app.kubernetes.io/model-group=chat"
ROLLOUTS = 5
IDLE_TO_GONE_SECONDS = 10.0
"""The most that a gateway pod may live on without a stream."""
FAILED_SHARE = 0.001
HOTTEST = 1.15
NEWCOMER = 0.8
NEWCOMER_SECONDS = 30.0
VALUES: dict[str, Any] = {
    "onwards": {"replicaCount": 2, "service": {"type": "NodePort"}},
    "modelGroups": {
        "chat": {
            "enabled": True,
            "engine": "vllm",
            "modelName": "demo/chat",
            "modelAlias": ["chat"],
            "replicaCount": 2,
            "env": ENGINE_ENV,
        }
    },
}


@pytest.fixture(scope="module")
def installed(install_for_all: Install) -> Installed:
    return install_for_all(VALUES)


@pytest.fixture
def kubectl(installed: Installed) -> Kubectl:
    return installed.stack.kubectl


@pytest.fixture
def load(kubectl: Kubectl) -> Iterator[Load]:
    """The clients, with all of their streams open."""
    with loaded(node_port(kubectl, GATEWAY)) as load:
        time.sleep(STREAM_SECONDS / 2)
        yield load


def unhurt(load: Load, measured: Measured) -> None:
    """No request has failed, no stream was cut, and there was a load."""
    load.stop()
    failed = load.failed()
    measured("requests", len(load.outcomes))
    measured("streams", sum(each.stream for each in load.outcomes))
    assert not failed, f"{len(failed)} of {len(load.outcomes)} failed: {failed[:5]}"
    assert {each.stream for each in load.outcomes} == {True, False}


def gone_when_idle(lives: Lives, load: Load, measured: Measured) -> None:
    """Each gateway pod that still had streams when it was told to go was gone soon after the last of them."""
    lived_on = {}
    for name, life in lives.ended().items():
        assert life.gone is not None and life.told_to_go is not None
        ends = [each.ended for each in load.outcomes if each.stream and each.gateway == life.address]
        if ends and max(ends) > life.told_to_go:
            lived_on[name] = life.gone - max(ends)
    assert lived_on
    measured("seconds from the last stream until a gateway was gone", round(max(lived_on.values()), 1))
    assert max(lived_on.values()) <= IDLE_TO_GONE_SECONDS, lived_on


def roll_out(kubectl: Kubectl, deployment: str) -> None:
    kubectl.run("rollout", "restart", f"deployment/{deployment}")
    kubectl.wait_available(deployment)


def test_rollouts_of_the_gateway_cut_nothing(kubectl: Kubectl, load: Load, measured: Measured) -> None:
    with watched(kubectl, GATEWAYS) as lives:
        for _ in range(ROLLOUTS):
            roll_out(kubectl, GATEWAY)
        lives.wait_gone()
    unhurt(load, measured)
    assert len(lives.ended()) == ROLLOUTS * 2
    gone_when_idle(lives, load, measured)


def test_rollouts_of_a_group_cut_nothing(kubectl: Kubectl, load: Load, measured: Measured) -> None:
    with watched(kubectl, ENGINES) as lives:
        for _ in range(ROLLOUTS):
            roll_out(kubectl, ENGINE)
        lives.wait_gone()
    unhurt(load, measured)
    assert len(lives.ended()) == ROLLOUTS * 2


def test_fewer_gateways_and_an_evicted_pod_of_each_kind_cut_nothing(
    kubectl: Kubectl, load: Load, measured: Measured
) -> None:
    kubectl.run("scale", f"deployment/{GATEWAY}", "--replicas=3")
    kubectl.wait_available(GATEWAY)
    with watched(kubectl, GATEWAYS) as gateways, watched(kubectl, ENGINES) as engines:
        kubectl.run("scale", f"deployment/{GATEWAY}", "--replicas=2")
        kubectl.wait_available(GATEWAY)
        for selector in (GATEWAYS, ENGINES):
            evict(kubectl, ready_pods(kubectl, selector)[0])
        kubectl.wait_available(GATEWAY, ENGINE)
        gateways.wait_gone()
        engines.wait_gone()
    unhurt(load, measured)
    assert (len(gateways.ended()), len(engines.ended())) == (2, 1)
    gone_when_idle(gateways, load, measured)


def test_a_killed_engine_costs_its_own_answers_and_its_place_is_taken(
    kubectl: Kubectl, load: Load, measured: Measured
) -> None:
    kubectl.run("scale", f"deployment/{ENGINE}", "--replicas=4")
    kubectl.wait_available(ENGINE)
    with watched(kubectl, ENGINES) as lives, killer(kubectl) as kill:
        killed, *_ = before = ready_pods(kubectl, ENGINES)
        from_kill = time.monotonic()
        kill(killed)
        kubectl.run("delete", "pod", killed, "--force", "--grace-period=0", "--wait=false")
        kubectl.wait_available(ENGINE)
        time.sleep(NEWCOMER_SECONDS)
        settled = time.monotonic()
        time.sleep(NEWCOMER_SECONDS)
    load.stop()
    # A stream that has begun cannot be taken over by another engine: those of the killed one, and only those, are cut.
    cut = {each.engine for each in load.failed() if each.engine}
    failed = [each for each in load.failed() if not each.engine]
    share = len(failed) / len(load.since(from_kill))
    served = Counter(each.engine for each in load.since(settled) if not each.failure and not each.stream)
    fair = served.total() / 4
    (newcomer,) = set(lives.pods) - set(before)
    measured("failed requests in 1000", round(1000 * share, 2))
    measured("hottest to mean", round(max(served.values()) / fair, 3))
    measured("newcomer to fair", round(served[newcomer] / fair, 3))
    assert cut <= {killed}
    assert share <= FAILED_SHARE, failed[:5]
    assert max(served.values()) / fair <= HOTTEST, served
    assert served[newcomer] / fair >= NEWCOMER, served


def ready_pods(kubectl: Kubectl, selector: str) -> list[str]:
    """The names of the pods that are not on their way out."""
    pods = kubectl.items("pods", selector)
    return [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def evict(kubectl: Kubectl, pod: str) -> None:
    """What `kubectl drain` asks of the API server for each pod of a node, within its disruption budget."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
    kubectl.run("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction))
