"""Pods are replaced under load without failed requests: rollouts, scaling, an eviction; and a killed engine.

The engines are stand-ins that terminate as vLLM does: SIGTERM cuts what is in flight. With `--shutdown-timeout` one
lives for all of that time, however early it is idle.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed, Measured
from tests.cluster.evictions import evict
from tests.cluster.killing import killer
from tests.cluster.lives import Lives, watched
from tests.cluster.load import ENGINE_ENV, Load, all_streams_open

GATEWAY = "t-inference-stack-onwards"
ENGINE = "t-inference-stack-chat"
GATEWAYS = "app.kubernetes.io/component=onwards"
ENGINES = "app.kubernetes.io/model-group=chat"
ROLLOUTS = 5
GATEWAY_IDLE_SECONDS = 10.0
ENGINE_IDLE_SECONDS = 15.0
"""The maximum time a terminating pod may run without a stream."""
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
    """The load, with all of its streams open."""
    with all_streams_open(kubectl, GATEWAY) as load:
        yield load


def check_none_failed(load: Load, measured: Measured) -> None:
    """No request failed, no stream was cut, and there were requests of both kinds."""
    load.stop()
    failed = load.failed()
    measured("requests", len(load.outcomes))
    measured("streams", sum(each.stream for each in load.outcomes))
    assert not failed, f"{len(failed)} of {len(load.outcomes)} failed: {failed[:5]}"
    assert {each.stream for each in load.outcomes} == {True, False}


def check_deleted_when_idle(lives: Lives, load: Load, measured: Measured, kind: str, limit: float) -> None:
    """Each pod that had streams when it started to terminate was deleted soon after the last of them."""
    remaining = {}
    for name, life in lives.terminated().items():
        assert life.deleted is not None and life.terminating is not None
        pods = {"gateway": life.address, "engine": name}
        ends = [each.ended for each in load.outcomes if each.stream and getattr(each, kind) == pods[kind]]
        if ends and max(ends) > life.terminating:
            remaining[name] = life.deleted - max(ends)
    assert remaining
    measured(f"seconds from the last stream until a pod was deleted, {kind}", round(max(remaining.values()), 1))
    assert max(remaining.values()) <= limit, remaining


def roll_out(kubectl: Kubectl, deployment: str) -> None:
    kubectl.run("rollout", "restart", f"deployment/{deployment}")
    kubectl.wait_available(deployment)


def test_rollouts_of_the_gateway_cut_nothing(kubectl: Kubectl, load: Load, measured: Measured) -> None:
    with watched(kubectl, GATEWAYS) as lives:
        for _ in range(ROLLOUTS):
            roll_out(kubectl, GATEWAY)
        lives.wait_deleted()
    check_none_failed(load, measured)
    assert len(lives.terminated()) == ROLLOUTS * 2
    check_deleted_when_idle(lives, load, measured, "gateway", GATEWAY_IDLE_SECONDS)


def test_rollouts_of_a_group_cut_nothing(kubectl: Kubectl, load: Load, measured: Measured) -> None:
    with watched(kubectl, ENGINES) as lives:
        for _ in range(ROLLOUTS):
            roll_out(kubectl, ENGINE)
        lives.wait_deleted()
    check_none_failed(load, measured)
    assert len(lives.terminated()) == ROLLOUTS * 2
    check_deleted_when_idle(lives, load, measured, "engine", ENGINE_IDLE_SECONDS)


def test_scaling_down_and_an_evicted_pod_of_each_kind_cut_nothing(
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
        gateways.wait_deleted()
        engines.wait_deleted()
    check_none_failed(load, measured)
    assert (len(gateways.terminated()), len(engines.terminated())) == (2, 1)
    check_deleted_when_idle(gateways, load, measured, "gateway", GATEWAY_IDLE_SECONDS)


def test_a_killed_engine_only_cuts_its_own_streams_and_is_replaced(
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
    # Another engine cannot continue a stream that has begun: those of the killed engine are cut, and no others.
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
    """The names of the pods that are not terminating."""
    pods = kubectl.items("pods", selector)
    return [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
