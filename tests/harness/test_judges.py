from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from harness.errors import HarnessError
from harness.judges import checkov, kube_score
from harness.judges.__main__ import REPORT, compare, flat, idle, listed, placed, report
from harness.judges.finding import Finding
from harness.judges.waivers import MOST, WAIVERS, waived
from harness.manifests import Manifests
from harness.paths import ROOT, examples

MINE = Finding("checkov", "CKV_K8S_8", "Deployment/a")
WAIVED = Finding("checkov", "CKV_K8S_43", "Deployment/a")
ONE = Manifests([{"kind": "Deployment", "metadata": {"name": "a"}}])


class TestCheckov:
    def said(self, count: int, errors: int = 0) -> dict[str, Any]:
        names = ("Deployment.ns.a", "Pod.ns.a.app.kubernetes.io/name-x.app.kubernetes.io/instance-t")
        failed = [{"check_id": "CKV_K8S_8", "file_path": "/one.yaml", "resource": name} for name in names]
        summary = {"parsing_errors": errors, "resource_count": count}
        return {"summary": summary, "results": {"failed_checks": failed}}

    def test_findings_are_of_a_render_and_an_object(self) -> None:
        pod = Finding("checkov", "CKV_K8S_8", "Pod/a")
        assert checkov.read(self.said(2), {"one": ONE, "two": ONE}) == {"one": {MINE, pod}, "two": set()}

    @pytest.mark.parametrize(("count", "errors"), [(0, 0), (1, 1)])
    def test_what_it_did_not_read_is_not_fine(self, count: int, errors: int) -> None:
        with pytest.raises(HarnessError, match="did not read everything"):
            checkov.read(self.said(count, errors), {"one": ONE})


def test_kube_scores_warnings_are_findings_and_skipped_checks_are_not() -> None:
    checks = [
        {"check": {"id": name}, "grade": grade, "skipped": skipped}
        for name, grade, skipped in (("bad", 1, False), ("warned", 5, False), ("fine", 10, False), ("moot", 0, True))
    ]
    said = [{"type_meta": {"kind": "Deployment"}, "object_meta": {"name": "a"}, "checks": checks}]
    assert kube_score.read(said) == {Finding("kube-score", rule, "Deployment/a") for rule in ("bad", "warned")}


def test_objects_are_in_the_namespace_that_helm_puts_them_into() -> None:
    assert placed({"kind": "Service", "metadata": {"name": "a"}})["metadata"]["namespace"] == "inference"
    assert placed({"kind": "Service", "metadata": {"namespace": "own"}})["metadata"]["namespace"] == "own"


class TestReport:
    def test_lists_what_is_waived_apart(self) -> None:
        said = report({"one": {MINE, WAIVED}, "two": set()})
        assert said == {
            "findings": {"one": {"checkov": {"CKV_K8S_8": ["Deployment/a"]}}},
            "waived": {"one": {"checkov": {"CKV_K8S_43": ["Deployment/a"]}}},
        }

    def test_a_new_finding_fails_and_one_less_does_not(self) -> None:
        none, some = report({"one": set()}), report({"one": {MINE}})
        with pytest.raises(HarnessError, match="one: checkov CKV_K8S_8 in Deployment/a"):
            compare(some, none)
        compare(none, some)
        compare(report({"one": {WAIVED}}), none)

    def test_a_finding_of_another_render_is_new(self) -> None:
        assert flat(listed({"one": [MINE]})) != flat(listed({"two": [MINE]}))
        with pytest.raises(HarnessError):
            compare(report({"two": {MINE}}), report({"one": {MINE}}))

    def test_the_committed_one_is_of_the_examples_there_are(self) -> None:
        lists = json.loads(REPORT.read_text())
        assert set(lists["waived"]) == {"defaults", *(path.stem for path in examples())}


class TestWaivers:
    def test_are_few_with_reasons(self) -> None:
        assert len(WAIVERS) <= MOST
        assert all(waiver.rules and waiver.fields and len(waiver.reason) > 80 for waiver in WAIVERS)

    def test_cover_their_rules_only(self) -> None:
        assert set(waived([MINE, WAIVED])) == {WAIVED}
        assert not waived([Finding("kube-score", "CKV_K8S_43", "Deployment/a")])

    def test_one_that_waives_nothing_is_named(self) -> None:
        everything = {Finding(j, rule, "a") for w in WAIVERS for j, rules in w.rules.items() for rule in rules}
        assert idle({"one": everything}) == []
        assert idle({"one": everything - {Finding("kube-score", "deployment-replicas", "a")}}) == [
            "kube-score deployment-replicas"
        ]

    def test_stand_beside_the_fields_they_are_about_and_nowhere_else(self) -> None:
        text = (ROOT / "values.yaml").read_text()
        wanted = {field: waiver.mark for waiver in WAIVERS for field in waiver.fields}
        found = {
            field: mark[1]
            for field, line in key_lines(yaml.compose(text), text.splitlines(), ())
            if (mark := re.search(r"# (waived: [^(]+) \(.+\)$", line))
        }
        assert found == wanted
        assert text.count("waived:") == len(wanted)


def key_lines(node: yaml.Node | None, lines: list[str], path: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each key of a YAML file by its path, with the line it is on."""
    found = []
    if isinstance(node, yaml.MappingNode):
        for key, below in node.value:
            here = (*path, key.value)
            found += [(".".join(here), lines[key.start_mark.line]), *key_lines(below, lines, here)]
    return found
