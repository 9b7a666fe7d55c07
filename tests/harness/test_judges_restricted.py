"""The port of Pod Security's rules, on pods that break one each; the API server's own word is asked on the cluster."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from harness.judges.finding import Finding
from harness.judges.restricted import RULES, broken, judge
from harness.manifests import Manifests
from tests.pod_security import GOOD, PODS


def test_a_pod_that_keeps_all_rules_breaks_none() -> None:
    assert broken(GOOD) == []


@pytest.mark.parametrize(("spec", "rules"), PODS.values(), ids=PODS)
def test_a_pod_breaks_the_rules_it_breaks(spec: dict[str, Any], rules: set[str]) -> None:
    assert set(broken(spec)) == rules


def test_every_rule_is_broken_by_one_of_the_pods() -> None:
    assert set().union(*(rules for _, rules in PODS.values())) == set(RULES)


def test_what_a_container_says_counts_before_the_pods_word() -> None:
    spec = deepcopy(GOOD)
    spec["securityContext"] = {}
    assert set(broken(spec)) == {"runAsNonRoot", "seccompProfile_restricted"}
    spec["containers"][0]["securityContext"] |= {"runAsNonRoot": True, "seccompProfile": {"type": "Localhost"}}
    assert broken(spec) == []
    spec["initContainers"] = [{"name": "i", "securityContext": GOOD["containers"][0]["securityContext"]}]
    assert set(broken(spec)) == {"runAsNonRoot", "seccompProfile_restricted"}


def test_findings_name_the_workload() -> None:
    bad = {**GOOD, "hostNetwork": True}
    deployment = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": bad}}}
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {}}
    assert judge(Manifests([deployment, service])) == {Finding("restricted", "hostNamespaces", "Deployment/a")}
