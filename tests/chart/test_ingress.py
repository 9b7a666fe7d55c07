"""Access from outside the cluster: Ingress, HTTPRoute and the gateway's Services."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object
from tests.chart.accessors import FULLNAME
from tests.snippets import SNIPPETS
from tests.support import Render

BACKEND = {"service": {"name": f"{FULLNAME}-onwards", "port": {"name": "http"}}}


def ingress(render: Render, **fields: Any) -> Object:
    return render({"ingress": {"enabled": True, **fields}})["Ingress", FULLNAME]


def test_there_is_no_ingress_unless_enabled(render: Render) -> None:
    assert render().kind("Ingress") == []


def test_an_ingress_has_a_host_and_path_by_default(render: Render) -> None:
    assert ingress(render)["spec"]["rules"] == [
        {"host": "inference.local", "http": {"paths": [{"path": "/v1", "pathType": "Prefix", "backend": BACKEND}]}}
    ]


def test_the_readmes_ingress_renders_its_values(render: Render) -> None:
    found = render(SNIPPETS["ingress"].values)["Ingress", FULLNAME]
    own = SNIPPETS["ingress"].values["ingress"]["annotations"]
    assert found["metadata"]["annotations"] == {**NGINX, **own}
    assert found["spec"]["ingressClassName"] == "nginx"
    assert found["spec"]["tls"] == [{"secretName": "inference-tls", "hosts": ["inference.example.com"]}]
    assert [rule["host"] for rule in found["spec"]["rules"]] == ["inference.example.com"]


NGINX = {
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
    "nginx.ingress.kubernetes.io/proxy-send-timeout": "600",
    "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
}


def test_the_class_is_not_an_annotation(render: Render) -> None:
    assert ingress(render, className="nginx")["metadata"]["annotations"] == NGINX


def test_ingress_nginx_has_the_timeout_of_the_gateway(render: Render) -> None:
    values = {"onwards": {"drainSeconds": 90}, "ingress": {"enabled": True}}
    annotations = render(values)["Ingress", FULLNAME]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"] == "90"
    own = {"nginx.ingress.kubernetes.io/proxy-body-size": "1m", "other": 1}
    assert ingress(render, annotations=own)["metadata"]["annotations"] == {
        **NGINX,
        "nginx.ingress.kubernetes.io/proxy-body-size": "1m",
        "other": "1",
    }


def test_without_a_class_the_clusters_default_applies(render: Render) -> None:
    assert "ingressClassName" not in ingress(render)["spec"]


def test_every_path_of_every_host_routes_to_the_gateway(render: Render) -> None:
    hosts = [
        {"host": "a.example", "paths": [{"path": "/v1", "pathType": "Exact"}, {"path": "/x"}]},
        {"host": "b.example", "paths": [{"path": "/"}]},
    ]
    paths = [
        (rule["host"], path["path"], path["pathType"], path["backend"])
        for rule in ingress(render, hosts=hosts)["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]
    assert paths == [
        ("a.example", "/v1", "Exact", BACKEND),
        ("a.example", "/x", "Prefix", BACKEND),
        ("b.example", "/", "Prefix", BACKEND),
    ]


OPENAI = {"paths": [{"path": "/v1", "pathType": "Prefix", "backend": BACKEND}]}
EVERYTHING = {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}


@pytest.mark.parametrize(
    ("hosts", "rules"),
    [
        ([{"host": "a.example"}], [{"host": "a.example", "http": OPENAI}]),
        ([{"host": "a.example", "paths": []}], [{"host": "a.example", "http": OPENAI}]),
        ([{"paths": [{"path": "/"}]}], [{"http": EVERYTHING}]),
        ([], [{"http": OPENAI}]),
    ],
    ids=["no-paths", "empty-paths", "no-host", "no-hosts"],
)
def test_missing_hosts_and_paths_default_to_any_host_and_the_openai_paths(
    render: Render, hosts: list[Any], rules: list[Any]
) -> None:
    assert ingress(render, hosts=hosts)["spec"]["rules"] == rules


def http_route(render: Render, **fields: Any) -> Object:
    values = {"httpRoute": {"enabled": True, "parentRefs": [{"name": "public", "sectionName": "https"}], **fields}}
    return render(values)["HTTPRoute", FULLNAME]


def test_there_is_no_http_route_unless_enabled(render: Render) -> None:
    assert render().kind("HTTPRoute") == []


def test_an_http_route_routes_the_openai_paths_to_the_gateway(render: Render) -> None:
    assert http_route(render)["spec"] == {
        "parentRefs": [{"name": "public", "sectionName": "https"}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
                "backendRefs": [
                    {"group": "", "kind": "Service", "name": f"{FULLNAME}-onwards", "port": 80, "weight": 1}
                ],
                "timeouts": {"request": "0s", "backendRequest": "0s"},
            }
        ],
    }


def test_an_http_route_has_the_configured_fields(render: Render) -> None:
    filters = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}}]
    timeouts = {"request": "1h", "backendRequest": "30m"}
    route = http_route(
        render,
        annotations={"a": 1},
        hostnames=["a.example"],
        paths=["/v1", "/models"],
        filters=filters,
        timeouts=timeouts,
    )
    (rule,) = route["spec"]["rules"]
    assert route["metadata"]["annotations"] == {"a": "1"}
    assert route["spec"]["hostnames"] == ["a.example"]
    assert [match["path"]["value"] for match in rule["matches"]] == ["/v1", "/models"]
    assert (rule["filters"], rule["timeouts"]) == (filters, timeouts)


def service(render: Render, **fields: Any) -> Object:
    return render({"onwards": {"service": fields}})["Service", f"{FULLNAME}-onwards"]


def test_the_gateways_service_has_http_and_metrics_ports(render: Render) -> None:
    assert service(render)["spec"]["type"] == "ClusterIP"
    assert service(render)["spec"]["ports"] == [
        {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},
        {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
    ]


@pytest.mark.parametrize(
    ("fields", "port"),
    [
        ({"type": "NodePort", "nodePort": 30080}, 30080),
        ({"type": "NodePort", "nodePort": "30080"}, 30080),
        ({"type": "LoadBalancer", "nodePort": 30080}, 30080),
        ({"type": "NodePort"}, None),
        ({"type": "NodePort", "nodePort": ""}, None),
    ],
    ids=["node-port", "text", "load-balancer", "any", "empty"],
)
def test_node_port_and_load_balancer_services_can_have_a_node_port(
    render: Render, fields: dict[str, Any], port: int | None
) -> None:
    assert service(render, **fields)["spec"]["ports"][0].get("nodePort") == port


def test_disabled_metrics_have_no_service_port(render: Render) -> None:
    rendered = render({"onwards": {"metrics": {"enabled": False}}})
    assert [port["name"] for port in rendered["Service", f"{FULLNAME}-onwards"]["spec"]["ports"]] == ["http"]


def test_a_load_balancer_is_a_second_service(render: Render) -> None:
    values = {"onwards": {"loadBalancer": {"enabled": True, "port": 443, "annotations": {"a": "b"}}}}
    rendered = render(values)
    found = rendered["Service", f"{FULLNAME}-onwards-loadbalancer"]
    assert found["metadata"]["annotations"] == {"a": "b"}
    assert found["spec"]["type"] == "LoadBalancer"
    assert found["spec"]["ports"] == [{"name": "http", "port": 443, "targetPort": "http", "protocol": "TCP"}]
    assert ("Service", f"{FULLNAME}-onwards") in rendered
