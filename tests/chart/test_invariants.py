"""Invariants of every release, for any values."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from harness.helm import RENDERS, Helm
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, pools
from tests.chart.all_options import ALL_OPTIONS
from tests.chart.cases import CASES
from tests.invariants import INVARIANTS, Invariant, groups
from tests.snippets import SNIPPETS
from tests.support import Render, Values


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda rule: rule.__name__)
def test_rule(render: Render, values: Values, invariant: Invariant) -> None:
    invariant(render(values))


@pytest.mark.parametrize("name", ["all-options", "example-multi-engine"])
def test_the_same_values_render_the_same_bytes(helm: Helm, name: str) -> None:
    values = CASES[name]
    assert values is not None
    with_a_change = helm.template(ROOT, values=[values], sets=["onwards.replicaCount=7"])
    once = helm.template(ROOT, values=[values])
    assert once != with_a_change
    RENDERS.clear()
    assert helm.template(ROOT, values=[values]) == once


def changed(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value changed."""
    copy = deepcopy(dict(values))
    *way, last = path.split("/")
    place = copy
    for key in way:
        place = place.setdefault(key, {})
    place[last] = value
    return copy


GROUP_CHANGES = {
    "replicaCount": 4,
    "modelAlias": ["new"],
    "image": "vllm/vllm-openai:v0.31.0",
    "args": ["--enforce-eager"],
    "apiKey": "new-key",
    "podLabels": {"a": "b"},
    "persistentVolumes": [{"name": "new", "size": "1Gi", "mountPath": "/new", "accessModes": ["ReadWriteMany"]}],
    "enabled": False,
}


@pytest.mark.parametrize("field", GROUP_CHANGES)
def test_a_change_in_one_group_changes_no_other(render: Render, field: str) -> None:
    before = groups(render(ALL_OPTIONS))
    after = groups(render(changed(ALL_OPTIONS, f"modelGroups/shared/{field}", GROUP_CHANGES[field])))
    others = {key for key in before if not key.endswith(f" {FULLNAME}-shared")}
    assert {key: after[key] for key in others} == {key: before[key] for key in others}


GATEWAY_CHANGES = {
    "onwards/replicaCount": 9,
    "onwards/containerPort": 3456,
    "onwards/image/tag": "v2",
    "onwards/extraArgs": ["--verbose"],
    "onwards/podLabels": {"x": "y"},
    "onwards/strictMode": True,
    "onwards/fallback/enabled": False,
    "onwards/resources/limits": {"cpu": 8},
    "ingress/enabled": False,
    "serviceMonitor/interval": "1m",
    "configMaps/other": {"a": "b"},
}


@pytest.mark.parametrize("path", GATEWAY_CHANGES)
def test_a_change_of_the_gateway_restarts_no_model(render: Render, path: str) -> None:
    before = groups(render(ALL_OPTIONS))
    after = groups(render(changed(ALL_OPTIONS, path, GATEWAY_CHANGES[path])))
    deployments = {key for key in before if key.startswith("Deployment ")}
    assert {key: after[key] for key in deployments} == {key: before[key] for key in deployments}


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_has_a_route_for_each_alias(render: Render, snippet: Any) -> None:
    assert sorted(pools(render(snippet.values))) == sorted(snippet.aliases)
