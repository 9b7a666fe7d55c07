"""Replicas, spreading, disruption budgets, autoscaling and startup time."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object, pod_spec
from tests.chart.accessors import FULLNAME, deployment, engine, one, pod
from tests.support import Render

GATEWAY = f"{FULLNAME}-onwards"


def gateway_of(render: Render, **onwards: Any) -> Object:
    return render({"onwards": onwards})["Deployment", GATEWAY]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, {"maxUnavailable": 1}),
        ({"minAvailable": 1}, {"minAvailable": 1}),
        ({"minAvailable": "25%"}, {"minAvailable": "25%"}),
        ({"maxUnavailable": "1"}, {"maxUnavailable": 1}),
        ({"maxUnavailable": "50%"}, {"maxUnavailable": "50%"}),
    ],
    ids=str,
)
def test_several_pods_have_a_disruption_budget(
    render: Render, budget: dict[str, Any], expected: dict[str, Any]
) -> None:
    values = {"onwards": {"replicaCount": 3, "podDisruptionBudget": budget}}
    rendered = render({**values, **one(replicaCount=2, podDisruptionBudget=budget)})
    for name in (GATEWAY, f"{FULLNAME}-a"):
        assert rendered["PodDisruptionBudget", name]["spec"] == {
            **expected,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": rendered["Deployment", name]["spec"]["selector"]["matchLabels"]},
        }


@pytest.mark.parametrize(
    ("replicas", "budget"),
    [(1, {}), (0, {}), (3, {"enabled": False}), (3, {"enabled": False, "minAvailable": 1})],
    ids=str,
)
def test_a_single_pod_has_no_disruption_budget(render: Render, replicas: int, budget: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"replicaCount": replicas, "podDisruptionBudget": budget}
    assert render({"onwards": fields, **one(**fields)}).kind("PodDisruptionBudget") == []


def test_a_single_pod_has_a_disruption_budget_where_values_set_one(render: Render) -> None:
    budget = render(one(podDisruptionBudget={"maxUnavailable": 1}))["PodDisruptionBudget", f"{FULLNAME}-a"]
    assert budget["spec"]["maxUnavailable"] == 1


def test_the_eviction_policy_of_unhealthy_pods_needs_kubernetes_1_27(render: Render) -> None:
    rendered = [
        "unhealthyPodEvictionPolicy"
        in render({"onwards": {"replicaCount": 2}}, kube_version=version)["PodDisruptionBudget", GATEWAY]["spec"]
        for version in ("1.26.0", "1.27.0")
    ]
    assert rendered == [False, True]


def test_several_gateway_pods_prefer_different_hosts_and_zones(render: Render) -> None:
    labels = gateway_of(render)["spec"]["selector"]["matchLabels"]
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
        }
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]
    assert pod_spec(gateway_of(render, replicaCount=2))["topologySpreadConstraints"] == spread
    assert pod_spec(gateway_of(render, autoscaling={"enabled": True}))["topologySpreadConstraints"] == spread
    assert "topologySpreadConstraints" not in pod_spec(gateway_of(render))
    own = [{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]
    configured = gateway_of(render, replicaCount=2, topologySpreadConstraints=own)
    assert pod_spec(configured)["topologySpreadConstraints"] == own


def test_an_autoscaler_sets_the_number_of_pods(render: Render) -> None:
    rendered = render({"onwards": {"autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": 50}}})
    assert "replicas" not in rendered["Deployment", GATEWAY]["spec"]
    assert rendered["HorizontalPodAutoscaler", GATEWAY]["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": GATEWAY},
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
            }
        ],
    }
    assert rendered["PodDisruptionBudget", GATEWAY]["spec"]["maxUnavailable"] == 1


def test_an_autoscaler_uses_the_configured_metrics(render: Render) -> None:
    target = {"type": "AverageValue", "averageValue": "20"}
    metrics = [{"type": "Pods", "pods": {"metric": {"name": "onwards_requests_inflight"}, "target": target}}]
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 600}}
    scaling = {"enabled": True, "metrics": metrics, "behavior": behavior}
    spec = render({"onwards": {"autoscaling": scaling}})["HorizontalPodAutoscaler", GATEWAY]["spec"]
    assert (spec["metrics"], spec["behavior"]) == (metrics, behavior)


def test_an_autoscaler_has_the_common_annotations(render: Render) -> None:
    rendered = render({"onwards": {"autoscaling": {"enabled": True}}, "commonAnnotations": {"owner": "me"}})
    assert rendered["HorizontalPodAutoscaler", GATEWAY]["metadata"]["annotations"] == {"owner": "me"}


def test_autoscaling_is_off_by_default(render: Render) -> None:
    assert render().kind("HorizontalPodAutoscaler") == []


@pytest.mark.parametrize(
    ("fields", "period", "threshold"),
    [
        ({"loadSeconds": 0}, 10, 180),
        ({"loadSeconds": 1800}, 10, 180),
        ({"loadSeconds": 1801}, 10, 181),
        ({"loadSeconds": 3600, "startupProbe": {"periodSeconds": 60}}, 60, 180),
        ({"loadSeconds": 36000, "startupProbe": {"periodSeconds": 60}}, 60, 600),
        ({"loadSeconds": 1000, "startupProbe": {"periodSeconds": 1}}, 1, 1000),
        ({"loadSeconds": 60, "startupProbe": {"failureThreshold": 7}}, 10, 7),
    ],
    ids=str,
)
def test_a_startup_probe_waits_as_long_as_the_model_loads(
    render: Render, fields: dict[str, Any], period: int, threshold: int
) -> None:
    rendered = render(one(**fields))
    probe = engine(rendered)["startupProbe"]
    assert (probe["periodSeconds"], probe["failureThreshold"]) == (period, threshold)
    assert deployment(rendered)["spec"]["progressDeadlineSeconds"] == period * threshold + 600


def spread_of(render: Render, **fields: Any) -> Any:
    return pod(render(one(**fields))).get("topologySpreadConstraints")


def test_pods_of_a_group_prefer_different_nodes_and_zones(render: Render) -> None:
    spread = spread_of(render, replicaCount=2)
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert {each["whenUnsatisfiable"] for each in spread} == {"ScheduleAnyway"}
    labels = deployment(render(one(replicaCount=2)))["spec"]["selector"]["matchLabels"]
    assert {each["labelSelector"]["matchLabels"] == labels for each in spread} == {True}
    assert spread_of(render, autoscaling={"enabled": True, "minReplicas": 1, "maxReplicas": 2}, replicaCount=None)


VOLUME = {"name": "model-cache", "size": "1Gi", "mountPath": "/cache"}
TERM = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "x"}}}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"replicaCount": 2, "persistentVolumes": [VOLUME]},
        {"replicaCount": 2, "podSpec": {"topologySpreadConstraints": None}},
        {
            "replicaCount": 2,
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [TERM]}},
        },
        {"replicaCount": 2, "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [TERM]}}},
    ],
    ids=["one", "together", "off", "apart-already", "beside-others"],
)
def test_other_pods_go_where_the_values_say(render: Render, fields: dict[str, Any]) -> None:
    assert spread_of(render, **fields) is None


def test_a_rollout_waits_until_pods_were_ready_for_some_time(render: Render) -> None:
    manifests = render({"onwards": {"minReadySeconds": 5}, **one(minReadySeconds=30)})
    assert deployment(manifests)["spec"]["minReadySeconds"] == 30
    assert manifests["Deployment", f"{FULLNAME}-onwards"]["spec"]["minReadySeconds"] == 5
    assert "minReadySeconds" not in deployment(render(one()))["spec"]
