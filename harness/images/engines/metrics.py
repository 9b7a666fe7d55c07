"""The Prometheus page of an engine: its metric names, counted from the requests that really ran."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Metric = TypeVar("Metric", Counter, Gauge, Histogram)


@dataclass(eq=False)
class Generation:
    """A request in the engine, and what is counted of it (times in seconds)."""

    started: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    prompt_tokens: int = 0
    tokens: int = 0
    reason: str = "abort"

    def token(self) -> None:
        self.tokens += 1
        if self.first_token is None:
            self.first_token = time.monotonic()

    def count(self, usage: dict[str, Any]) -> None:
        self.prompt_tokens = usage.get("prompt_tokens", 0)
        self.tokens = usage.get("completion_tokens", 0)


class Meter:
    """Counts requests under an engine's metric names, each sample with `labels`, if there are any.

    Names are given without `prefix`, those of counters also without `_total`, which their samples have. `gauges` and
    `counters` are others, which stay 0.
    """

    def __init__(
        self,
        prefix: str,
        labels: Mapping[str, str],
        *,
        running: str = "num_requests_running",
        waiting: str = "num_requests_waiting",
        cache_usage: str,
        per_token: str = "request_time_per_output_token_seconds",
        ended: str = "request_success",
        ended_label: str = "finished_reason",
        gauges: Sequence[str] = (),
        counters: Sequence[str] = (),
    ) -> None:
        self._registry = CollectorRegistry()

        def metric(kind: type[Metric], name: str, *more_labels: str) -> Metric:
            made = kind(prefix + name, prefix + name, [*labels, *more_labels], registry=self._registry)
            return made.labels(**labels) if labels and not more_labels else made

        for name in (waiting, cache_usage, *gauges):
            metric(Gauge, name)
        for name in counters:
            metric(Counter, name)
        self._running = metric(Gauge, running)
        self._prompt_tokens = metric(Counter, "prompt_tokens")
        self._tokens = metric(Counter, "generation_tokens")
        self._first_token = metric(Histogram, "time_to_first_token_seconds")
        self._between_tokens = metric(Histogram, "inter_token_latency_seconds")
        self._per_token = metric(Histogram, per_token)
        self._end_to_end = metric(Histogram, "e2e_request_latency_seconds")
        self._all_ended = metric(Counter, ended, *([ended_label] if ended_label else []))
        self._labels, self._ended_label = labels, ended_label
        for reason in ("stop", "length", "abort", "error"):
            self._ended(reason)

    def end(self, generation: Generation) -> None:
        """Count a request that ends now."""
        now = time.monotonic()
        first = generation.first_token or now
        step = (now - first) / max(generation.tokens - 1, 1)
        self._ended(generation.reason).inc()
        self._prompt_tokens.inc(generation.prompt_tokens)
        self._tokens.inc(generation.tokens)
        self._first_token.observe(first - generation.started)
        self._between_tokens.observe(step)
        self._per_token.observe(step)
        self._end_to_end.observe(now - generation.started)

    def page(self, running: int) -> Response:
        """The page, while `running` requests are in the engine; none ever waits."""
        self._running.set(running)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE)

    def _ended(self, reason: str) -> Counter:
        if not self._ended_label:
            return self._all_ended
        return self._all_ended.labels(**self._labels, **{self._ended_label: reason})
