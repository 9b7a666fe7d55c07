"""Pods evicted by the API request that `kubectl drain` sends, as far as their disruption budgets allow it."""

from __future__ import annotations

import json
import math

from harness.cluster.processes import wait_until
from harness.kubectl import Kubectl
from harness.manifests import Object
from harness.run import Completed
from tests.cluster.conftest import Installed

OBSERVED_SECONDS = 30.0


def evict(kubectl: Kubectl, pod: str, *, check: bool = True) -> Completed:
    """Evict a pod within its disruption budget."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
    return kubectl.run("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction), check=check)


def check_every_budget(installed: Installed) -> dict[str, tuple[int, int]]:
    """Each budget's pods, and how many of them it let be evicted at once: some, and as many as it says."""
    budgets = installed.manifests.kind("PodDisruptionBudget")
    return {each["metadata"]["name"]: _check(installed.stack.kubectl, each) for each in budgets}


def _check(kubectl: Kubectl, budget: Object) -> tuple[int, int]:
    """Evict as many pods as the budget allows, when all are ready, and one more, which is refused."""
    name, spec = budget["metadata"]["name"], budget["spec"]
    selector = ",".join(f"{key}={value}" for key, value in spec["selector"]["matchLabels"].items())
    pods = [pod["metadata"]["name"] for pod in kubectl.items("pods", selector)]
    allowed = _allowed(spec, len(pods))
    assert allowed > 0, f"{name} never allows an eviction"
    expected = (len(pods), allowed)
    wait_until(lambda: _observed(kubectl, name) == expected, f"{name}: {expected}", OBSERVED_SECONDS)
    codes = [_code(evict(kubectl, pod, check=False)) for pod in pods[: allowed + 1]]
    assert codes == [201] * allowed + [429] * (len(pods) > allowed), (name, codes)
    return expected


def _allowed(spec: Object, pods: int) -> int:
    """How many of so many ready pods may be evicted at once; Kubernetes rounds percentages up."""
    given = str(spec.get("maxUnavailable", spec.get("minAvailable")))
    number = math.ceil(int(given[:-1]) * pods / 100) if given.endswith("%") else int(given)
    return number if "maxUnavailable" in spec else pods - number


def _observed(kubectl: Kubectl, budget: str) -> tuple[int, int]:
    """The ready pods of a budget and the evictions that it allows now, as its controller sees them."""
    status = kubectl.get("poddisruptionbudget", budget).get("status", {})
    return status.get("currentHealthy", 0), status.get("disruptionsAllowed", 0)


def _code(answer: Completed) -> int:
    """The status of an eviction's answer."""
    if answer.returncode == 0:
        return int(json.loads(answer.stdout)["code"])
    assert "(TooManyRequests)" in answer.stderr, answer.stderr
    return 429
