"""Dashboards: what they read, and the ConfigMap that Grafana's sidecar loads."""

from __future__ import annotations

import json

import promql_parser
import pytest

from harness.manifests import Manifests
from harness.monitoring.dashboards import DASHBOARDS, build, queries
from harness.monitoring.rules import recorded
from tests.chart.accessors import FULLNAME, one
from tests.promql import selectors
from tests.support import Render

ON = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_query_parses_and_reads_the_vocabulary_only(name: str) -> None:
    asked = [*queries(name)]
    assert len(asked) >= len(DASHBOARDS[name][1])
    for title, text in asked:
        found = [*selectors(promql_parser.parse(text))]
        assert found, title
        assert {each.name for each in found} <= recorded(), title
        for each in found:
            assert {matcher.name for matcher in each.matchers.matchers} >= {"namespace", "release"}, title


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_beside_each_other(name: str) -> None:
    places = [panel["gridPos"] for panel in json.loads(build(name))["panels"]]
    taken = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len({*taken})
    assert max(x for x, _ in taken) == 23


def dashboards(manifests: Manifests) -> dict[str, str]:
    return dict(manifests["ConfigMap", f"{FULLNAME}-dashboards"]["data"])


def test_there_are_none_unless_enabled(render: Render) -> None:
    assert ("ConfigMap", f"{FULLNAME}-dashboards") not in render(one())


def test_the_sidecar_finds_every_file(render: Render) -> None:
    manifests = render({**one(), **ON, "dashboards": {"enabled": True}})
    assert manifests["ConfigMap", f"{FULLNAME}-dashboards"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    found = dashboards(manifests)
    assert {*found} == {f"inference-stack-{name}.json" for name in DASHBOARDS}
    for name in DASHBOARDS:
        assert json.loads(found[f"inference-stack-{name}.json"]) == json.loads(build(name))


def test_dashboards_have_addresses_of_their_own() -> None:
    assert len({json.loads(build(name))["uid"] for name in DASHBOARDS}) == len(DASHBOARDS)


def test_a_namespace_a_folder_and_other_labels(render: Render) -> None:
    given = {
        "enabled": True,
        "namespace": "grafana",
        "labels": {"dashboards": "yes"},
        "annotations": {"grafana_folder": "Inference"},
    }
    metadata = render({**one(), **ON, "dashboards": given})["ConfigMap", f"{FULLNAME}-dashboards"]["metadata"]
    assert metadata["namespace"] == "grafana"
    assert metadata["annotations"] == {"grafana_folder": "Inference"}
    assert metadata["labels"]["dashboards"] == "yes"
