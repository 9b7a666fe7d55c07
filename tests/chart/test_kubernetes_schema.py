"""Every object is valid against Kubernetes' schema, without unknown fields."""

from __future__ import annotations

import pytest

from harness.paths import ROOT
from tests.chart.all_options import ALL_OPTIONS
from tests.chart.cases import CASES
from tests.kubernetes_schema import NEWEST, OLDEST, faults, older
from tests.support import Render, Values


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_every_object_is_valid(render: Render, values: Values, version: str) -> None:
    rendered = render(values, kube_version=f"{version}.0")
    assert len(rendered)
    assert [fault for each in rendered for fault in faults(version, each)] == []


USES_THE_VERSION = {"_kubernetes.tpl", "_validate.tpl"}


def test_the_version_of_kubernetes_changes_only_what_it_must(render: Render) -> None:
    rendered = {version: list(render(ALL_OPTIONS, kube_version=f"{version}.0")) for version in (OLDEST, NEWEST)}
    assert rendered[OLDEST] != rendered[NEWEST]
    assert rendered[OLDEST] == [older(each) for each in rendered[NEWEST]]
    found = {path.name for path in (ROOT / "templates").rglob("*.*") if ".Capabilities" in path.read_text()}
    assert found == USES_THE_VERSION


def test_a_misspelt_field_is_reported(render: Render) -> None:
    rendered = render(ALL_OPTIONS)
    for kind in ("Service", "ServiceMonitor", "HTTPRoute"):
        each = rendered.kind(kind)[0]
        assert faults(NEWEST, {**each, "spec": {**each["spec"], "typ": "x"}})
