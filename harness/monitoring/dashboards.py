"""The dashboards, built with Grafana's own library; every query reads the vocabulary only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, StackingConfig
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh, VariableSort

from harness.monitoring.rules import PREFIX
from harness.paths import ROOT

DIRECTORY = ROOT / "files" / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT = 8
STAT_HEIGHT = 4
RELEASE = 'namespace=~"$namespace",release=~"$release"'


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel: how it looks, its unit and its queries."""

    title: str
    says: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    stacked: bool = False
    most: float | None = None


def read(name: str, matchers: str = "") -> str:
    """A recorded series of the releases that are chosen."""
    return f"{PREFIX}{name}{{{RELEASE}{',' if matchers else ''}{matchers}}}"


def total(name: str, *by: str, matchers: str = "", aggregate: str = "sum") -> str:
    return (
        f"{aggregate} by ({', '.join(by)}) ({read(name, matchers)})" if by else f"{aggregate}({read(name, matchers)})"
    )


def number(title: str, says: str, expr: str, width: int, unit: str = "short") -> Panel:
    """One number."""
    return Panel(title, says, (Query(expr),), unit, "stat", width)


def lines(name: str, *by: str, matchers: str = "", aggregate: str = "sum") -> Query:
    """One line for each value of the labels."""
    return Query(total(name, *by, matchers=matchers, aggregate=aggregate), " ".join(f"{{{{{each}}}}}" for each in by))


def quantile(name: str, percent: int, *by: str, matchers: str = "") -> Query:
    bucket = total(f"{name}_bucket:rate5m", "le", *by, matchers=matchers)
    legend = " ".join([*(f"{{{{{each}}}}}" for each in by), f"p{percent}"])
    return Query(f"histogram_quantile({percent / 100}, {bucket})", legend)


def _hourly(name: str) -> str:
    """The mean of an hour, of all groups."""
    return f"sum(avg_over_time({read(name)}[1h]))"


GROUP = 'model_group=~"$model_group"'

FLEET = (
    number("Requests per second", "Answered by the gateway.", total("gateway_requests:rate5m"), 4, unit="reqps"),
    number("Errors", "Share of 5xx.", total("gateway_errors:ratio_rate5m", aggregate="max"), 4, unit="percentunit"),
    number("Tokens out per second", "Of all engines.", total("group_generation_tokens:rate5m"), 4),
    number("Waiting", "Requests in the engines' queues.", total("group_requests_waiting:sum"), 4),
    number("Ready replicas", "Of all groups.", total("group_replicas_ready:sum"), 4),
    number("GPUs", "Held by replicas, ready or not.", total("group_gpus:sum"), 4),
    Panel("Requests running, by group", "", (lines("group_requests_running:sum", "model_group"),), stacked=True),
    Panel("Requests waiting, by group", "", (lines("group_requests_waiting:sum", "model_group"),), stacked=True),
    Panel(
        "Time to first token, p95",
        "From the arrival at the engine.",
        (quantile("group_first_token_seconds", 95, "model_group"),),
        "s",
    ),
    Panel(
        "Time between tokens, mean",
        "",
        (lines("group_inter_token_seconds:mean5m", "model_group", aggregate="max"),),
        "s",
    ),
    Panel(
        "Tokens out per second, by group", "", (lines("group_generation_tokens:rate5m", "model_group"),), stacked=True
    ),
    Panel(
        "KV cache in use, fullest pod",
        "",
        (lines("group_kv_cache_usage:max", "model_group", aggregate="max"),),
        "percentunit",
        most=1,
    ),
    Panel("Ready replicas, by alias", "", (lines("alias_replicas_ready:sum", "alias"),)),
    Panel("In flight at the gateway, by alias", "", (lines("alias_requests_in_flight:sum", "alias"),), stacked=True),
    Panel("Requests waiting in engines, by alias", "", (lines("alias_requests_waiting:sum", "alias"),)),
    Panel("Restarts in half an hour, by pod", "", (lines("pod_restarts:increase30m", "pod"),)),
)

MODEL = (
    number("Ready", "Replicas.", total("group_replicas_ready:sum", matchers=GROUP), 4),
    number("Running", "Requests.", total("group_requests_running:sum", matchers=GROUP), 4),
    number("Waiting", "Requests.", total("group_requests_waiting:sum", matchers=GROUP), 4),
    number("Requests per second", "", total("group_requests:rate5m", matchers=GROUP), 4, unit="reqps"),
    number("Tokens in per second", "", total("group_prompt_tokens:rate5m", matchers=GROUP), 4),
    number("Tokens out per second", "", total("group_generation_tokens:rate5m", matchers=GROUP), 4),
    Panel(
        "Time to first token",
        "From the arrival at the engine.",
        tuple(quantile("group_first_token_seconds", part, "model_group", matchers=GROUP) for part in (50, 95)),
        "s",
    ),
    Panel(
        "Time between tokens",
        "The mean, which every engine with tokens has, and where there is a histogram its p95.",
        (
            Query(
                total("group_inter_token_seconds:mean5m", "model_group", matchers=GROUP, aggregate="max"),
                "{{model_group}} mean",
            ),
            quantile("group_inter_token_seconds", 95, "model_group", matchers=GROUP),
        ),
        "s",
    ),
    Panel(
        "Time of a whole request",
        "",
        tuple(quantile("group_request_seconds", part, "model_group", matchers=GROUP) for part in (50, 95)),
        "s",
    ),
    Panel("Requests running, by pod", "", (lines("pod_requests_running:sum", "pod", matchers=GROUP),), stacked=True),
    Panel("Requests waiting, by pod", "", (lines("pod_requests_waiting:sum", "pod", matchers=GROUP),), stacked=True),
    Panel(
        "KV cache in use, by pod",
        "",
        (lines("pod_kv_cache_usage:max", "pod", matchers=GROUP, aggregate="max"),),
        "percentunit",
        most=1,
    ),
    Panel(
        "Prefix cache",
        "Part of the prompts' tokens that were cached.",
        (lines("group_cache_hits:ratio_rate5m", "model_group", matchers=GROUP, aggregate="max"),),
        "percentunit",
        most=1,
    ),
    Panel(
        "Failed requests per second",
        "",
        (lines("group_requests_failed:rate5m", "model_group", matchers=GROUP),),
        "reqps",
    ),
)

GATEWAY = (
    number("Requests per second", "", total("gateway_requests:rate5m"), 6, unit="reqps"),
    number("Errors", "Share of 5xx.", total("gateway_errors:ratio_rate5m", aggregate="max"), 6, unit="percentunit"),
    number("In flight", "Streams included.", total("gateway_requests_in_flight:sum"), 6),
    number("Ready pods", "", total("gateway_replicas_ready:sum"), 6),
    Panel("Requests per second, by status", "", (lines("gateway_requests:rate5m", "status"),), "reqps", stacked=True),
    Panel(
        "Time to the response's headers, p95",
        "Of a stream the first, of others the whole answer; its buckets end at 10 seconds.",
        (quantile("gateway_headers_seconds", 95),),
        "s",
    ),
    Panel(
        "In flight, by alias",
        "Held requests included.",
        (lines("alias_requests_in_flight:sum", "alias"),),
        stacked=True,
    ),
    Panel("Streams per second, by alias", "", (lines("alias_streams:rate5m", "alias"),), "reqps", stacked=True),
    Panel(
        "Mean time to a stream's first token, by alias",
        "As the gateway sees it, with retries.",
        (lines("alias_first_token_seconds:mean5m", "alias", aggregate="max"),),
        "s",
    ),
    Panel(
        "Requests that no engine answered, by alias and reason",
        "",
        (lines("alias_requests_failed:rate5m", "alias", "reason"),),
        "reqps",
    ),
    Panel("Retries per second", "", (Query(total("gateway_retries:rate5m"), "retries"),), "reqps"),
    Panel("Failures of the configuration's watcher", "", (lines("gateway_config_failures:increase5m", "pod"),)),
)

COST = (
    number("GPUs", "Held by replicas, ready or not.", total("group_gpus:sum"), 6),
    number(
        "GPU-seconds per 1,000 tokens",
        "Tokens in and out, over an hour, of all groups.",
        f"{_hourly('group_gpus:sum')} / ({_hourly('group_prompt_tokens:rate5m')}"
        f" + {_hourly('group_generation_tokens:rate5m')}) * 1000",
        6,
    ),
    number("Tokens in per hour", "", f"{_hourly('group_prompt_tokens:rate5m')} * 3600", 6),
    number("Tokens out per hour", "", f"{_hourly('group_generation_tokens:rate5m')} * 3600", 6),
    Panel(
        "GPU-seconds per 1,000 tokens, by group",
        "Tokens in and out, over an hour. An idle group's is high, as its GPUs are held.",
        (lines("group_gpu_seconds_per_1000_tokens:ratio1h", "model_group", aggregate="max"),),
        "short",
    ),
    Panel("GPUs, by group", "", (lines("group_gpus:sum", "model_group"),), stacked=True),
    Panel("Tokens in per second, by group", "", (lines("group_prompt_tokens:rate5m", "model_group"),), stacked=True),
    Panel(
        "Tokens out per second, by group", "", (lines("group_generation_tokens:rate5m", "model_group"),), stacked=True
    ),
    Panel(
        "Tokens out per second, by alias",
        "A group with several aliases counts in each.",
        (lines("alias_generation_tokens:rate5m", "alias"),),
        stacked=True,
    ),
    Panel(
        "Prefix cache, by group",
        "Tokens in that cost less.",
        (lines("group_cache_hits:ratio_rate5m", "model_group", aggregate="max"),),
        "percentunit",
        most=1,
    ),
)

DASHBOARDS: dict[str, tuple[str, Sequence[Panel]]] = {
    "fleet": ("Inference stack: fleet", FLEET),
    "model": ("Inference stack: model", MODEL),
    "gateway": ("Inference stack: gateway", GATEWAY),
    "cost": ("Inference stack: cost", COST),
}
"""File's name -> title and panels."""

VARIABLES = ("namespace", "release")


def _variable(name: str, series: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .query(f"label_values({series}, {name})")
        .datasource(SOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .include_all(True)
        .multi(True)
        .all_value(".+")
    )


def _look(panel: Panel) -> timeseries.Panel | stat.Panel:
    if panel.kind == "stat":
        last = ReduceDataOptions().calcs(["lastNotNull"])
        number = stat.Panel().graph_mode(common.BigValueGraphMode.AREA).color_mode(common.BigValueColorMode.NONE)
        return number.reduce_options(last).height(STAT_HEIGHT)
    lines_ = timeseries.Panel().line_width(2).show_points(common.VisibilityMode.NEVER).height(HEIGHT)
    if panel.stacked:
        return lines_.fill_opacity(25).stacking(StackingConfig().mode(common.StackingMode.NORMAL))
    return lines_.fill_opacity(8)


def _panel(panel: Panel) -> timeseries.Panel | stat.Panel:
    built = _look(panel).title(panel.title).unit(panel.unit).datasource(SOURCE).span(panel.width).min(0)
    if panel.says:
        built = built.description(panel.says)
    if panel.most is not None:
        built = built.max(panel.most)
    for number, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto")
        built = built.with_target(target.ref_id(chr(ord("A") + number)))
    return built


def build(name: str) -> str:
    """A dashboard as JSON."""
    title, panels = DASHBOARDS[name]
    built = (
        dashboard.Dashboard(title)
        .uid(f"inference-stack-{name}")
        .tags(["inference-stack"])
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus"))
        .with_variable(_variable("namespace", f"{PREFIX}group_info"))
        .with_variable(_variable("release", f'{PREFIX}group_info{{namespace=~"$namespace"}}'))
    )
    if any(GROUP in query.expr for panel in panels for query in panel.queries):
        built = built.with_variable(_variable("model_group", f"{PREFIX}group_info{{{RELEASE}}}"))
    for panel in panels:
        built = built.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=1).encode(built.build()) + "\n"


def queries(name: str) -> Iterable[tuple[str, str]]:
    """A panel's title and each of its expressions, as the file has them."""
    for panel in json.loads(build(name))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def files() -> dict[Path, str]:
    return {DIRECTORY / f"{name}.json": build(name) for name in DASHBOARDS}
