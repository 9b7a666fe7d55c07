"""Network policies of the gateway and the engines."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object
from tests.chart.accessors import FULLNAME, one
from tests.support import Render


def policies(render: Render, **fields: Any) -> dict[str, Object]:
    rendered = render({**one(), "networkPolicy": {"enabled": True, **fields}})
    found = {each["metadata"]["name"]: each["spec"] for each in rendered.kind("NetworkPolicy")}
    return {name: spec for name, spec in found.items() if name != f"{FULLNAME}-onwards-test"}


def test_each_workload_has_a_policy_unless_disabled(render: Render) -> None:
    assert len(render(one()).kind("NetworkPolicy")) == 3
    assert render({**one(), "networkPolicy": {"enabled": False}}).kind("NetworkPolicy") == []


@pytest.mark.parametrize("end", ["onwards", "a"])
def test_a_pod_can_reach_all_addresses_except_cloud_metadata(render: Render, end: str) -> None:
    spec = policies(render)[f"{FULLNAME}-{end}"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (rule,) = spec["egress"]
    assert set(rule) == {"to"}
    everywhere, four, six = rule["to"]
    assert everywhere == {"namespaceSelector": {}}
    assert four["ipBlock"] == {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
    assert six["ipBlock"] == {"cidr": "::/0", "except": ["fd00:ec2::254/128"]}


def test_only_the_gateway_can_reach_an_engine(render: Render) -> None:
    common = {"app.kubernetes.io/name": "inference-stack", "app.kubernetes.io/instance": "test-release"}
    found = policies(render)[f"{FULLNAME}-a"]
    assert {key: value for key, value in found.items() if key != "egress"} == {
        "podSelector": {
            "matchLabels": {
                **common,
                "app.kubernetes.io/component": "model-group",
                "app.kubernetes.io/model-group": "a",
            }
        },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": {**common, "app.kubernetes.io/component": "onwards"}}}],
                "ports": [{"port": "http", "protocol": "TCP"}],
            }
        ],
    }


def test_everyone_can_reach_the_gateway_and_nobody_its_metrics(render: Render) -> None:
    spec = policies(render)[f"{FULLNAME}-onwards"]
    assert spec["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]


def test_the_configured_peers_can_reach_metrics(render: Render) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    found = policies(render, metricsFrom=peers)
    for name, port in ((f"{FULLNAME}-onwards", "metrics"), (f"{FULLNAME}-a", "http")):
        assert found[name]["ingress"][1:] == [{"from": peers, "ports": [{"port": port, "protocol": "TCP"}]}]
    triton = render({**one(engine="triton"), "networkPolicy": {"metricsFrom": peers}})
    spec = triton["NetworkPolicy", f"{FULLNAME}-a"]["spec"]
    assert spec["ingress"][1]["ports"] == [{"port": "metrics", "protocol": "TCP"}]


def test_policies_of_the_user_replace_the_charts(render: Render) -> None:
    mine = {"policyTypes": ["Egress"], "egress": [{}]}
    found = policies(render, onwards=mine, modelGroups={"a": mine})
    for spec in found.values():
        assert {key: value for key, value in spec.items() if key != "podSelector"} == mine


def test_a_pod_selector_of_the_user_does_not_replace_the_charts(render: Render) -> None:
    found = policies(render, modelGroups={"a": {"podSelector": {}, "ingress": []}})[f"{FULLNAME}-a"]
    assert found["podSelector"]["matchLabels"]["app.kubernetes.io/model-group"] == "a"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"ingress": []}, {"policyTypes": ["Ingress"]}),
        ({"ingress": [{}], "egress": []}, {"policyTypes": ["Ingress"], "ingress": [{}]}),
        ({"egress": [{}]}, {"policyTypes": ["Ingress", "Egress"], "egress": [{}]}),
        ({"policyTypes": ["Egress"], "egress": []}, {"policyTypes": ["Egress"]}),
    ],
)
def test_a_policy_is_rendered_as_the_api_server_stores_it(
    render: Render, given: dict[str, Any], stored: dict[str, Any]
) -> None:
    found = policies(render, modelGroups={"a": given})[f"{FULLNAME}-a"]
    assert {key: value for key, value in found.items() if key != "podSelector"} == stored


def test_a_policy_of_a_disabled_group_is_not_rendered(render: Render) -> None:
    found = policies(render, modelGroups={"vllm-llama": {"ingress": []}})
    assert set(found) == {f"{FULLNAME}-onwards", f"{FULLNAME}-a"}
