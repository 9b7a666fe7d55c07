"""The manifests for other tools on the pages, and what the pages put into a release beside the chart's objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.docs.markdown import blocks
from harness.manifests import Object, load, load_all
from harness.paths import ROOT
from tests.support import Render, Say

GROUP = {
    "chat": {
        "enabled": True,
        "modelAlias": ["chat"],
        "modelName": "o/m",
        "resources": {"limits": {"nvidia.com/gpu": 1}},
    }
}
NO_KEY = "clients need no key: anyone who reaches the gateway can use every model."


def manifests(kind: str) -> Object:
    """The manifest of a kind on the page of Argo CD and Flux."""
    text = (ROOT / "docs" / "gitops.md").read_text()
    shown = [each for block in blocks(text) if block.language == "yml" for each in load_all(block.text)]
    return next(each for each in shown if each.get("kind") == kind)


def of_release(render: Render, page: str, name: str) -> Object:
    """An extra object on a page, as it is rendered in a release with one model."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    values = next(load(each.text) for each in blocks(text) if each.language == "yaml" and f"  {name}:\n" in each.text)
    given = values["extraObjects"][name]
    rendered = render({"modelGroups": GROUP, **values}, release="my-stack")
    return rendered[given["kind"], given["metadata"]["name"]]


@pytest.mark.parametrize(
    ("kind", "path"), [("Application", ("source", "helm", "valuesObject")), ("HelmRelease", ("values",))]
)
def test_values_in_manifests_of_other_tools_render_without_a_warning(
    notes: Say, kind: str, path: tuple[str, ...]
) -> None:
    values: Any = manifests(kind)["spec"]
    for key in path:
        values = values[key]
    assert notes(values).partition("\nPlease note:")[2].strip() == f"- {NO_KEY}"


def test_prometheus_gets_its_own_templates_and_the_release_its_names(render: Render) -> None:
    (group,) = of_release(render, "grafana", "alerts")["spec"]["groups"]
    rules = {each["alert"]: each for each in group["rules"]}
    assert rules["NoEngineAnswers"]["annotations"]["summary"] == (
        "Requests for {{ $labels.model }} fail: {{ $labels.reason }}"
    )
    assert 'job="my-stack-inference-stack-onwards"' in rules["GatewayNotScraped"]["expr"]
    assert not [name for name, each in rules.items() if "{{" in each["expr"]]


def test_the_dashboard_is_json_with_queries(render: Render) -> None:
    (text,) = of_release(render, "grafana", "dashboard")["data"].values()
    assert all(each["targets"][0]["expr"] for each in json.loads(text)["panels"])


def test_a_route_leads_to_the_gateways_service(render: Render) -> None:
    route = of_release(render, "openshift", "route")["spec"]
    service = render({"modelGroups": GROUP}, release="my-stack")["Service", route["to"]["name"]]
    assert route["port"]["targetPort"] in {each["name"] for each in service["spec"]["ports"]}


def test_a_mesh_admits_the_gateways_account_to_the_engines(render: Render) -> None:
    policy = of_release(render, "exposing", "engines-from-the-gateway")["spec"]
    rendered = render({"modelGroups": GROUP}, release="my-stack")
    (principal,) = policy["rules"][0]["from"][0]["source"]["principals"]
    gateway = rendered["Deployment", "my-stack-inference-stack-onwards"]["spec"]["template"]["spec"]
    assert principal.rpartition("/sa/")[2] == gateway["serviceAccountName"]
    engine = rendered["Deployment", "my-stack-inference-stack-chat"]["spec"]["template"]["metadata"]["labels"]
    assert policy["selector"]["matchLabels"].items() <= engine.items()
