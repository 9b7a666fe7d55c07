"""vLLM itself in two pods that share the requests (data parallel), over gloo on CPU, as the chart renders them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.lws import install_lws
from harness.images import build
from harness.kubectl import Kubectl
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Install, Installed, Measured
from tests.engines.checks import check_answers
from tests.engines.test_vllm import IMAGE, OPTIONS, TAG
from tests.engines.test_vllm_nodes import VALUES as WIDE
from tests.engines.test_vllm_nodes import ends_when_a_worker_is_killed, uids, wait_for_successors

VALUES = deepcopy(WIDE)
VALUES["modelGroups"]["wide"]["args"] = [*OPTIONS, "--data-parallel-size", "2"]
REQUESTS = 16


@pytest.fixture(scope="module")
def installed(cluster: Cluster, install_restricted: Install) -> Installed:
    install_lws(cluster)
    cluster.load(build([f"{IMAGE}:{TAG}"]))
    return install_restricted(VALUES)


def test_both_pods_take_requests(client: Client, kubectl: Kubectl, measured: Measured) -> None:
    check_answers(client, "wide")
    with ThreadPoolExecutor(REQUESTS) as clients:
        list(clients.map(lambda number: client.chat("wide", f"{QUESTION} {number}", max_tokens=64), range(REQUESTS)))
    with kubectl.port_forward("service/t-inference-stack-wide", "http") as port:
        page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    counted: dict[str, float] = {}
    for engine, count in re.findall(r'^vllm:request_success_total\{engine="(\d)".*\} (\S+)$', page, re.MULTILINE):
        counted[engine] = counted.get(engine, 0) + float(count)
    measured("requests by engine", counted)
    assert {*counted} == {"0", "1"}
    assert min(counted.values()) > 0


def test_a_killed_worker_ends_the_answers_and_the_set_comes_back(
    kubectl: Kubectl, client: Client, cluster: Cluster, measured: Measured
) -> None:
    before = uids(kubectl)
    ends = ends_when_a_worker_is_killed(kubectl, client, cluster)
    measured("how the streams ended when a worker was killed", ", ".join(sorted(ends)))
    wait_for_successors(kubectl, before)
    client.settle()
    assert client.chat("wide", QUESTION).strip() == ANSWER
