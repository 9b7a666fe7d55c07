"""vLLM itself in two pods of a LeaderWorkerSet, over gloo on CPU, as the chart renders them; the model is tiny."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.lws import install_lws
from harness.cluster.processes import wait_until
from harness.images import build
from harness.kubectl import Kubectl
from harness.paths import ROOT
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Install, Installed, Measured, own_namespace
from tests.cluster.killing import killer
from tests.engines.checks import STREAMS, check_answers
from tests.engines.streams import end_of_streams, open_streams
from tests.engines.test_vllm import ENGINE, IMAGE, OPTIONS, TAG

SET = "t-inference-stack-wide-nodes"
VALUES: dict[str, Any] = {
    "modelGroups": {
        "wide": {
            **ENGINE,
            "modelAlias": ["wide"],
            "nodes": 2,
            "args": [*OPTIONS, "--tensor-parallel-size", "2"],
            # A model of several ranks compiles a function even with --enforce-eager, and the image has no compiler.
            "env": [*ENGINE["env"], {"name": "TORCHDYNAMO_DISABLE", "value": "1"}],
            "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}, "limits": {"memory": "6Gi"}},
        },
    }
}


@pytest.fixture(scope="module")
def installed(cluster: Cluster, install_restricted: Install) -> Installed:
    install_lws(cluster)
    cluster.load(build([f"{IMAGE}:{TAG}"]))
    return install_restricted(VALUES)


def pods(kubectl: Kubectl, index: int) -> list[str]:
    """The names of the set's pods with that place in it that are not about to end: 0 leads."""
    selector = f"leaderworkerset.sigs.k8s.io/name={SET},leaderworkerset.sigs.k8s.io/worker-index={index}"
    found = kubectl.items("pods", selector)
    return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]


def uids(kubectl: Kubectl) -> set[str]:
    return {each["metadata"]["uid"] for each in kubectl.items("pods", f"leaderworkerset.sigs.k8s.io/name={SET}")}


def wait_for_successors(kubectl: Kubectl, before: set[str]) -> None:
    """Until all pods of the set are other ones than those before, and the leader serves."""
    wait_until(lambda: len(uids(kubectl)) == 2 and not uids(kubectl) & before, "new pods", 180)
    kubectl.run("wait", "pod", f"{SET}-0", "--for=condition=Ready", "--timeout=240s")


def test_two_pods_answer_as_one_model(client: Client) -> None:
    check_answers(client, "wide")


def test_only_the_leader_is_behind_the_service(kubectl: Kubectl) -> None:
    (leader,) = pods(kubectl, 0)
    slices = kubectl.items("endpointslices", "kubernetes.io/service-name=t-inference-stack-wide")
    targets = [each["targetRef"]["name"] for found in slices for each in found["endpoints"]]
    assert targets == [leader]


def test_a_worker_that_is_evicted_stays_until_the_streams_are_over(
    kubectl: Kubectl, client: Client, measured: Measured
) -> None:
    before = uids(kubectl)
    (worker,) = pods(kubectl, 1)
    with open_streams(client.url, "wide", STREAMS) as streams:
        began = time.monotonic()
        kubectl.run("delete", "pod", worker, "--wait=true", timeout=240)
        measured("seconds until the evicted worker was gone", round(time.monotonic() - began, 1))
    assert [each.how for each in streams] == ["length"] * STREAMS
    wait_for_successors(kubectl, before)


def test_an_upgrade_ends_no_stream(installed: Installed, client: Client, kubectl: Kubectl) -> None:
    before = uids(kubectl)
    change = {"modelGroups": {"wide": {"podAnnotations": {"changed": "yes"}}}}
    with open_streams(client.url, "wide", STREAMS) as streams:
        installed.stack.helm.upgrade_install("t", ROOT, values=[*installed.values, change])
        wait_until(lambda: uids(kubectl) != before, "the upgrade replaces the pods", 120)
    assert [each.how for each in streams] == ["length"] * STREAMS
    wait_for_successors(kubectl, before)
    assert client.chat("wide", QUESTION).strip() == ANSWER


def ends_when_a_worker_is_killed(kubectl: Kubectl, client: Client, cluster: Cluster) -> list[str]:
    """Kill the only worker's processes under streams; how each of those ended."""
    (worker,) = pods(kubectl, 1)
    with (
        own_namespace(cluster) as outside,
        killer(Kubectl(cluster.kubeconfig, namespace=outside)) as kill,
        ThreadPoolExecutor(STREAMS) as clients,
    ):
        streams = [clients.submit(end_of_streams, client.url, "wide") for _ in range(STREAMS)]
        time.sleep(2)
        kill(worker, kubectl)
        return [each.result() for each in streams]


def test_a_killed_worker_ends_the_answers_and_the_set_comes_back(
    kubectl: Kubectl, client: Client, cluster: Cluster, measured: Measured
) -> None:
    before = uids(kubectl)
    ends = ends_when_a_worker_is_killed(kubectl, client, cluster)
    assert "length" not in ends
    measured("how the streams ended when a worker was killed", ", ".join(sorted(set(ends))))
    began = time.monotonic()
    wait_for_successors(kubectl, before)
    measured("seconds until the set was back", round(time.monotonic() - began, 1))
    client.settle()
    assert client.chat("wide", QUESTION).strip() == ANSWER
