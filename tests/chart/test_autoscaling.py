"""Autoscalers of model groups: what they ask for, how many pods there may be, and what requests wait for."""

from __future__ import annotations

from typing import Any

import promql_parser
import pytest

from harness.helm import HelmError
from harness.manifests import Manifests, Object
from harness.monitoring.rules import recorded
from harness.presets import presets
from tests.chart.accessors import FULLNAME, deployment, one, pools
from tests.promql import selectors
from tests.support import Render, Say

NAME = f"{FULLNAME}-a"
PROMETHEUS = {"prometheus": {"serverAddress": "http://prometheus:9090"}}
PODS = f'namespace="default",pod=~"{FULLNAME}-onwards-[a-z0-9]+-[a-z0-9]+"'
ONE = 'model="m"'
TWO = r'model=~"m|llama-3\\.1"'
SCRAPED = f"0 * count(up{{{PODS}}} == 1)"


def scaled(by: str = "requests", **autoscaling: Any) -> dict[str, Any]:
    """Values with one group that is scaled by what Prometheus says."""
    return {**PROMETHEUS, **one(autoscaling={"enabled": True, "by": by, **autoscaling})}


def group(*aliases: str, **fields: Any) -> dict[str, Any]:
    return {"enabled": True, "modelAlias": list(aliases), "modelName": "org/m", **fields}


def scaled_object(manifests: Manifests) -> Object:
    spec: Object = manifests["ScaledObject", NAME]["spec"]
    return spec


def hpa(manifests: Manifests) -> Object:
    spec: Object = manifests["HorizontalPodAutoscaler", NAME]["spec"]
    return spec


def query(manifests: Manifests) -> str:
    (trigger,) = scaled_object(manifests)["triggers"]
    return str(trigger["metadata"]["query"])


def inflight(models: str) -> str:
    return f"sum(onwards_model_inflight{{{PODS},{models}}})"


def test_without_an_autoscaler_there_is_none(render: Render) -> None:
    rendered = render(one(replicaCount=3))
    assert not [*rendered.kind("ScaledObject"), *rendered.kind("HorizontalPodAutoscaler")]
    assert deployment(rendered)["spec"]["replicas"] == 3


def test_the_defaults_scale_by_requests_of_the_gateway(render: Render) -> None:
    rendered = render(scaled())
    assert scaled_object(rendered) == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "minReplicaCount": 1,
        "maxReplicaCount": 4,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}},
        "triggers": [
            {
                "type": "prometheus",
                "metadata": {
                    "serverAddress": "http://prometheus:9090",
                    "query": f"({inflight(ONE)} or {SCRAPED})",
                    "threshold": "16",
                    "ignoreNullValues": "false",
                },
            }
        ],
    }
    assert "replicas" not in deployment(rendered)["spec"]


@pytest.mark.parametrize(
    ("fields", "kind", "workload"),
    [
        ({}, "Deployment", NAME),
        ({"balancing": "perReplica"}, "StatefulSet", NAME),
        ({"nodes": 2, "resources": {"limits": {"nvidia.com/gpu": 8}}}, "LeaderWorkerSet", f"{NAME}-nodes"),
    ],
    ids=["deployment", "replicas", "nodes"],
)
@pytest.mark.parametrize("provider", ["keda", "hpa"])
def test_the_workload_is_scaled_and_has_no_number_of_its_own(
    render: Render, provider: str, fields: dict[str, Any], kind: str, workload: str
) -> None:
    values = one(autoscaling={"enabled": True, "provider": provider}, **fields)
    rendered = render({**PROMETHEUS, **values})
    target = (scaled_object if provider == "keda" else hpa)(rendered)["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (kind, workload)
    found = rendered[kind, workload]
    assert (found["apiVersion"], "replicas" in found["spec"]) == (target["apiVersion"], False)


def test_the_number_of_one_start_sets_every_wait(render: Render) -> None:
    rendered = render(scaled(minReplicas=0, startSeconds=120))
    spec = scaled_object(rendered)
    window = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"]
    assert (window, spec["initialCooldownPeriod"], spec["cooldownPeriod"]) == (120, 120, 120)
    assert pools(rendered)["m"]["fallback"]["max_total_backoff_ms"] == 180_000


@pytest.mark.parametrize(
    ("load", "start", "seconds"),
    [(0, 0, 300), (900, 0, 900), (900, 60, 60)],
)
def test_the_start_is_as_long_as_loading(render: Render, load: int, start: int, seconds: int) -> None:
    autoscaling = {"enabled": True, "minReplicas": 0, "startSeconds": start}
    spec = scaled_object(render({**PROMETHEUS, **one(autoscaling=autoscaling, loadSeconds=load)}))
    assert spec["initialCooldownPeriod"] == seconds


def test_a_window_is_an_hour_at_most_as_kubernetes_takes_it(render: Render) -> None:
    spec = hpa(render(scaled(provider="hpa", startSeconds=9000)))
    assert spec["behavior"] == {"scaleDown": {"stabilizationWindowSeconds": 3600}}


@pytest.mark.parametrize(
    ("start", "window", "period"), [(60, 240, 240), (300, 1200, 1200), (900, 1800, 1800), (9000, 3600, 1800)]
)
@pytest.mark.parametrize("provider", ["keda", "hpa"])
def test_a_queue_that_is_empty_lets_one_pod_go_at_a_time(
    render: Render, provider: str, start: int, window: int, period: int
) -> None:
    """Kubernetes takes an hour for a window, and half an hour for a period."""
    rendered = render({**PROMETHEUS, **scaled(provider=provider, by="queue", startSeconds=start)})
    behavior = (
        hpa(rendered)["behavior"]
        if provider == "hpa"
        else scaled_object(rendered)["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    )
    policies = [{"type": "Pods", "value": 1, "periodSeconds": period}]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": window, "policies": policies}}


def test_pods_of_a_queue_are_kept_as_long_as_the_users_window(render: Render) -> None:
    own = {"scaleDown": {"stabilizationWindowSeconds": 90}}
    (policy,) = hpa(render(scaled(provider="hpa", by="queue", behavior=own)))["behavior"]["scaleDown"]["policies"]
    assert policy == {"type": "Pods", "value": 1, "periodSeconds": 90}


def test_a_policy_of_the_users_wins_over_that_of_a_queue(render: Render) -> None:
    own = {
        "scaleDown": {"stabilizationWindowSeconds": 5, "policies": [{"type": "Pods", "value": 9, "periodSeconds": 3}]}
    }
    assert hpa(render(scaled(provider="hpa", by="queue", behavior=own)))["behavior"] == own


def test_a_behavior_of_the_users_wins(render: Render) -> None:
    own = {"scaleDown": {"stabilizationWindowSeconds": 5}, "scaleUp": {"selectPolicy": "Min"}}
    assert hpa(render(scaled(provider="hpa", behavior=own)))["behavior"] == own


def test_a_field_of_the_spec_is_laid_over(render: Render) -> None:
    own = {"pollingInterval": 3, "fallback": {"failureThreshold": 3, "replicas": 2}}
    spec = scaled_object(render(scaled(spec=own)))
    assert (spec["pollingInterval"], spec["fallback"]["replicas"], spec["maxReplicaCount"]) == (3, 2, 4)


def test_idle_time_and_schedule(render: Render) -> None:
    times = [{"start": "0 8 * * 1-5", "end": "0 19 * * 1-5", "timezone": "Europe/Berlin", "replicas": 2}]
    schedule = [*times, {**times[0], "timezone": ""}]
    spec = scaled_object(render(scaled(minReplicas=0, idleSeconds=1800, schedule=schedule)))
    assert spec["cooldownPeriod"] == 1800
    cron = {"start": "0 8 * * 1-5", "end": "0 19 * * 1-5", "desiredReplicas": "2"}
    assert [each["metadata"] for each in spec["triggers"] if each["type"] == "cron"] == [
        {**cron, "timezone": "Europe/Berlin"},
        {**cron, "timezone": "Etc/UTC"},
    ]


def test_several_aliases_are_summed(render: Render) -> None:
    values = {**PROMETHEUS, "modelGroups": {"a": group("m", "llama-3.1", autoscaling={"enabled": True})}}
    assert query(render(values)) == f"({inflight(TWO)} or {SCRAPED})"


def test_a_group_is_scaled_by_its_share_of_each_pool(render: Render) -> None:
    groups = {"a": group("m", "n", weight=1, autoscaling={"enabled": True}), "b": group("m", weight=3)}
    text = query(render({**PROMETHEUS, "modelGroups": groups}))
    m, n = (inflight(f'model="{alias}"') for alias in "mn")
    assert text == f"(0.25 * {m} or {SCRAPED}) + ({n} or {SCRAPED})"


def test_the_first_in_order_has_all_requests_and_the_others_none(render: Render) -> None:
    groups = {
        "a": group("m", "n", autoscaling={"enabled": True}),
        "b": group("m", priority=1),
        "c": group("n", priority=0, weight=7),
    }
    routes = {"routes": {"n": {"strategy": "weighted"}}}
    text = query(render({**PROMETHEUS, **routes, "modelGroups": groups}))
    assert text.count("onwards_model_inflight") == 2
    assert text.startswith("(0.125 * ")
    behind = {"a": group("m", "n", priority=1, autoscaling={"enabled": True}), "b": group("m")}
    assert ONE not in query(render({**PROMETHEUS, "modelGroups": behind}))


def test_labels_of_prometheus_are_in_each_selector(render: Render) -> None:
    values = scaled()
    values["prometheus"] = {
        **values["prometheus"],
        "labels": {"cluster": "a"},
        "authenticationRef": {"name": "token", "kind": ""},
    }
    rendered = render(values)
    assert query(rendered).count('cluster="a"') == 2
    assert scaled_object(rendered)["triggers"][0]["authenticationRef"] == {"name": "token"}


@pytest.mark.parametrize(
    ("by", "threshold", "text"),
    [
        ("queue", "5", "sum(vllm:num_requests_waiting{%s})"),
        ("kvCache", "80", "100 * sum(vllm:kv_cache_usage_perc{%s})"),
    ],
)
def test_an_engines_own_metric_is_summed_over_its_pods(render: Render, by: str, threshold: str, text: str) -> None:
    rendered = render(scaled(by))
    assert query(rendered) == text % f'namespace="default",pod=~"{NAME}-[a-z0-9]+-[a-z0-9]+"'
    assert scaled_object(rendered)["triggers"][0]["metadata"]["threshold"] == threshold


RECORDED = {"prometheus": {**PROMETHEUS["prometheus"], "recorded": True}}


def test_recorded_series_are_asked_for_by_share_and_are_zero_where_the_gateway_is_scraped(render: Render) -> None:
    groups = {"a": group("m", "n", weight=1, autoscaling={"enabled": True}), "b": group("m", weight=3)}
    release = 'namespace="default",release="test-release"'
    zero = f"0 * sum(inference_stack:gateway_requests_in_flight:sum{{{release}}})"
    of_alias = f"sum(inference_stack:alias_requests_in_flight:sum{{{release},alias="
    assert query(render({**RECORDED, "modelGroups": groups})) == (
        f'(0.25 * {of_alias}"m"}}) or {zero}) + ({of_alias}"n"}}) or {zero})'
    )


@pytest.mark.parametrize("by", ["requests", "queue", "kvCache"])
def test_what_is_asked_for_is_recorded(render: Render, by: str) -> None:
    found = [*selectors(promql_parser.parse(query(render({**scaled(by), **RECORDED}))))]
    assert found
    assert {each.name for each in found} <= recorded()
    for each in found:
        assert {matcher.name for matcher in each.matchers.matchers} >= {"namespace", "release"}


def test_cpu_needs_no_prometheus(render: Render) -> None:
    values = one(autoscaling={"enabled": True, "by": "cpu", "target": 60}, resources={"requests": {"cpu": 2}})
    target = {"type": "Utilization", "averageUtilization": 60}
    assert hpa(render(values))["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


@pytest.mark.parametrize(
    ("by", "metric", "amount"),
    [("queue", "vllm_num_requests_waiting", "5"), ("kvCache", "vllm_kv_cache_usage_perc", "800m")],
)
def test_an_hpa_reads_an_engines_metric_by_an_adapter(render: Render, by: str, metric: str, amount: str) -> None:
    (found,) = hpa(render(scaled(by, provider="hpa")))["metrics"]
    target = {"type": "AverageValue", "averageValue": amount}
    assert found == {"type": "Pods", "pods": {"metric": {"name": metric}, "target": target}}


def test_an_hpa_reads_requests_by_an_adapter_and_reckons_with_the_share(render: Render) -> None:
    groups = {"a": group("m", "n", autoscaling={"enabled": True, "provider": "hpa", "target": 10})}
    groups["b"] = group("m", "n", weight=2)
    (found,) = hpa(render({"modelGroups": groups}))["metrics"]
    models = [{"key": "model", "operator": "In", "values": ["m", "n"]}]
    assert found["external"] == {
        "metric": {"name": "onwards_model_inflight", "selector": {"matchExpressions": models}},
        "target": {"type": "AverageValue", "averageValue": "30004m"},  # a third, to four digits
    }


def test_an_hpa_adds_nothing_up(render: Render) -> None:
    groups = {"a": group("m", "n", autoscaling={"enabled": True, "provider": "hpa"}), "b": group("m")}
    found = [each["external"] for each in hpa(render({"modelGroups": groups}))["metrics"]]
    models = [each["metric"]["selector"]["matchExpressions"][0]["values"] for each in found]
    assert models == [["m"], ["n"]]
    assert [each["target"]["averageValue"] for each in found] == ["32", "16"]


def test_metrics_and_triggers_of_the_users_are_taken_as_they_are(render: Render) -> None:
    trigger = {"type": "nats-jetstream", "metadata": {"lagThreshold": "10"}}
    assert hpa(render(scaled(metrics=[MEMORY])))["metrics"] == [MEMORY]
    assert scaled_object(render(scaled(minReplicas=0, triggers=[trigger])))["triggers"] == [trigger]
    numbers = {"lagThreshold": 10, "activationLagThreshold": 1000000, "useHttps": True, "account": None}
    (rendered,) = scaled_object(render(scaled(minReplicas=0, triggers=[{**trigger, "metadata": numbers}])))["triggers"]
    assert rendered["metadata"] == {"lagThreshold": "10", "activationLagThreshold": "1000000", "useHttps": "true"}


def test_without_a_prometheus_keda_sums_what_each_gateway_pod_says(render: Render) -> None:
    groups = {"a": group("m", autoscaling={"enabled": True}), "b": group("m", weight=3)}
    values = {"modelGroups": groups, "onwards": {"metrics": {"port": 9191}}}
    (trigger,) = scaled_object(render(values))["triggers"]
    assert trigger == {
        "type": "metrics-api",
        "metadata": {
            "url": f"http://{FULLNAME}-onwards.default.svc:9191/metrics",
            "aggregateFromKubeServiceEndpoints": "true",
            "aggregationType": "sum",
            "format": "prometheus",
            "valueLocation": 'onwards_model_inflight{model="m"}',
            "targetValue": "64.000",
        },
    }


def test_requests_are_held_only_where_all_that_serve_them_sleep(render: Render) -> None:
    sleeps = {"enabled": True, "minReplicas": 0, "startSeconds": 100}
    groups = {"a": group("m", "n", "o", autoscaling=sleeps), "b": group("n"), "c": group("o", autoscaling=sleeps)}
    groups["c"]["autoscaling"] = {**sleeps, "startSeconds": 200}
    rendered = pools(render({**PROMETHEUS, "modelGroups": groups}))
    held = {alias: rendered[alias]["fallback"].get("max_total_backoff_ms", 0) // 1000 for alias in "mno"}
    assert held == {"m": 160, "n": 0, "o": 260}


def test_a_provider_answers_while_a_group_starts(render: Render) -> None:
    values = scaled(minReplicas=0)
    values["externalProviders"] = {"p": {"url": "https://api.example.com/v1", "modelAlias": ["m"], "priority": 1}}
    rendered = render(values)
    assert "max_total_backoff_ms" not in pools(rendered)["m"]["fallback"]
    assert query(rendered).startswith("(sum(")  # all of the requests, also those that the provider answers


@pytest.mark.parametrize("hold", [0, 20])
def test_a_route_of_the_users_says_how_long_requests_are_held(render: Render, hold: int) -> None:
    rendered = render({**scaled(minReplicas=0), "routes": {"m": {"holdSeconds": hold}}})
    assert pools(rendered)["m"]["fallback"].get("max_total_backoff_ms", 0) == 1000 * hold


def test_no_request_is_held_longer_than_the_gateway_drains(render: Render) -> None:
    rendered = render({**scaled(minReplicas=0, startSeconds=900), "onwards": {"drainSeconds": 120}})
    assert pools(rendered)["m"]["fallback"]["max_total_backoff_ms"] == 120_000


def test_replicas_that_there_may_be_are_all_known_and_passed_over(render: Render) -> None:
    autoscaling = {"enabled": True, "minReplicas": 1, "maxReplicas": 6}
    values = {**PROMETHEUS, **one(balancing="perReplica", autoscaling=autoscaling)}
    values["onwards"] = {"fallback": {"onStatus": [503]}}
    pool = pools(render(values))["m"]
    assert [each["url"] for each in pool["providers"]] == [
        f"http://{NAME}-{number}.{NAME}-replicas:8000/v1" for number in range(6)
    ]
    assert (pool["fallback"]["max_attempts"], pool["fallback"]["on_status"]) == (6, [503, 502])


def test_a_budget_is_for_as_many_pods_as_there_may_be(render: Render) -> None:
    assert render(scaled(maxReplicas=3))["PodDisruptionBudget", NAME]["spec"]["maxUnavailable"] == 1
    assert render(scaled(maxReplicas=1)).kind("PodDisruptionBudget") == []


def test_metrics_that_scale_are_named_after_their_engine() -> None:
    """Whether an engine has them is asked of real scrapes elsewhere; here that no preset has another engine's."""
    prefixes = {
        "nim": "vllm:",
        "tensorrt-llm": "trtllm_",
        "llama-cpp": "llamacpp:",
        "tei": "te_",
        "triton-openai": "nv_",
    }
    for name, preset in presets().items():
        prefix = {**prefixes, "triton": "nv_", "tgi": "tgi_"}.get(name, f"{name}:")
        assert all(metric.startswith(prefix) for metric in preset.get("scaling", {}).values()), name


MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization"}}}
SCALER = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "b"}}
ON = {"enabled": True}
TIME = {"start": "0 8 * * *", "end": "0 19 * * *"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"replicaCount": 3, "autoscaling": ON}, "modelGroups.a.replicaCount: it is 3, but the autoscaler sets"),
        ({"autoscaling": {**ON, "minReplicas": 5}}, "autoscaling.maxReplicas: it is 4, less than minReplicas"),
        ({"autoscaling": {**ON, "by": "cpu"}}, "resources.requests: the autoscaler targets a percentage"),
        ({"replicaCount": 2}, "replicaCount, with every upgrade, and extraObjects.b both set the number of pods"),
        ({"autoscaling": {**ON, "provider": "keda", "metrics": [MEMORY]}}, "metrics are an HPA's, triggers and"),
        ({"autoscaling": {**ON, "metrics": [MEMORY], "triggers": [{}]}}, "metrics are an HPA's, triggers and"),
        ({"autoscaling": {**ON, "schedule": [{**TIME, "replicas": 5}]}}, "no more replicas than"),
        (
            {"autoscaling": {**ON, "minReplicas": 2}, "podDisruptionBudget": {"minAvailable": 2}},
            "podDisruptionBudget: it allows none of the 2 pods to be evicted",
        ),
    ],
    ids=["replicaCount", "maxReplicas", "cpu", "extraObjects", "metrics", "triggers", "schedule", "budget"],
)
def test_what_contradicts_itself_is_refused(render: Render, fields: dict[str, Any], words: str) -> None:
    """Beside the cases of harness/docs/messages.yaml: sentences that the page has of the gateway already."""
    values = {**PROMETHEUS, **one(**fields)}
    if "autoscaling" not in fields:
        values["extraObjects"] = {"b": {**SCALER, "spec": {"scaleTargetRef": {"name": NAME}}}}
    with pytest.raises(HelmError) as caught:
        render(values)
    assert words in " ".join(caught.value.output.split())


@pytest.mark.parametrize(
    "values",
    [{"onwards": {"service": {"type": "NodePort"}}}, {"onwards": {"metrics": {"enabled": False}}}],
    ids=["type", "port"],
)
def test_keda_finds_the_gateway_by_its_metrics_port(render: Render, values: dict[str, Any]) -> None:
    with pytest.raises(HelmError) as caught:
        render({**values, **one(autoscaling=ON)})
    assert "by the metrics port of a Service of type ClusterIP" in " ".join(caught.value.output.split())
    assert render({**values, **scaled()})["ScaledObject", NAME]


def test_replicas_are_passed_over_by_retries(render: Render) -> None:
    values = {**one(autoscaling=ON, balancing="perReplica"), "routes": {"m": {"fallback": {"enabled": False}}}}
    with pytest.raises(HelmError) as caught:
        render(values)
    assert "or with perReplica pass over it" in " ".join(caught.value.output.split())


def test_an_hpa_needs_kubernetes_1_23(render: Render) -> None:
    values = one(autoscaling={**ON, "by": "cpu"}, resources={"requests": {"cpu": 2}})
    with pytest.raises(HelmError) as caught:
        render(values, kube_version="1.22.17")
    assert "no autoscaling/v2, which was added in 1.23" in " ".join(caught.value.output.split())


def test_the_notes_say_what_the_first_request_waits_for(notes: Say) -> None:
    said = notes(scaled(minReplicas=0, startSeconds=120))
    assert "m (a): starts in some 120 s, requests are held for up to 180 s" in said
    assert "have no pod" not in notes(scaled())
