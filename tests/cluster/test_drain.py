"""Nodes are drained under load, on a cluster of two nodes that is started for it.

The engines are stand-ins that terminate as vLLM does: SIGTERM cuts what is in flight.
"""

from __future__ import annotations

import time

from harness.cluster import Cluster
from tests.cluster.conftest import Install, Measured
from tests.cluster.draining import check_ended_by_themselves, drain, nodes, places
from tests.cluster.lives import Lives, watched
from tests.cluster.load import Load, all_streams_open
from tests.cluster.test_rollouts import ENGINE, ENGINES, GATEWAY, GATEWAYS, VALUES, check_none_failed

STREAMS = 32
KUBE_PROXY_SECONDS = 10.0
"""A ready pod gets no connection before every node's kube-proxy has heard of it, which takes it a moment."""


def check_one_after_another(lives: Lives) -> None:
    """Each evicted pod but the first began to terminate when one more of the new ones was ready."""
    evicted = lives.terminated()
    _, *others = sorted(life.terminating for life in evicted.values() if life.terminating)
    ready = sorted(life.ready for name, life in lives.pods.items() if life.ready and name not in evicted)
    assert others
    assert all(came < went for came, went in zip(ready, others, strict=False)), (ready, others)


MOMENT = 1.0
"""Seconds in which every client streams: it takes one a moment from the end of a stream to the begin of its next."""


def engines_at(load: Load, at: float) -> list[str]:
    """The engines of the streams that were open in that moment; all are known when the load has stopped."""
    return [each.engine for each in load.outcomes if each.stream and each.began <= at + MOMENT and at <= each.ended]


def test_nodes_drained_one_after_the_other_cut_nothing(install_on_two_nodes: Install, measured: Measured) -> None:
    """As by an upgrade of the nodes: the second is drained when all pods are there, and one budget is asked twice."""
    kubectl = install_on_two_nodes(VALUES).stack.kubectl
    one, two = nodes(kubectl)
    assert places(kubectl, GATEWAYS) == places(kubectl, ENGINES) == [one, two]
    # The gateway keeps its connections: it has to know both engines when the load begins.
    time.sleep(KUBE_PROXY_SECONDS)
    drains: list[tuple[float, Lives]] = []
    with all_streams_open(kubectl, GATEWAY) as load:
        for node, other, pods in ((two, one, 1), (one, two, 2)):
            with watched(kubectl, GATEWAYS) as gateways, watched(kubectl, ENGINES) as engines:
                began = time.monotonic()
                drain(kubectl, node)
                measured(f"seconds of draining {node}", round(time.monotonic() - began, 1))
                kubectl.wait_available(GATEWAY, ENGINE)
            assert places(kubectl, GATEWAYS) == places(kubectl, ENGINES) == [other] * 2
            assert [len(each.terminated()) for each in (gateways, engines)] == [pods] * 2
            check_ended_by_themselves(gateways, engines)
            kubectl.run("uncordon", node)
            drains.append((began, engines))
    check_none_failed(load, measured)
    for began, engines in drains:
        streamed = engines_at(load, began)
        evicted = [engine for engine in streamed if engine in engines.terminated()]
        measured("streams open at the start of a drain, of evicted engines", (len(streamed), len(evicted)))
        assert len(streamed) >= STREAMS
        assert evicted
    check_one_after_another(engines)
    check_one_after_another(gateways)


def test_without_a_budget_a_busy_release_of_one_pod_each_serves_until_the_next_is_ready(
    two_nodes: Cluster, install_on_two_nodes: Install, measured: Measured
) -> None:
    other, node = nodes(two_nodes.kubectl)
    two_nodes.kubectl.run("cordon", other)
    onwards, group = ({**each, "replicaCount": 1} for each in (VALUES["onwards"], VALUES["modelGroups"]["chat"]))
    kubectl = install_on_two_nodes({"onwards": onwards, "modelGroups": {"chat": group}}).stack.kubectl
    two_nodes.kubectl.run("uncordon", other)
    assert not kubectl.items("poddisruptionbudgets")
    with (
        all_streams_open(kubectl, GATEWAY) as load,
        watched(kubectl, GATEWAYS) as gateways,
        watched(kubectl, ENGINES) as engines,
    ):
        began = time.monotonic()
        drain(kubectl, node)
        measured("seconds of the drain", round(time.monotonic() - began, 1))
        kubectl.wait_available(GATEWAY, ENGINE)
    check_none_failed(load, measured)
    check_ended_by_themselves(gateways, engines)
    for lives in (gateways, engines):
        (gone,) = lives.terminated().values()
        (come,) = [life for life in lives.pods.values() if life is not gone]
        assert gone.terminating and gone.deleted and come.ready
        measured("seconds from the eviction until the next pod is ready", round(come.ready - gone.terminating, 1))
        assert come.ready < gone.deleted
