"""Groups that are scaled: KEDA, Prometheus and the gateway themselves, and stand-ins of vLLM."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from harness.cluster import Cluster
from harness.cluster.keda import install_keda
from harness.cluster.processes import wait_until
from harness.cluster.prometheus import ask, install_prometheus
from harness.paths import ROOT
from harness.stack import render
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Measured
from tests.cluster.load import loaded, node_port
from tests.operations.scaled import (
    BUSY,
    CHAT,
    GROUP,
    IDLE_SECONDS,
    MOST,
    RATE,
    SCALED_SECONDS,
    SOURCES,
    check,
    gone,
    replicas,
    trace,
    values,
)


@pytest.fixture(scope="module", autouse=True)
def operators(cluster: Cluster) -> None:
    install_prometheus(cluster)
    install_keda(cluster)


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def answered(cluster: Cluster, query: str) -> bool:
    return ask(cluster, query) != []


def test_up_and_down_under_load(install: Install, source: str, measured: Measured) -> None:
    installed = install(values(source))
    kubectl = installed.stack.kubectl
    check(trace(kubectl, measured), measured)


def test_replicas_that_the_gateway_knows_come_and_go_without_its_rollout(install: Install, measured: Measured) -> None:
    installed = install(values("prometheus", balancing="perReplica"))
    kubectl = installed.stack.kubectl
    pods = {each["metadata"]["uid"] for each in kubectl.items("pods", "app.kubernetes.io/component=onwards")}
    check(trace(kubectl, measured, ("statefulset", CHAT)), measured)
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


def times(begins: timedelta, ends: timedelta) -> dict[str, Any]:
    """A schedule that keeps two pods between these times from now on."""
    now = datetime.now(UTC)
    begin, end = (f"{at.minute} {at.hour} * * *" for at in (now + begins, now + ends))
    return {"autoscaling": {"schedule": [{"start": begin, "end": end, "replicas": 2}]}}


def test_a_schedule_keeps_its_pods_without_a_request_and_lets_them_go(install: Install, measured: Measured) -> None:
    hour = timedelta(hours=1)
    own = times(-hour, 2 * hour)
    installed = install(values("prometheus", **own))
    kubectl = installed.stack.kubectl
    began = time.monotonic()
    wait_until(lambda: replicas(kubectl) == 2, "the schedule's pods", SCALED_SECONDS)
    measured("seconds until the schedule's pods were ready", round(time.monotonic() - began))
    later = {"modelGroups": {"chat": times(2 * hour, 3 * hour)}}
    installed.stack.helm.upgrade_install("t", ROOT, values=[*installed.values, later])
    wait_until(lambda: len(kubectl.items("pods", GROUP)) == 1, "one pod", SCALED_SECONDS)


def test_sets_of_pods_are_scaled_as_one(install: Install, measured: Measured) -> None:
    installed = install(values("prometheus", nodes=2))
    kubectl = installed.stack.kubectl
    check(trace(kubectl, measured, ("leaderworkerset", f"{CHAT}-nodes"), pods=2), measured)


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
