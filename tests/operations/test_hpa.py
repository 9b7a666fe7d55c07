"""Groups that an HPA of the chart's scales: Kubernetes' own controller, with metrics-server or prometheus-adapter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from harness.cluster import Cluster
from harness.cluster.metrics_server import install_metrics_server
from harness.cluster.processes import wait_until
from harness.cluster.prometheus import install_prometheus
from harness.cluster.prometheus_adapter import prometheus_adapter
from harness.docs import markdown
from harness.manifests import holds
from harness.paths import ROOT
from tests.cluster.conftest import Install, Measured
from tests.operations.scaled import CHAT, check, trace, values

CPU = {"resources": {"requests": {"cpu": "20m"}}}
"""Of a stand-in, which uses little; a pod with the quiet part of the trace stays below, one with the other does not."""
QUIET_RATE = 2.0
SERVED_SECONDS = 60.0


def rules() -> dict[str, Any]:
    """Those that the page prints."""
    blocks = [each.text for each in markdown.blocks((ROOT / "docs" / "autoscaling.md").read_text())]
    (found,) = (yaml.safe_load(text) for text in blocks if text.startswith("rules:"))
    printed: dict[str, Any] = found["rules"]
    return printed


@pytest.fixture(scope="module")
def adapter(cluster: Cluster) -> Iterator[None]:
    install_prometheus(cluster)
    with prometheus_adapter(cluster, rules()):
        yield


def test_up_and_down_by_cpu(cluster: Cluster, install: Install, measured: Measured) -> None:
    install_metrics_server(cluster)
    installed = install(values("prometheus", autoscaling={"by": "cpu", "target": 80}, **CPU))
    (metric,) = installed.manifests["HorizontalPodAutoscaler", CHAT]["spec"]["metrics"]
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
    kubectl = installed.stack.kubectl
    check(trace(kubectl, measured, quiet_rate=QUIET_RATE), measured)


@pytest.mark.usefixtures("adapter")
def test_up_and_down_by_requests_of_an_adapter(install: Install, measured: Measured) -> None:
    installed = install(values("prometheus", autoscaling={"provider": "hpa"}))
    (metric,) = installed.manifests["HorizontalPodAutoscaler", CHAT]["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == "onwards_model_inflight"
    kubectl = installed.stack.kubectl
    check(trace(kubectl, measured), measured)


@pytest.mark.usefixtures("adapter")
def test_an_adapter_serves_the_queue_of_a_real_engine(install: Install, measured: Measured) -> None:
    """Of llama.cpp, for each of its pods, under the name that the chart's HPA asks for."""
    own = {"engine": "llama-cpp", "modelName": "/models/tiny.gguf", "env": []}
    installed = install(values("prometheus", autoscaling={"provider": "hpa", "by": "queue"}, **own))
    (metric,) = installed.manifests["HorizontalPodAutoscaler", CHAT]["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    kubectl = installed.stack.kubectl
    wait_until(lambda: holds(kubectl.get("hpa", CHAT), "ScalingActive"), "a metric of each pod", SERVED_SECONDS)
    path = f"/apis/custom.metrics.k8s.io/v1beta1/namespaces/{kubectl.namespace}/pods/*/{name}"
    items = json.loads(kubectl.run("get", f"--raw={path}").stdout)["items"]
    measured(name, {each["describedObject"]["name"]: each["value"] for each in items})
    assert any(each["describedObject"]["name"].startswith(CHAT) for each in items)
