"""One model on several pods under load: LeaderWorkerSet's own controller, and stand-ins of vLLM.

As vLLM's, a set's serve when all ranks are there, and end when one goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.helm import HelmError
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import Stack
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Installed, Measured
from tests.cluster.evictions import evict
from tests.cluster.load import ENGINE_ENV, Load, all_streams_open
from tests.cluster.test_rollouts import GATEWAY, check_none_failed

SET = "t-inference-stack-chat-nodes"
KIND = "leaderworkersets.leaderworkerset.x-k8s.io"
PODS = f"leaderworkerset.sigs.k8s.io/name={SET}"
VALUES: dict[str, Any] = {
    "onwards": {"service": {"type": "NodePort"}},
    "modelGroups": {
        "chat": {
            "enabled": True,
            "engine": "vllm",
            "modelName": "demo/chat",
            "modelAlias": ["chat"],
            "nodes": 2,
            "replicaCount": 2,
            # A model takes time to load: a leader that is ready at once could be so with a worker that is about to go.
            "env": [*ENGINE_ENV, {"name": "STANDIN_LOAD_SECONDS", "value": "8"}],
        }
    },
}


@pytest.fixture(scope="module", autouse=True)
def refused(cluster: Cluster, namespace_for_all: str) -> str:
    """What Helm says where the controller is not there; nothing if an earlier test has installed it."""
    stack = Stack(cluster, "t", namespace_for_all)
    if stack.kubectl.exists("crd", KIND):
        return ""
    with pytest.raises(HelmError) as caught:
        stack.helm.upgrade_install("t", ROOT, values=[VALUES])
    return caught.value.output


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


def living(kubectl: Kubectl) -> dict[str, str]:
    """The sets' pods that are not about to end: name -> uid."""
    found = [each["metadata"] for each in kubectl.items("pods", PODS)]
    return {each["name"]: each["uid"] for each in found if "deletionTimestamp" not in each}


def wait_for_sets(kubectl: Kubectl) -> None:
    """Until both leaders are ready."""
    leaders = [f"pod/{SET}-{number}" for number in range(2)]
    wait_until(lambda: len(living(kubectl)) == 4, "four pods", AVAILABLE_SECONDS)
    kubectl.run("wait", *leaders, "--for=condition=Ready", f"--timeout={AVAILABLE_SECONDS:.0f}s")


def test_without_the_controller_an_install_is_refused(refused: str, measured: Measured) -> None:
    measured("the cluster had no controller before", bool(refused))
    assert not refused or "modelGroups.chat.nodes: the cluster has no LeaderWorkerSet" in " ".join(refused.split())


def test_an_update_of_all_sets_cuts_nothing(
    installed: Installed, kubectl: Kubectl, load: Load, measured: Measured
) -> None:
    before = living(kubectl)
    change = {"modelGroups": {"chat": {"podAnnotations": {"changed": "yes"}}}}
    installed.stack.helm.upgrade_install("t", ROOT, values=[*installed.values, change])
    wait_until(lambda: not {*living(kubectl).values()} & {*before.values()}, "all pods are new", AVAILABLE_SECONDS)
    wait_for_sets(kubectl)
    check_none_failed(load, measured)


@pytest.mark.parametrize("place", ["leader", "worker"])
def test_an_evicted_pod_takes_its_set_with_it_and_cuts_nothing(
    kubectl: Kubectl, load: Load, measured: Measured, place: str
) -> None:
    before = living(kubectl)
    name = {"leader": f"{SET}-0", "worker": f"{SET}-0-1"}[place]
    evict(kubectl, name)
    of_the_set = {uid for each, uid in before.items() if each.startswith(f"{SET}-0")}
    wait_until(lambda: not {*living(kubectl).values()} & of_the_set, "the set is new", AVAILABLE_SECONDS)
    wait_for_sets(kubectl)
    check_none_failed(load, measured)
    assert {uid for each, uid in before.items() if each.startswith(f"{SET}-1")} <= {*living(kubectl).values()}
