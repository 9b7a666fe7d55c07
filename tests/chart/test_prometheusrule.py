"""Recording rules and alerts, judged by promtool: every engine's names, every alert fires and resolves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.manifests import Manifests
from harness.monitoring import alerts, rules
from harness.monitoring.vocabulary import MEANINGS, READ_IN, Gauge, Hole, Mean, Meaning, Share
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, one
from tests.promtool import Series, check, given, rule_groups, rules_of, unit_test
from tests.support import Render

ON: dict[str, Any] = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
GROUPS: dict[str, Any] = {
    "modelGroups": {
        "stable": {"enabled": True, "modelAlias": ["chat"], "modelName": "org/a", "weight": 9},
        "canary": {"enabled": True, "modelAlias": ["chat", "new"], "modelName": "org/b", "weight": 1},
        "big": {
            "enabled": True,
            "modelAlias": ["big"],
            "modelName": "org/c",
            "balancing": "perReplica",
            "resources": {"limits": {"nvidia.com/gpu": 2}},
            "persistentVolumes": [{"name": "cache", "size": "1Gi", "mountPath": "/cache"}],
        },
        "both": {"enabled": True, "modelAlias": ["both"], "modelName": "org/d"},
    },
    "externalProviders": {"outside": {"enabled": True, "url": "https://a.example/v1", "modelAlias": ["both"]}},
}
"""A canary, a group as a StatefulSet, and an alias that a provider serves too."""
NAMESPACE, RELEASE = "default", "test-release"
OWN = {"namespace": NAMESPACE, "release": RELEASE}


@pytest.fixture(scope="module")
def manifests(render: Render) -> Manifests:
    return render({**GROUPS, **ON})


def pod(group: str, number: int = 0) -> dict[str, str]:
    return {
        "namespace": NAMESPACE,
        "pod": f"{FULLNAME}-{group}-{number}",
        "app_kubernetes_io_instance": RELEASE,
        "app_kubernetes_io_component": "model-group",
        "app_kubernetes_io_model_group": group,
    }


GATEWAY = {
    "namespace": NAMESPACE,
    "pod": f"{FULLNAME}-onwards-0",
    "app_kubernetes_io_instance": RELEASE,
    "app_kubernetes_io_component": "onwards",
}


def series(metric: str, labels: Mapping[str, str], **more: str) -> str:
    """A series' name as Prometheus writes it; the metric may have matchers of its own, which become labels."""
    name, _, own = metric.partition("{")
    found = {**labels, **dict(re.findall(r'(\w+)="([^"]*)"', own)), **more}
    return name + "{" + ",".join(f"{key}={json.dumps(value)}" for key, value in found.items()) + "}"


def of_workload(kind: str, metric: str, group: str) -> str:
    return series(f"kube_{kind}_{metric}", {"namespace": NAMESPACE, kind: f"{FULLNAME}-{group}"})


def test_there_are_no_rules_unless_enabled(render: Render) -> None:
    assert render(one()).kind("PrometheusRule") == []


def test_promtool_accepts_the_rules(manifests: Manifests, tmp_path: Path) -> None:
    completed = check(tmp_path, rule_groups(manifests))
    assert completed.returncode == 0, completed.stderr
    count = sum(len(group["rules"]) for group in rule_groups(manifests))
    assert f"SUCCESS: {count} rules found" in completed.stdout
    assert "duplicate" not in completed.stdout + completed.stderr


def test_nothing_of_the_file_is_left_unfilled(manifests: Manifests) -> None:
    assert re.findall(r"@\w+@", json.dumps(rule_groups(manifests))) == []


def test_every_record_has_the_release_and_reads_only_it(manifests: Manifests) -> None:
    for name, rule in rules_of(manifests, "record").items():
        assert rule["labels"].items() >= OWN.items(), name
        selectors = re.findall(r"[\w:]+\{([^}]*)\}", rule["expr"])
        assert all('namespace="default"' in each for each in selectors), name


def test_the_vocabulary_has_these_names_and_no_others(manifests: Manifests) -> None:
    assert {*rules_of(manifests, "record")} == rules.recorded()


def test_alerts_read_the_vocabulary_only(manifests: Manifests) -> None:
    for name, rule in rules_of(manifests, "alert").items():
        read = {*re.findall(r"([A-Za-z_][\w:]*)\{", rule["expr"])}
        assert read and read <= rules.recorded(), name


# --- Every engine's names


ENGINES = ("vllm", "sglang", "tensorrt-llm", "tgi", "tei", "llama-cpp", "lmdeploy", "triton", "ollama")
QUARTER = "0.25"


def scrape(meaning: Meaning, engine: str, group: str) -> dict[str, str]:
    """Series of a group's pod that mean this on the engine, each counting one a second, or a gauge at 0.25."""
    labels, source = pod(group), meaning.engines[engine]
    steady = "0+60x30"
    if isinstance(source, Hole):
        return {}
    if isinstance(source, Gauge):
        return {series(source.gauge, labels): f"{QUARTER}x30"}
    if isinstance(source, Share):
        if isinstance(source.whole, str):
            return {series(source.part, labels): "0+15x30", series(source.whole, labels): steady}
        return {series(each, labels): "0+15x30" if each == source.part else "0+45x30" for each in source.whole}
    if isinstance(source, Mean):
        unit = 1e6 if source.scale else 1
        return {series(source.total, labels): f"0+{15 * unit:g}x30", series(source.count, labels): steady}
    metrics = [source] if isinstance(source, str) else source
    if meaning.kind == "gauge":
        return {series(each, labels): f"{QUARTER}x30" for each in metrics}
    if meaning.kind == "counter":
        return {series(each, labels): steady for each in metrics}
    return {
        series(f"{metrics[0]}_bucket", labels, le="0.5"): steady,
        series(f"{metrics[0]}_bucket", labels, le="+Inf"): steady,
        series(f"{metrics[0]}_sum", labels): "0+15x30",
        series(f"{metrics[0]}_count", labels): steady,
    }


def expected(meaning: Meaning, engine: str) -> dict[str, float]:
    """What is recorded of that scrape: name -> value."""
    source = meaning.engines[engine]
    if isinstance(source, Hole):
        return {}
    name = f"group_{meaning.name}"
    if meaning.kind == "gauge":
        aggregate = "max" if meaning.name == "kv_cache_usage" else "sum"
        return {f"{name}:{aggregate}": 0.25, f"pod_{meaning.name}:{aggregate}": 0.25}
    if meaning.kind == "counter":
        return {f"{name}:rate5m": 1.0 if isinstance(source, str) else float(len(source))}  # type: ignore[arg-type]
    if meaning.kind == "ratio":
        return {f"{name}:ratio_rate5m": 0.25}
    mean = {f"{name}:mean5m": 0.25}
    return mean if isinstance(source, Mean) else {**mean, f"{name}:quantile50": 0.25, f"{name}:quantile95": 0.475}


def records(meaning: Meaning) -> list[str]:
    return [rule["record"] for rule in rules.KINDS[meaning.kind](meaning)]


def test_engines_metrics_are_recorded_and_their_holes_are_not(render: Render, tmp_path: Path) -> None:
    """One group of each engine, called like it, counts everything that it can."""
    groups = {
        engine: {"enabled": True, "engine": engine, "image": "x:1", "modelAlias": [engine], "modelName": "org/m"}
        for engine in ENGINES
    }
    manifests = render({"modelGroups": groups, **ON})
    tests = []
    for meaning in MEANINGS:
        samples = []
        for name in records(meaning):
            short = name.removeprefix(rules.PREFIX)
            if short.endswith("_bucket:rate5m"):
                continue
            found = []
            for engine in ENGINES:
                labels = {**OWN, "model_group": engine, "engine": engine}
                labels |= {"pod": pod(engine)["pod"]} if short.startswith("pod_") else {}
                wanted = expected(meaning, engine)
                found += [{"labels": series("", labels), "value": wanted[short]}] if short in wanted else []
            samples.append({"expr": f"round({name}, 0.001)", "eval_time": "10m", "exp_samples": found})
        scraped = {name: values for engine in ENGINES for name, values in scrape(meaning, engine, engine).items()}
        tests.append({"interval": "1m", "input_series": given(scraped), "promql_expr_test": samples})
    completed = unit_test(tmp_path, rule_groups(manifests), tests)
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_every_engine_with_a_preset_is_in_the_vocabulary_or_has_no_names_of_its_own() -> None:
    presets = {path.stem for path in (ROOT / "files" / "engines").glob("*.yaml")}
    assert presets - {*READ_IN} == {"custom", "infinity", "nim", "triton-openai"}
    assert all({*meaning.engines} == {*READ_IN} for meaning in MEANINGS)


def test_two_releases_do_not_mix(manifests: Manifests, tmp_path: Path) -> None:
    labels = pod("stable")
    elsewhere = {**labels, "namespace": "elsewhere"}
    other = {**labels, "app_kubernetes_io_instance": "other"}
    scraped = {
        series("vllm:num_requests_running", each): f"{n}x30" for n, each in ((1, labels), (2, other), (4, elsewhere))
    }
    name = f"{rules.PREFIX}group_requests_running:sum"
    found = {"labels": series(name, {**OWN, "model_group": "stable", "engine": "vllm"}), "value": 1}
    tests = [
        {
            "interval": "1m",
            "input_series": given(scraped),
            "promql_expr_test": [{"expr": name, "eval_time": "5m", "exp_samples": [found]}],
        }
    ]
    completed = unit_test(tmp_path, rule_groups(manifests), tests)
    assert completed.returncode == 0, completed.stdout + completed.stderr


# --- Aliases, GPUs


def recorded_as(manifests: Manifests, tmp_path: Path, scraped: Series, name: str, minute: int, *found: Any) -> None:
    """Fails unless the series of this name are those: pairs of further labels and a value."""
    name = f"{rules.PREFIX}{name}"
    samples = [{"labels": series(name, {**OWN, **labels}), "value": value} for labels, value in found]
    tests = [
        {
            "interval": "1m",
            "input_series": given(scraped),
            "promql_expr_test": [{"expr": name, "eval_time": f"{minute}m", "exp_samples": samples}],
        }
    ]
    completed = unit_test(tmp_path, rule_groups(manifests), tests)
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_an_alias_has_the_sum_of_its_groups(manifests: Manifests, tmp_path: Path) -> None:
    ready = {
        of_workload("deployment", "status_replicas_available", "stable"): "3x30",
        of_workload("deployment", "status_replicas_available", "canary"): "1x30",
        of_workload("deployment", "status_replicas_available", "both"): "5x30",
        of_workload("statefulset", "status_replicas_ready", "big"): "2x30",
    }
    here, also = {"outside": "false"}, {"outside": "true"}
    recorded_as(
        manifests,
        tmp_path,
        ready,
        "alias_replicas_ready:sum",
        5,
        ({"alias": "chat", **here}, 4),
        ({"alias": "new", **here}, 1),
        ({"alias": "big", **here}, 2),
        ({"alias": "both", **also}, 5),
    )


def test_cost_is_gpus_over_tokens(manifests: Manifests, tmp_path: Path) -> None:
    scraped = {
        of_workload("statefulset", "status_replicas", "big"): "3x120",  # of 2 GPUs each
        series("vllm:prompt_tokens_total", pod("big")): "0+12000x120",  # 200 a second
        series("vllm:generation_tokens_total", pod("big")): "0+6000x120",  # 100 a second
    }
    found = ({"model_group": "big", "engine": "vllm"}, 20)
    recorded_as(manifests, tmp_path, scraped, "group_gpu_seconds_per_1000_tokens:ratio1h", 119, found)


# --- Every alert fires and resolves


@dataclass(frozen=True)
class Case:
    """Series that make an alert fire at some minute, and let it go at a later one."""

    fires: int
    resolves: int
    series: Series
    labels: Mapping[str, str]
    value: str = ""
    severity: str = "warning"
    more: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""


def ready(group: str, values: str, wanted: str = "1x400") -> dict[str, str]:
    return {
        of_workload("deployment", "status_replicas_available", group): values,
        of_workload("deployment", "spec_replicas", group): wanted,
    }


def answers(ok: str, failed: str) -> dict[str, str]:
    path = {"method": "POST", "endpoint": "metrics", "exported_endpoint": "/v1/chat/completions"}
    name = "onwards_http_requests_total"
    return {
        series(name, GATEWAY, status="200", **path): ok,
        series(name, GATEWAY, status="502", **path): failed,
        series(name, GATEWAY, status="500", **{**path, "exported_endpoint": "/v1/models"}): "0+100000x800",
    }


def first_tokens(group: str, fast: str, every: str) -> dict[str, str]:
    name = "vllm:time_to_first_token_seconds"
    return {
        series(f"{name}_bucket", pod(group), le="10.0"): fast,
        series(f"{name}_bucket", pod(group), le="80.0"): every,
        series(f"{name}_bucket", pod(group), le="+Inf"): every,
        series(f"{name}_count", pod(group)): every,
    }


ENGINE = {"engine": "vllm"}
CANARY = {"alias": "chat", "model_group": "canary", "stable": "stable"}
CASES: dict[str, Case] = {
    "AliasWithoutEngine": Case(
        45,
        70,
        {**ready("stable", "1x5 0x55 1x100"), **ready("canary", "1x5 0x55 1x100"), **ready("both", "0x400")},
        {**OWN, "alias": "chat", "outside": "false"},
        severity="critical",
        more={"alias": "new"},
        cause="engine",
    ),
    "AliasWithoutEngine-gateway": Case(
        15,
        40,
        {of_workload("deployment", "status_replicas_available", "onwards"): "1x5 0x20 1x100"},
        OWN,
        severity="critical",
        cause="gateway",
    ),
    "ErrorBudgetBurn": Case(
        80,
        200,
        answers("0+90x800", "0+10x100 1000+0x700"),
        OWN,
        "10%",
        severity="critical",
    ),
    "FirstTokenBudgetBurn": Case(
        80,
        200,
        first_tokens("stable", "0+10x100 1010+100x700", "0+100x800"),
        {**OWN, **ENGINE, "model_group": "stable"},
        "90%",
        severity="critical",
    ),
    "QueueGrowing": Case(
        28,
        75,
        {series("vllm:num_requests_waiting", pod("stable")): "0+2x25 50x20 0x100"},
        {**OWN, **ENGINE, "model_group": "stable"},
        "50",
    ),
    "KVCacheFull": Case(
        20,
        40,
        {
            series("vllm:kv_cache_usage_perc", pod("stable")): "0.99x30 0.5x100",
            series("vllm:num_requests_waiting", pod("stable")): "3x200",
        },
        {**OWN, **ENGINE, "model_group": "stable", "pod": pod("stable")["pod"]},
    ),
    "PodStartLoop": Case(
        30,
        90,
        {
            series(
                "kube_pod_container_status_restarts_total",
                {"namespace": NAMESPACE, "pod": pod("stable")["pod"], "container": "stable"},
            ): "0 1 1 1 2 2 2 3 3 3 4 4 4 5x200",
            series(
                "kube_pod_container_status_restarts_total",
                {"namespace": NAMESPACE, "pod": "another-1", "container": "a"},
            ): "0+1x200",
        },
        {**OWN, "pod": pod("stable")["pod"]},
        "5",
        severity="critical",
    ),
    "RolloutStuck": Case(
        20,
        40,
        {
            of_workload("deployment", "status_condition", "stable").replace(
                "}", ',condition="Progressing",status="false"}'
            ): ("1x30 0x100"),
        },
        {**OWN, "workload": f"{FULLNAME}-stable"},
    ),
    "RequestsHeld": Case(
        45,
        70,
        {
            series("onwards_model_inflight", GATEWAY, model="big"): "2x100",
            of_workload("statefulset", "status_replicas_ready", "big"): "0x60 1x100",
        },
        {**OWN, "alias": "big"},
        "2",
        severity="critical",
    ),
    "KeyOrConfigBroken": Case(
        10,
        30,
        {
            series(
                "prober_probe_total",
                {**GATEWAY, "container": "watch-config", "probe_type": "Liveness", "result": "failed"},
            ): "0+1x12 12x100"
        },
        {**OWN, "pod": GATEWAY["pod"]},
        severity="critical",
    ),
    "VolumeNearlyFull": Case(
        20,
        40,
        {
            series(
                f"kubelet_volume_stats_{what}_bytes", {"namespace": NAMESPACE, "persistentvolumeclaim": claim}
            ): values
            for claim in (f"{FULLNAME}-big-cache", "of-another")
            for what, values in (("available", "5x30 50x100"), ("capacity", "100x200"))
        },
        {**OWN, "persistentvolumeclaim": f"{FULLNAME}-big-cache"},
        "5%",
    ),
    "CanaryWorse": Case(
        40,
        90,
        {
            **first_tokens("stable", "0+100x200", "0+100x200"),
            **first_tokens("canary", "0+10x60 610+100x140", "0+100x200"),
        },
        {**OWN, **CANARY},
    ),
}


def filled(text: str, labels: Mapping[str, str], value: str) -> str:
    """An annotation as Prometheus fills it in."""
    for name, is_ in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", is_)
    return re.sub(r"\{\{ \$value(?: \| \w+)? \}\}", value, text)


def test_every_alert_has_its_case() -> None:
    assert [each for each in CASES if "-" not in each] == [each.name for each in alerts.ALERTS]


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_and_resolves(manifests: Manifests, tmp_path: Path, name: str) -> None:
    case, full = CASES[name], f"{alerts.PREFIX}{name.partition('-')[0]}"
    found = [each for group in rule_groups(manifests) for each in group["rules"] if each.get("alert") == full]
    (rule,) = [each for each in found if each["labels"].get("cause", "") == case.cause]
    more = {"severity": case.severity, **({"cause": case.cause} if case.cause else {})}
    firing = [
        {
            "exp_labels": {**labels, **more},
            "exp_annotations": {key: filled(text, labels, case.value) for key, text in rule["annotations"].items()},
        }
        for labels in [case.labels, *([{**case.labels, **case.more}] if case.more else [])]
    ]
    tests = [
        {
            "interval": "1m",
            "input_series": given(case.series),
            "alert_rule_test": [
                {"eval_time": "0m", "alertname": full, "exp_alerts": []},
                {"eval_time": f"{case.fires}m", "alertname": full, "exp_alerts": firing},
                {"eval_time": f"{case.resolves}m", "alertname": full, "exp_alerts": []},
            ],
        }
    ]
    completed = unit_test(tmp_path, rule_groups(manifests), tests)
    assert completed.returncode == 0, completed.stdout + completed.stderr


# --- What values change


def test_the_same_rules_come_as_a_file(render: Render) -> None:
    rule = {"enabled": True, "kind": "ConfigMap", "namespace": "monitoring", "labels": {"a": "b"}}
    as_file = render({**GROUPS, "serviceMonitor": {"enabled": True}, "prometheusRule": rule})
    assert as_file.kind("PrometheusRule") == []
    found = as_file["ConfigMap", f"{FULLNAME}-rules"]
    assert found["metadata"]["namespace"] == "monitoring"
    assert found["metadata"]["labels"]["a"] == "b"
    (text,) = found["data"].values()
    assert yaml.safe_load(text)["groups"] == rule_groups(render({**GROUPS, **ON}))


def test_alerts_can_be_left_out_alone_or_together(render: Render) -> None:
    def left(**fields: Any) -> set[str]:
        return {*rules_of(render({**GROUPS, **ON, "prometheusRule": {"enabled": True, "alerts": fields}}), "alert")}

    assert left() == {*alerts.names()}
    assert left(disabled=["InferenceStackQueueGrowing"]) == {*alerts.names()} - {"InferenceStackQueueGrowing"}
    assert left(enabled=False) == set()


def test_labels_and_runbooks_are_on_every_alert(render: Render) -> None:
    fields = {"labels": {"team": "x", "severity": "info"}, "runbooks": "https://wiki.example/alerts"}
    manifests = render({**GROUPS, **ON, "prometheusRule": {"enabled": True, "alerts": fields}})
    for name, rule in rules_of(manifests, "alert").items():
        assert rule["labels"].items() >= {"team": "x", "severity": "info"}.items()
        assert rule["annotations"]["runbook_url"] == f"https://wiki.example/alerts#{name.lower()}"
    assert all("team" not in rule["labels"] for rule in rules_of(manifests, "record").values())


def test_every_alert_has_its_entry_in_the_runbook() -> None:
    headings = re.findall(r"(?m)^## (InferenceStack\w+)$", (ROOT / "docs" / "alerts.md").read_text())
    assert headings == alerts.names()


def test_an_alert_waits_as_long_as_the_slowest_model_loads(render: Render) -> None:
    waits = rules_of(render({**one(loadSeconds=5000), **ON}), "alert")["InferenceStackRequestsHeld"]["for"]
    assert int(waits.removesuffix("s")) >= 5000
