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
