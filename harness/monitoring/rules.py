"""The recording rules: every engine's and the gateway's metrics under the names of the vocabulary.

The chart writes into them where the release is: `@NAMESPACE@`, `@RELEASE@` and the like (WORDS).
"""

from __future__ import annotations

import re
from typing import Any

from harness.monitoring.vocabulary import MEANINGS, Gauge, Hole, Mean, Meaning, Share, Source

Rule = dict[str, Any]

WORDS = {
    "@NAMESPACE@": "the release's namespace",
    "@RELEASE@": "its name",
    "@PREFIX@": "onwards.metrics.prefix",
    "@GATEWAY@": "name of the gateway's Deployment",
    "@WORKLOADS@": "regular expression of the names of its workloads",
    "@CLAIMS@": "regular expression of the names of its volumes' claims",
    "@AVAILABILITY@": "prometheusRule.slo.availability",
    "@FIRST_TOKEN@": "prometheusRule.slo.firstToken",
    "@FIRST_TOKEN_SECONDS@": "prometheusRule.slo.firstTokenSeconds",
}
"""What the chart puts in, and what it is."""

PREFIX = "inference_stack:"
OWN = 'namespace="@NAMESPACE@",release="@RELEASE@"'
"""Of a recorded series."""
SCRAPED = 'namespace="@NAMESPACE@",app_kubernetes_io_instance="@RELEASE@"'
"""Of a scraped one: the labels of its pod, under the names that Prometheus gives them."""
OF_KUBERNETES = 'namespace="@NAMESPACE@"'
POD_LABEL = "app_kubernetes_io_model_group"
WINDOW = "5m"
WINDOWS = ("5m", "30m", "1h", "6h")
"""Of the SLOs: two pairs, of which a short one tells that it still burns."""


def own(name: str, matchers: str = "") -> str:
    """A recorded series of this release."""
    return f"{PREFIX}{name}{{{OWN}{',' if matchers else ''}{matchers}}}"


def scraped(metric: str, suffix: str = "", matchers: str = "") -> str:
    """A scraped series of this release; the metric may have matchers of its own."""
    name, _, given = metric.partition("{")
    parts = [SCRAPED, given.removesuffix("}"), matchers]
    return f"{name}{suffix}{{{','.join(part for part in parts if part)}}}"


def rate(metric: str, suffix: str = "", matchers: str = "", window: str = WINDOW) -> str:
    return f"rate({scraped(metric, suffix, matchers)}[{window}])"


def record(name: str, expr: str) -> Rule:
    return {"record": f"{PREFIX}{name}", "expr": re.sub(r"\s+", " ", expr).strip()}


def united(parts: list[str]) -> str:
    """Series of several metrics; each beyond the first of one engine gets a label of its own, or it would be lost."""
    return " or ".join(parts)


def of_groups(inside: str, *by: str, aggregate: str = "sum") -> str:
    """Series by group, engine and `by`, of series with their pod's labels."""
    labels = ", ".join(("model_group", *by))
    renamed = f'label_replace({inside}, "model_group", "$1", "{POD_LABEL}", "(.+)")'
    return f"{aggregate} by ({labels}) ({renamed}) * on (model_group) group_left (engine) {own('group_info')}"


def _names(source: Source) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else source if isinstance(source, tuple) else ()


def _sources(meaning: Meaning) -> list[Source]:
    return [each for each in meaning.engines.values() if not isinstance(each, Hole)]


def _rates(source: Source) -> list[str]:
    first, *others = _names(source)
    numbered = [f'label_replace({rate(each)}, "part", "{n}", "", "")' for n, each in enumerate(others, 2)]
    return [rate(first), *numbered]


def gauge(meaning: Meaning) -> list[Rule]:
    """A pod's gauge, and a group's: the sum, or the most for a share."""
    aggregate = "max" if meaning.name == "kv_cache_usage" else "sum"
    inside = united([scraped(name) for source in _sources(meaning) for name in _names(source)])
    of_pod = f"pod_{meaning.name}:{aggregate}"
    grouped = f"{aggregate} by (model_group, engine) ({own(of_pod)})"
    return [
        record(of_pod, of_groups(inside, "pod", aggregate=aggregate)),
        record(f"group_{meaning.name}:{aggregate}", grouped),
    ]


def counter(meaning: Meaning) -> list[Rule]:
    inside = united([part for source in _sources(meaning) for part in _rates(source)])
    return [record(f"group_{meaning.name}:rate5m", of_groups(inside))]


def ratio(meaning: Meaning) -> list[Rule]:
    parts = []
    for source in _sources(meaning):
        if isinstance(source, Share):
            part, whole = (f"sum by ({POD_LABEL}) ({united(_rates(each))})" for each in (source.part, source.whole))
            parts.append(f"{part} / {whole}")
        elif isinstance(source, Gauge):
            parts.append(f"avg by ({POD_LABEL}) ({scraped(source.gauge)})")
    return [record(f"group_{meaning.name}:ratio_rate5m", of_groups(united(parts)))]


def histogram(meaning: Meaning) -> list[Rule]:
    """Its buckets, the quantiles that people look at, and the mean, which more engines have."""
    name = f"group_{meaning.name}"
    metrics = [metric for source in _sources(meaning) for metric in _names(source)]
    means = [source for source in _sources(meaning) if isinstance(source, Mean)]
    buckets = own(f"{name}_bucket:rate5m")
    sums = [rate(metric, "_sum") for metric in metrics] + [f"{rate(each.total)}{each.scale}" for each in means]
    counts = [rate(metric, "_count") for metric in metrics] + [rate(each.count) for each in means]
    by_group = f"sum by ({POD_LABEL})"
    mean = f"({by_group} ({united(sums)}) / {by_group} ({united(counts)}))"
    quantiles = [
        record(
            f"{name}:quantile{percent}",
            f"histogram_quantile({percent / 100}, sum by (model_group, engine, le) ({buckets}))",
        )
        for percent in (50, 95)
    ]
    return [
        record(f"{name}_bucket:rate5m", of_groups(united([rate(each, "_bucket") for each in metrics]), "le")),
        *quantiles,
        record(f"{name}:mean5m", of_groups(mean)),
    ]


KINDS = {"gauge": gauge, "counter": counter, "ratio": ratio, "histogram": histogram}


def engine_rules() -> list[Rule]:
    """Of the engines: by pod, group and engine."""
    return [rule for meaning in MEANINGS for rule in KINDS[meaning.kind](meaning)]


def first_token_rules() -> list[Rule]:
    """The part of requests whose first token came later than the objective, over each window."""
    (meaning,) = (each for each in MEANINGS if each.name == "first_token_seconds")
    metrics = [metric for source in _sources(meaning) for metric in _names(source)]
    within = 'le=~"@FIRST_TOKEN_SECONDS@([.]0)?"'
    by_group = f"sum by ({POD_LABEL})"
    rules = []
    for window in WINDOWS:
        fast = united([rate(each, "_bucket", within, window) for each in metrics])
        every = united([rate(each, "_count", "", window) for each in metrics])
        slow = f"(1 - {by_group} ({fast}) / {by_group} ({every}))"
        rules.append(record(f"group_first_token_slow:ratio_rate{window}", of_groups(slow)))
    for window in ("1h", "6h"):
        counted = united([f"increase({scraped(each, '_count')}[{window}])" for each in metrics])
        rules.append(record(f"group_first_tokens:increase{window}", of_groups(counted)))
    return rules


# --- What Kubernetes says of the workloads, by kube-state-metrics and the kubelet

REPLICAS = {
    "replicas_ready": ("kube_deployment_status_replicas_available", "kube_statefulset_status_replicas_ready"),
    "replicas_wanted": ("kube_deployment_spec_replicas", "kube_statefulset_replicas"),
    "replicas": ("kube_deployment_status_replicas", "kube_statefulset_status_replicas"),
}


def _of_workloads(deployments: str, sets: str) -> str:
    """Series with the name of their workload, of those of Deployments and of StatefulSets."""
    parts = [
        f'label_replace({deployments}, "workload", "$1", "deployment", "(.+)")',
        f'label_replace({sets}, "workload", "$1", "statefulset", "(.+)")',
    ]
    return united(parts)


def kubernetes_rules() -> list[Rule]:
    """Replicas of groups, their GPUs, and what may be wrong with a workload."""
    rules = []
    for name, (deployments, sets) in REPLICAS.items():
        found = _of_workloads(f"{deployments}{{{OF_KUBERNETES}}}", f"{sets}{{{OF_KUBERNETES}}}")
        grouped = f"sum by (workload) ({found}) * on (workload) group_left (model_group, engine) {own('group_info')}"
        rules.append(record(f"group_{name}:sum", f"sum by (model_group, engine) ({grouped})"))
    gpus = f"{own('group_replicas:sum')} * on (model_group) group_left () {own('group_gpus_per_replica')}"
    failed = f'{OF_KUBERNETES},deployment=~"@WORKLOADS@",condition="Progressing",status="false"'
    of_sets = f'{{{OF_KUBERNETES},statefulset=~"@WORKLOADS@"}}'
    updated = f"kube_statefulset_status_replicas_updated{of_sets}"
    behind = f"({updated} < kube_statefulset_replicas{of_sets}) * 0 + 1"
    stuck = _of_workloads(
        f"(kube_deployment_status_condition{{{failed}}} == 1)", f"({behind} unless (changes({updated}[30m]) > 0))"
    )
    claims = f'{{{OF_KUBERNETES},persistentvolumeclaim=~"@CLAIMS@"}}'
    restarts = f'kube_pod_container_status_restarts_total{{{OF_KUBERNETES},pod=~"(@WORKLOADS@)-.+"}}'
    failing = f'{OF_KUBERNETES},pod=~"@GATEWAY@-.+",container="watch-config",probe_type="Liveness",result="failed"'
    available = f'kube_deployment_status_replicas_available{{{OF_KUBERNETES},deployment="@GATEWAY@"}}'
    return [
        *rules,
        record("group_gpus:sum", gpus),
        record("gateway_replicas_ready:sum", f"sum ({available})"),
        record("gateway_config_failures:increase5m", f"sum by (pod) (increase(prober_probe_total{{{failing}}}[5m]))"),
        record("pod_restarts:increase30m", f"sum by (pod) (increase({restarts}[30m]))"),
        record("workload_rollout_stuck:max", f"max by (workload) ({stuck})"),
        record(
            "volume_free:ratio",
            f"min by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes{claims}"
            f" / kubelet_volume_stats_capacity_bytes{claims})",
        ),
    ]


# --- The gateway, and aliases


def _by_alias(inside: str, *by: str) -> str:
    return f'sum by ({", ".join(("alias", *by))}) (label_replace({inside}, "alias", "$1", "model", "(.+)"))'


ANSWERED = 'endpoint!~".*/models",exported_endpoint!~".*/models"'
"""Requests but for the list of models; the path's label is renamed where Prometheus has an `endpoint` of its own."""


def gateway_rules() -> list[Rule]:
    """By status, and by alias as far as the gateway counts by alias."""
    requests = scraped("@PREFIX@_http_requests_total", matchers=ANSWERED)
    failed = scraped("@PREFIX@_http_requests_total", matchers=f'{ANSWERED},status=~"5.."')
    rules = [
        record("gateway_requests:rate5m", f"sum by (status) (rate({requests}[5m]))"),
        record("gateway_requests_in_flight:sum", f"sum ({scraped('onwards_requests_inflight')})"),
        record("gateway_retries:rate5m", f"sum ({rate('onwards_retries_total')})"),
        record(
            "gateway_headers_seconds_bucket:rate5m",
            f"sum by (le) ({rate('@PREFIX@_http_requests_duration_seconds', '_bucket', ANSWERED)})",
        ),
    ]
    for window in WINDOWS:
        share = f"(sum (rate({failed}[{window}])) or sum (rate({requests}[{window}])) * 0)"
        rules.append(record(f"gateway_errors:ratio_rate{window}", f"{share} / sum (rate({requests}[{window}]))"))
    for window in ("1h", "6h"):
        rules.append(record(f"gateway_requests_failed:increase{window}", f"sum (increase({failed}[{window}]))"))
    sums, counts = (_by_alias(rate("onwards_first_token_seconds", suffix)) for suffix in ("_sum", "_count"))
    return [
        *rules,
        record("alias_requests_in_flight:sum", _by_alias(scraped("onwards_model_inflight"))),
        record("alias_requests_failed:rate5m", _by_alias(rate("onwards_upstream_failed_total"), "reason", "status")),
        record("alias_streams:rate5m", counts),
        record("alias_first_token_seconds:mean5m", f"{sums} / {counts}"),
    ]


OF_ALIASES = {
    "alias_replicas_ready:sum": "group_replicas_ready:sum",
    "alias_replicas_wanted:sum": "group_replicas_wanted:sum",
    "alias_requests_running:sum": "group_requests_running:sum",
    "alias_requests_waiting:sum": "group_requests_waiting:sum",
    "alias_generation_tokens:rate5m": "group_generation_tokens:rate5m",
}
"""An alias's, and the groups' that it is the sum of: a group with several aliases counts in each."""


def alias_rules() -> list[Rule]:
    """An alias's part of what its groups have."""
    return [
        record(name, f"sum by (alias, outside) ({own('alias_info')} * on (model_group) group_left () {own(of_group)})")
        for name, of_group in OF_ALIASES.items()
    ]


def cost_rules() -> list[Rule]:
    """GPUs that groups hold, over the tokens that they make."""
    prompt, generation = (
        f"avg_over_time({own(f'group_{each}_tokens:rate5m')}[1h])" for each in ("prompt", "generation")
    )
    tokens = f"({prompt} + {generation} or {prompt})"  # embeddings have tokens in only
    gpus = f"avg_over_time({own('group_gpus:sum')}[1h])"
    return [record("group_gpu_seconds_per_1000_tokens:ratio1h", f"{gpus} / {tokens} * 1000")]


def recording() -> list[dict[str, Any]]:
    """Groups of rules; Prometheus evaluates the rules of one group in their order."""
    return [
        {"name": "inference-stack.records", "rules": [*engine_rules(), *kubernetes_rules(), *cost_rules()]},
        {"name": "inference-stack.gateway", "rules": [*gateway_rules(), *alias_rules()]},
        {"name": "inference-stack.objectives", "rules": first_token_rules()},
    ]


FROM_VALUES = ("group_info", "group_gpus_per_replica", "alias_info", "canary_info")
"""Recorded by rules that the chart makes of the values: which group serves which alias, and the like."""


def recorded() -> set[str]:
    """Every name of the vocabulary."""
    rules = [rule["record"] for group in recording() for rule in group["rules"]]
    return {*rules, *(f"{PREFIX}{name}" for name in FROM_VALUES)}
