"""A group whose replicas each have an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Installed
from tests.cluster.tiny import TINY, gateway

REQUESTS = 24
COUNT = re.compile(r"^llamacpp:tokens_predicted_total(?:\{.*\})? (\S+)", re.MULTILINE)


TOKENS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())"


def served(installed: Installed) -> Mapping[str, float]:
    """How many tokens each replica has answered with, by its own metric."""
    kubectl = installed.stack.kubectl
    names = [pod["metadata"]["name"] for pod in kubectl.items("pods", "app.kubernetes.io/model-group=tiny")]
    metrics = {name: kubectl.exec(f"pod/{name}", ["python3", "-c", TOKENS]) for name in names}
    return {name: float(COUNT.findall(text)[0]) for name, text in metrics.items()}


def send_requests(installed: Installed) -> None:
    with gateway(installed) as client:
        for _ in range(REQUESTS):
            assert client.chat("tiny", QUESTION).strip() == ANSWER


def test_each_replica_gets_requests_at_its_own_address_also_after_scaling(install: Install) -> None:
    def values(replicas: int) -> dict[str, Any]:
        return {"modelGroups": {"tiny": {**TINY, "balancing": "perReplica", "replicaCount": replicas}}}

    installed = install(values(2))
    kubectl = installed.stack.kubectl
    kubectl.run("rollout", "status", "statefulset/t-inference-stack-tiny", f"--timeout={AVAILABLE_SECONDS:.0f}s")
    send_requests(installed)
    first = served(installed)
    assert sorted(first) == ["t-inference-stack-tiny-0", "t-inference-stack-tiny-1"]
    assert all(count > 0 for count in first.values()), first
    grown = install(values(3))
    kubectl.run("rollout", "status", "statefulset/t-inference-stack-tiny", f"--timeout={AVAILABLE_SECONDS:.0f}s")
    send_requests(grown)
    assert served(grown)["t-inference-stack-tiny-2"] > 0
