"""The alerts: what a person has to be told at night. They read the vocabulary only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.monitoring.rules import own

SEVERITIES = ("critical", "warning")


@dataclass(frozen=True)
class Alert:
    """One rule; `name` without the prefix, `lasts` as `for`, and a sentence for whoever is woken."""

    name: str
    severity: str
    expr: str
    lasts: str
    summary: str
    description: str
    cause: str = ""

    def rule(self) -> dict[str, Any]:
        return {
            "alert": f"{PREFIX}{self.name}",
            "expr": re.sub(r"\s+", " ", self.expr).strip(),
            "for": self.lasts,
            "labels": {"severity": self.severity, **({"cause": self.cause} if self.cause else {})},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"@RUNBOOKS@#{PREFIX.lower()}{self.name.lower()}",
            },
        }


PREFIX = "InferenceStack"
SLOW = "group_first_token_seconds:quantile95"
BURNS = (("1h", "5m", 14.4), ("6h", "30m", 6))
"""Long window, short window, how many times faster than allowed: 2 % and 5 % of 30 days' budget are gone by then."""
FEWEST = 10
"""Bad requests in the long window below which nobody is woken."""


def burning(name: str, objective: str, bad: Callable[[str], str]) -> str:
    """Both windows of a pair burn; `bad` is the number of bad requests in a window."""
    pairs = []
    for long, short, factor in BURNS:
        allowed = f"{factor:g} * (1 - {objective} / 100)"
        slow, fast = (own(f"{name}:ratio_rate{window}") for window in (long, short))
        pairs.append(f"({slow} > {allowed} and {fast} > {allowed} and {bad(long)} >= {FEWEST})")
    return " or ".join(pairs)


def times(name: str, of: str) -> str:
    """A canary's number, or with `of` its stable's, with the labels of the pair."""
    if of == "stable":
        number = f'label_replace({own(name)}, "stable", "$1", "model_group", "(.+)")'
        return f"{own('canary_info')} * on (stable) group_left () {number}"
    return f"{own('canary_info')} * on (model_group) group_left () {own(name)}"


def failing(of: str) -> str:
    return f"(({times('group_requests_failed:rate5m', of)}) / ({times('group_requests:rate5m', of)}))"


SERVED_HERE = 'outside="false"'
"""An alias that no provider serves as well."""


def late(window: str) -> str:
    """Requests whose first token came too late."""
    slow, every = own(f"group_first_token_slow:ratio_rate{window}"), own(f"group_first_tokens:increase{window}")
    return f"({slow} * {every})"


ALERTS: tuple[Alert, ...] = (
    Alert(
        "AliasWithoutEngine",
        "critical",
        f"{own('alias_replicas_ready:sum', SERVED_HERE)} == 0 and {own('alias_replicas_wanted:sum', SERVED_HERE)} > 0",
        "@LOADS@",
        "No engine is ready for {{ $labels.alias }}",
        "Requests for {{ $labels.alias }} fail or wait: none of its groups in {{ $labels.namespace }} has a "
        "ready pod, for longer than a model takes to load.",
        cause="engine",
    ),
    Alert(
        "ErrorBudgetBurn",
        "critical",
        burning("gateway_errors", "@AVAILABILITY@", lambda window: own(f"gateway_requests_failed:increase{window}")),
        "2m",
        "{{ $value | humanizePercentage }} of requests to {{ $labels.release }} fail",
        "The gateway of {{ $labels.release }} in {{ $labels.namespace }} answers so many requests with a 5xx "
        "that the budget of 30 days (objective @AVAILABILITY@ %) will be gone in days.",
    ),
    Alert(
        "FirstTokenBudgetBurn",
        "critical",
        burning("group_first_token_slow", "@FIRST_TOKEN@", late),
        "2m",
        "{{ $value | humanizePercentage }} of requests to {{ $labels.model_group }} wait over "
        "@FIRST_TOKEN_SECONDS@ s for a token",
        "Engines of {{ $labels.model_group }} in {{ $labels.namespace }} are so slow that the budget of 30 "
        "days (objective: @FIRST_TOKEN@ % within @FIRST_TOKEN_SECONDS@ s) will be gone in days.",
    ),
    Alert(
        "QueueGrowing",
        "warning",
        f"{own('group_requests_waiting:sum')} > 10 and deriv({own('group_requests_waiting:sum')}[15m]) > 0",
        "15m",
        "{{ $value }} requests wait for {{ $labels.model_group }}, and more each minute",
        "Engines of {{ $labels.model_group }} in {{ $labels.namespace }} get more requests than they answer.",
    ),
    Alert(
        "KVCacheFull",
        "warning",
        f"{own('pod_kv_cache_usage:max')} > 0.95 and on (model_group, pod) {own('pod_requests_waiting:sum')} > 0",
        "15m",
        "The KV cache of {{ $labels.pod }} is full, and requests wait",
        "{{ $labels.pod }} of {{ $labels.model_group }} in {{ $labels.namespace }} has no room for further "
        "requests' tokens: they wait, or are computed twice.",
    ),
    Alert(
        "PodStartLoop",
        "critical",
        f"{own('pod_restarts:increase30m')} > 2",
        "5m",
        "{{ $labels.pod }} starts again and again",
        "A container of {{ $labels.pod }} in {{ $labels.namespace }} ended {{ $value | humanize }} times in "
        "half an hour.",
    ),
    Alert(
        "RolloutStuck",
        "warning",
        f"{own('workload_rollout_stuck:max')} > 0",
        "10m",
        "The rollout of {{ $labels.workload }} does not go on",
        "New pods of {{ $labels.workload }} in {{ $labels.namespace }} do not become ready; the old ones may "
        "still serve.",
    ),
    Alert(
        "RequestsHeld",
        "critical",
        f"{own('alias_requests_in_flight:sum')} > 0 and on (alias) {own('alias_replicas_ready:sum', SERVED_HERE)} == 0",
        "@LOADS@",
        "{{ $value }} requests for {{ $labels.alias }} are held, and no engine comes",
        "The gateway in {{ $labels.namespace }} holds requests for {{ $labels.alias }} longer than a model "
        "takes to load.",
    ),
    Alert(
        "KeyOrConfigBroken",
        "critical",
        f"{own('gateway_config_failures:increase5m')} > 1",
        "0m",
        "{{ $labels.pod }} cannot use its configuration or a key",
        "The gateway in {{ $labels.namespace }} serves with its last good configuration; a new pod would not "
        "start. The events of {{ $labels.pod }} say which key it is.",
    ),
    Alert(
        "VolumeNearlyFull",
        "warning",
        f"{own('volume_free:ratio')} < 0.1",
        "15m",
        "{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left",
        "When {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is full, engines cannot fetch a "
        "model or keep what they compiled.",
    ),
    Alert(
        "CanaryWorse",
        "warning",
        f"({times(SLOW, 'canary')}) > 1.5 * ({times(SLOW, 'stable')})"
        f" or ({failing('canary')} > 0.02 and {failing('canary')} > 2 * {failing('stable')})",
        "15m",
        "{{ $labels.model_group }} does worse than {{ $labels.stable }} behind {{ $labels.alias }}",
        "Its first tokens come half as late again, or twice as many of its requests fail.",
    ),
)
"""In the order of the page."""

GATEWAY_DOWN = Alert(
    "AliasWithoutEngine",
    "critical",
    f"{own('gateway_replicas_ready:sum')} == 0",
    "3m",
    "No gateway is ready in front of {{ $labels.release }}",
    "Every request to {{ $labels.release }} in {{ $labels.namespace }} fails: its gateway has no ready pod.",
    cause="gateway",
)
"""The same alert from the other side: without the gateway no alias has an engine."""


def groups() -> list[dict[str, Any]]:
    return [{"name": "inference-stack.alerts", "rules": [each.rule() for each in (*ALERTS, GATEWAY_DOWN)]}]


def names() -> list[str]:
    return [f"{PREFIX}{each.name}" for each in ALERTS]
