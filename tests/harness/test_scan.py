from __future__ import annotations

from typing import Any, ClassVar

import pytest

from harness.errors import HarnessError
from harness.manifests import Manifests
from harness.scan import Finding, checkov, kube_score, restricted
from harness.scan.__main__ import check, placed
from harness.scan.waivers import WAIVERS, waived

MINE = Finding("checkov", "CKV_K8S_8", "Deployment/a")
WAIVED = Finding("checkov", "CKV_K8S_43", "Deployment/a")
NONE = {"drop": ["ALL"]}
SAFE = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
ONE = Manifests([{"kind": "Deployment", "metadata": {"name": "a"}}])


class TestCheckov:
    def output(self, count: int, errors: int = 0) -> dict[str, Any]:
        names = ("Deployment.ns.a", "Pod.ns.a.app.kubernetes.io/name-x.app.kubernetes.io/instance-t")
        failed = [{"check_id": "CKV_K8S_8", "file_path": "/one.yaml", "resource": name} for name in names]
        summary = {"parsing_errors": errors, "resource_count": count}
        return {"summary": summary, "results": {"failed_checks": failed}}

    def test_findings_are_of_a_render_and_an_object(self) -> None:
        pod = Finding("checkov", "CKV_K8S_8", "Pod/a")
        assert checkov.read(self.output(2), {"one": ONE, "two": ONE}) == {"one": {MINE, pod}, "two": set()}

    @pytest.mark.parametrize(("count", "errors"), [(0, 0), (1, 1)])
    def test_what_it_did_not_read_is_not_fine(self, count: int, errors: int) -> None:
        with pytest.raises(HarnessError, match="did not read everything"):
            checkov.read(self.output(count, errors), {"one": ONE})


def test_kube_scores_warnings_are_findings_and_skipped_checks_are_not() -> None:
    checks = [
        {"check": {"id": name}, "grade": grade, "skipped": skipped}
        for name, grade, skipped in (("bad", 1, False), ("warned", 5, False), ("fine", 10, False), ("moot", 0, True))
    ]
    output = [{"type_meta": {"kind": "Deployment"}, "object_meta": {"name": "a"}, "checks": checks}]
    assert kube_score.read(output) == {Finding("kube-score", rule, "Deployment/a") for rule in ("bad", "warned")}


def test_objects_are_in_the_namespace_that_helm_puts_them_into() -> None:
    assert placed({"kind": "Service", "metadata": {"name": "a"}})["metadata"]["namespace"] == "inference"
    assert placed({"kind": "Service", "metadata": {"namespace": "own"}})["metadata"]["namespace"] == "own"


class TestCheck:
    EVERYTHING: ClassVar[set[Finding]] = {
        Finding(name, rule, "Deployment/a") for w in WAIVERS for name, rules in w.rules.items() for rule in rules
    }

    def test_counts_what_is_waived(self) -> None:
        counts = check({"one": self.EVERYTHING, "two": {WAIVED}})
        assert counts["checkov CKV_K8S_43"] == 2
        assert counts.total() == len(self.EVERYTHING) + 1

    def test_a_finding_without_a_waiver_fails(self) -> None:
        with pytest.raises(HarnessError, match="two: checkov CKV_K8S_8 in Deployment/a"):
            check({"one": self.EVERYTHING, "two": {MINE}})

    def test_a_waiver_that_waives_nothing_fails(self) -> None:
        unneeded = Finding("kube-score", "deployment-replicas", "Deployment/a")
        with pytest.raises(HarnessError, match="not broken: kube-score deployment-replicas\n"):
            check({"one": self.EVERYTHING - {unneeded}})

    def test_waivers_are_few_with_reasons_and_cover_their_rules_only(self) -> None:
        assert len(WAIVERS) <= 3
        assert all(waiver.rules and len(waiver.reason) > 80 for waiver in WAIVERS)
        assert waived(WAIVED)
        assert not waived(MINE)
        assert not waived(Finding("kube-score", "CKV_K8S_43", "Deployment/a"))


class TestRestricted:
    def test_each_pod_gets_its_own_answer(self) -> None:
        container = {"name": "c", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": NONE}}
        good = {"securityContext": SAFE, "containers": [container]}
        every = {"allowPrivilegeEscalation", "capabilities_restricted", "runAsNonRoot", "seccompProfile_restricted"}
        assert set(restricted.broken({"containers": [{"name": "c"}]})) == every
        assert restricted.broken(good) == []

    def test_what_is_no_pod_is_not_fine(self) -> None:
        with pytest.raises(HarnessError, match="cannot read"):
            restricted.broken({"containers": "none"})
        assert set(restricted.broken({"hostPID": True, "containers": []})) >= {"hostNamespaces"}

    def test_findings_name_the_workload(self) -> None:
        spec = {"securityContext": SAFE, "containers": [], "hostNetwork": True}
        deployment = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": spec}}}
        service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {}}
        found = restricted.scan(Manifests([deployment, service]))
        assert found == {Finding("restricted", "hostNamespaces", "Deployment/a")}
