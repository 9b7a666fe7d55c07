"""Network policies of the gateway and the engines."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object
from tests.chart.accessors import FULLNAME, one
from tests.support import Render, Say


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
    rule, names = spec["egress"]
    assert set(rule) == {"to"}
    assert names == {
        "to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}],
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    }
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
    assert spec["ingress"][-1]["ports"] == [{"port": "metrics", "protocol": "TCP"}]


PEERS = [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]
HTTP = {"port": "http", "protocol": "TCP"}
NAMESPACE: dict[str, Any] = {"podSelector": {}}


def ingress(render: Render, policy: dict[str, Any] | None = None, **fields: Any) -> list[Any]:
    rendered = render({**one(**fields), "networkPolicy": policy or {}})
    rules: list[Any] = rendered["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    return rules


def test_the_configured_peers_can_reach_engines(render: Render) -> None:
    gateway = ingress(render)[0]["from"]
    assert ingress(render, {"enginesFrom": PEERS}) == [{"from": [*gateway, *PEERS], "ports": [HTTP]}]


def test_pods_of_the_namespace_can_reach_additional_ports(render: Render) -> None:
    ports = [{"name": "admin", "containerPort": 9001}, {"name": "probe", "containerPort": 9002, "protocol": "UDP"}]
    opened = [{"port": "admin", "protocol": "TCP"}, {"port": "probe", "protocol": "UDP"}]
    rules = ingress(
        render, {"enginesFrom": PEERS}, additionalPorts=[*ports, {"name": "metrics", "containerPort": 9003}]
    )
    assert rules[1:] == [{"from": [NAMESPACE, *PEERS], "ports": opened}]


def test_pods_of_the_namespace_can_reach_an_engine_without_openai_routes(render: Render) -> None:
    assert ingress(render, engine="triton")[1] == {
        "from": [NAMESPACE],
        "ports": [HTTP, {"port": "grpc", "protocol": "TCP"}],
    }


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_everyone_can_reach_a_public_service(render: Render, kind: str) -> None:
    fields: dict[str, Any] = {"service": {"type": kind}, "additionalPorts": [{"name": "admin", "containerPort": 9001}]}
    assert ingress(render, **fields) == [{"ports": [HTTP, {"port": "admin", "protocol": "TCP"}]}]


def test_a_pod_can_be_allowed_to_reach_the_metadata_server(render: Render) -> None:
    (rule,) = render(one(metadataServer=True))["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["egress"]
    assert rule["to"][1:] == [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]


def test_the_gateway_can_be_closed_to_all_but_some(render: Render) -> None:
    rendered = render({**one(), "networkPolicy": {"gatewayFrom": PEERS}})
    test = rendered["Job", f"{FULLNAME}-onwards-test"]["spec"]["template"]["metadata"]["labels"]
    (rule,) = rendered["NetworkPolicy", f"{FULLNAME}-onwards"]["spec"]["ingress"]
    assert rule == {"from": [*PEERS, {"podSelector": {"matchLabels": test}}], "ports": [HTTP]}


@pytest.mark.parametrize("end", ["onwards", "a"])
def test_the_port_of_an_ambient_mesh_can_be_opened(render: Render, end: str) -> None:
    found = policies(render, mesh="istio-ambient")[f"{FULLNAME}-{end}"]["ingress"]
    assert found[:-1] == policies(render)[f"{FULLNAME}-{end}"]["ingress"]
    assert found[-1] == {"ports": [{"port": 15008, "protocol": "TCP"}]}


GATEWAY = {"app.kubernetes.io/component": "onwards", "team": "a"}


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ([], True),
        ([{}], False),
        ([{"from": [{"podSelector": {"matchLabels": GATEWAY}}]}], False),
        ([{"from": [{"podSelector": {"matchLabels": {**GATEWAY, "other": "x"}}}]}], True),
        ([{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}, {"podSelector": {}}]}], False),
        ([{"from": [{"podSelector": {"matchLabels": {"app": "x"}}, "namespaceSelector": {}}]}], False),
        ([{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}], False),
        ([{"ports": [{"port": "http"}]}], False),
        ([{"ports": [{"port": 9000}]}], False),
        ([{"ports": [{"port": 8999, "endPort": 9001}]}], False),
        ([{"ports": [{"protocol": "TCP"}]}], False),
        ([{"ports": [{"port": 8000}, {"port": 9001, "endPort": 9002}, {"port": "metrics"}]}], True),
        ([{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}, {"ports": [{"port": 1}]}], True),
    ],
    ids=str,
)
def test_a_policy_that_lets_no_gateway_in_is_refused(
    render: Render, refusal: Say, rules: list[Any], refused: bool
) -> None:
    values = {
        **one(containerPort=9000),
        "onwards": {"podLabels": {"team": "a"}},
        "networkPolicy": {"modelGroups": {"a": {"ingress": rules}}},
    }
    if refused:
        assert "none of its rules lets the gateway in" in refusal(values)
    else:
        assert len(render(values)) > 0


def test_policies_of_the_user_replace_the_charts(render: Render) -> None:
    mine = {"policyTypes": ["Egress"], "egress": [{}]}
    found = policies(render, onwards=mine, modelGroups={"a": mine})
    for spec in found.values():
        assert {key: value for key, value in spec.items() if key != "podSelector"} == mine


def test_a_pod_selector_of_the_user_does_not_replace_the_charts(render: Render) -> None:
    found = policies(render, modelGroups={"a": {"podSelector": {}, "ingress": [{}]}})[f"{FULLNAME}-a"]
    assert found["podSelector"]["matchLabels"]["app.kubernetes.io/model-group"] == "a"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"ingress": [{}], "egress": []}, {"policyTypes": ["Ingress"], "ingress": [{}]}),
        ({"ingress": [{}], "egress": [{}]}, {"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}),
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
