"""Every object is one that Kubernetes knows, without a field that it does not."""

from __future__ import annotations

import pytest

from harness.paths import ROOT
from tests.chart.all_options import ALL_OPTIONS
from tests.chart.cases import CASES
from tests.kubernetes_schema import NEWEST, OLDEST, faults
from tests.support import Render, Values


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_every_object_is_valid(render: Render, values: Values, version: str) -> None:
    rendered = render(values)
    assert len(rendered)
    assert [fault for each in rendered for fault in faults(version, each)] == []


def test_the_version_of_kubernetes_changes_nothing(render: Render) -> None:
    assert list(render(ALL_OPTIONS, kube_version=f"{OLDEST}.0")) == list(render(ALL_OPTIONS))
    assert [path for path in (ROOT / "templates").rglob("*.*") if ".Capabilities" in path.read_text()] == []


def test_a_misspelt_field_is_seen(render: Render) -> None:
    rendered = render(ALL_OPTIONS)
    for kind in ("Service", "ServiceMonitor"):
        each = rendered.kind(kind)[0]
        assert faults(NEWEST, {**each, "spec": {**each["spec"], "typ": "x"}})
