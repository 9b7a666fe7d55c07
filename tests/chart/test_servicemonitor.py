"""What the Prometheus operator scrapes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Manifests, Object
from tests.chart.accessors import FULLNAME, one
from tests.chart.all_options import ALL_OPTIONS
from tests.support import Render


def rendered(render: Render, group: dict[str, Any] | None = None, **fields: Any) -> Manifests:
    return render({**one(**(group or {})), "serviceMonitor": {"enabled": True, **fields}})


def endpoints(render: Render, group: dict[str, Any] | None = None, **fields: Any) -> list[Object]:
    of: list[Object] = rendered(render, group, **fields)["ServiceMonitor", f"{FULLNAME}-a"]["spec"]["endpoints"]
    return of


def test_there_is_no_monitor_unless_enabled(render: Render) -> None:
    assert render(one()).kind("ServiceMonitor") == []


@pytest.mark.parametrize("engine", ["vllm", "sglang", "llama-cpp", "custom"])
def test_an_engine_is_scraped_at_its_http_port(render: Render, engine: str) -> None:
    assert endpoints(render, {"engine": engine, "image": "x:1"}) == [
        {"port": "http", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
    ]


def test_the_gateway_is_scraped_at_its_metrics_port(render: Render) -> None:
    (endpoint,) = rendered(render)["ServiceMonitor", f"{FULLNAME}-onwards"]["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("metrics", "/metrics")


def test_a_gateway_whose_metrics_are_off_is_not_scraped(render: Render) -> None:
    values = {"serviceMonitor": {"enabled": True}, "onwards": {"metrics": {"enabled": False}}}
    assert render(values).kind("ServiceMonitor") == []


def test_an_engine_without_metrics_is_not_scraped(render: Render) -> None:
    assert ("ServiceMonitor", f"{FULLNAME}-a") not in rendered(render, {"engine": "tensorrt-llm"})


def test_a_configured_path_is_scraped(render: Render) -> None:
    group = {"engine": "tensorrt-llm", "metricsPath": "/prometheus/metrics"}
    assert [each["path"] for each in endpoints(render, group)] == ["/prometheus/metrics"]


def test_a_port_named_metrics_is_scraped_too(render: Render) -> None:
    group = {"additionalPorts": [{"name": "metrics", "containerPort": 9002}]}
    assert [(each["port"], each["path"]) for each in endpoints(render, group)] == [
        ("http", "/metrics"),
        ("metrics", "/metrics"),
    ]


def test_triton_is_scraped_at_its_metrics_port(render: Render) -> None:
    assert [each["port"] for each in endpoints(render, {"engine": "triton"})] == ["metrics"]


def test_a_monitor_in_another_namespace_selects_the_releases(render: Render) -> None:
    monitor = rendered(render, namespace="monitoring")["ServiceMonitor", f"{FULLNAME}-a"]
    assert monitor["metadata"]["namespace"] == "monitoring"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["default"]}


def test_configured_fields_are_on_every_monitor(render: Render) -> None:
    found = rendered(
        render,
        labels={"release": "prometheus", "app.kubernetes.io/part-of": "x"},
        annotations={"a": "b"},
        interval="5s",
        scrapeTimeout="4s",
        tlsConfig={"insecureSkipVerify": True},
        bearerTokenSecret={"name": "s", "key": "k"},
    )
    for monitor in found.kind("ServiceMonitor"):
        assert {"release": "prometheus", "app.kubernetes.io/part-of": "x"}.items() <= monitor["metadata"][
            "labels"
        ].items()
        assert monitor["metadata"]["annotations"] == {"a": "b"}
        for endpoint in monitor["spec"]["endpoints"]:
            assert endpoint["interval"] == "5s"
            assert endpoint["scrapeTimeout"] == "4s"
            assert endpoint["scheme"] == "https"
            assert endpoint["tlsConfig"] == {"insecureSkipVerify": True}
            assert endpoint["authorization"] == {"credentials": {"name": "s", "key": "k"}}


@pytest.mark.parametrize("values", [ALL_OPTIONS], ids=["all-options"])
def test_every_monitor_selects_one_service_with_its_ports(render: Render, values: dict[str, Any]) -> None:
    found = render(values)
    for monitor in found.kind("ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"].items()
        services = [each for each in found.kind("Service") if selector <= each["metadata"]["labels"].items()]
        for endpoint in monitor["spec"]["endpoints"]:
            kept = [each["regex"] for each in endpoint.get("relabelings", ())]
            chosen = [s for s in services if s["metadata"]["name"] in (kept or [s["metadata"]["name"]])]
            with_port = [s for s in chosen if endpoint.get("port") in {None, *(p["name"] for p in s["spec"]["ports"])}]
            assert len(with_port) == 1


def test_pod_monitors_take_the_place_of_service_monitors(render: Render) -> None:
    found = rendered(render, {"engine": "llama-cpp", "apiKey": {"name": "s", "key": "k"}}, kind="PodMonitor")
    assert found.kind("ServiceMonitor") == []
    spec = found["PodMonitor", f"{FULLNAME}-a"]["spec"]
    assert spec["podMetricsEndpoints"] == [
        {
            "port": "http",
            "path": "/metrics",
            "interval": "30s",
            "scrapeTimeout": "10s",
            "authorization": {"credentials": {"name": "s", "key": "k"}},
        }
    ]
    pods = found["Deployment", f"{FULLNAME}-a"]["spec"]["template"]
    assert spec["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()


@pytest.mark.parametrize("service", ["ClusterIP", "NodePort"])
def test_a_pod_monitors_ports_are_the_pods(render: Render, service: str) -> None:
    """Also those that are not on the Service."""
    fields = {"engine": "triton", "service": {"type": service}}
    found = rendered(render, fields, kind="PodMonitor")
    for monitor in found.kind("PodMonitor"):
        workload = found["Deployment", monitor["metadata"]["name"]]
        ports = {
            port["name"]
            for container in workload["spec"]["template"]["spec"]["containers"]
            for port in container.get("ports", ())
        }
        assert {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]} <= ports


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
@pytest.mark.parametrize("enabled", [True, False])
def test_series_get_the_pods_labels_where_rules_read_them(render: Render, kind: str, enabled: bool) -> None:
    values = {**one(), "serviceMonitor": {"enabled": True, "kind": kind}, "prometheusRule": {"enabled": enabled}}
    labels = ["app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/model-group"]
    for monitor in render(values).kind(kind):
        assert monitor["spec"].get("podTargetLabels", []) == (labels if enabled else [])


def found_by(manifests: Manifests, name: str) -> dict[str, str]:
    template = manifests["Deployment", f"{FULLNAME}-{name}"]["spec"]["template"]["metadata"]
    return {key: value for key, value in template.get("annotations", {}).items() if key.startswith("prometheus.io/")}


def scrape(port: str, path: str) -> dict[str, str]:
    return {"prometheus.io/scrape": "true", "prometheus.io/port": port, "prometheus.io/path": path}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({}, scrape("8000", "/metrics")),
        ({"containerPort": 9000, "metricsPath": "/x"}, scrape("9000", "/x")),
        ({"engine": "triton"}, scrape("8002", "/metrics")),
        ({"engine": "nim", "image": "nvcr.io/nim/a/b:1"}, scrape("8000", "/v1/metrics")),
        ({"engine": "tensorrt-llm"}, {}),
        (
            {"podAnnotations": {"prometheus.io/scrape": "false"}},
            {**scrape("8000", "/metrics"), "prometheus.io/scrape": "false"},
        ),
    ],
)
def test_annotations_have_each_pods_own_port_and_path(
    render: Render, group: dict[str, Any], expected: dict[str, str]
) -> None:
    found = rendered(render, group, kind="annotations")
    assert found_by(found, "a") == expected
    assert found_by(found, "onwards") == scrape("9090", "/metrics")
    assert [*found.kind("ServiceMonitor"), *found.kind("PodMonitor")] == []


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor", "annotations"])
def test_the_network_policy_lets_in_what_is_scraped(render: Render, kind: str) -> None:
    """An engine with a second page of metrics is scraped at both ports, and both are open."""
    group = {"additionalPorts": [{"name": "metrics", "containerPort": 9002}]}
    prometheus: list[Object] = [{"namespaceSelector": {}}]
    values = {**one(**group), "serviceMonitor": {"enabled": True, "kind": kind}}
    found = render({**values, "networkPolicy": {"metricsFrom": prometheus}})
    rules = found["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    opened = [port["port"] for rule in rules if rule.get("from") == prometheus for port in rule["ports"]]
    assert opened == ["http", "metrics"]
