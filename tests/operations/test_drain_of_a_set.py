"""A node with one pod of a model on two nodes is drained: LeaderWorkerSet's own controller, and stand-ins of vLLM.

As vLLM's, a set's serve when all ranks are there, and end when one goes.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from tests.cluster.conftest import AVAILABLE_SECONDS, GPUS_OF_TWO, Install, Measured
from tests.cluster.draining import check_ended_by_themselves, drain, nodes, places
from tests.cluster.lives import watched
from tests.cluster.load import STREAM_SECONDS, node_port, together
from tests.cluster.test_nodes import SET
from tests.cluster.test_rollouts import ENGINES, GATEWAY, VALUES

STREAMS = 32


def test_a_set_whose_node_is_drained_ends_its_streams_and_comes_back_with_the_node(
    two_nodes: Cluster, install_on_two_nodes: Install, measured: Measured
) -> None:
    """One pod of it takes all GPUs of a node."""
    size = {"replicaCount": 1, "nodes": 2, "resources": {"limits": {"nvidia.com/gpu": GPUS_OF_TWO}}}
    group = {**VALUES["modelGroups"]["chat"], **size}
    kubectl = install_on_two_nodes({"onwards": VALUES["onwards"], "modelGroups": {"chat": group}}).stack.kubectl
    address, worker = node_port(kubectl, GATEWAY), kubectl.get("pod", f"{SET}-0-1")
    assert places(kubectl, ENGINES) == nodes(two_nodes.kubectl)
    with ThreadPoolExecutor() as pool, watched(kubectl, ENGINES) as engines:
        streams = pool.submit(together, address, STREAMS, stream=True)
        time.sleep(STREAM_SECONDS / 2)
        began = time.monotonic()
        drain(kubectl, worker["spec"]["nodeName"])
        measured("seconds of the drain", round(time.monotonic() - began, 1))
        outcomes = streams.result()
    assert len(outcomes) == STREAMS
    assert not [each for each in outcomes if each.failure]
    assert all(each.began < began < each.ended for each in outcomes)
    assert len(engines.terminated()) == 2
    check_ended_by_themselves(engines)
    (meanwhile,) = together(address, 1, stream=False)
    assert "status 502" in meanwhile.failure
    two_nodes.kubectl.run("uncordon", worker["spec"]["nodeName"])
    wait_until(lambda: not together(address, 1, stream=False)[0].failure, "an answer again", AVAILABLE_SECONDS)
