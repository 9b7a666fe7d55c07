"""The Prometheus page of an engine: its metric names, counted from the requests that really ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

from .core import Generation

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Names:
    """What an engine calls things. Counters are named without `_total`, which their samples have."""

    running: str
    waiting: str
    cache_usage: str
    first_token: str
    between_tokens: str
    per_token: str
    end_to_end: str
    prompt_tokens: str
    tokens: str
    ended: str
    ended_label: str | None = None
    gauges: Sequence[str] = ()
    """Others that stay 0."""
    counters: Sequence[str] = ()


class Meter:
    """Counts requests under an engine's names, each sample with `labels`."""

    def __init__(self, names: Names, labels: Mapping[str, str]) -> None:
        self._registry = CollectorRegistry()
        self._names = names
        self._labels = dict(labels)
        for name in (names.waiting, names.cache_usage, *names.gauges):
            self._gauge(name)
        for name in names.counters:
            self._counter(name)
        self._running = self._gauge(names.running)
        self._prompt_tokens = self._counter(names.prompt_tokens)
        self._tokens = self._counter(names.tokens)
        self._first_token = self._histogram(names.first_token)
        self._between_tokens = self._histogram(names.between_tokens)
        self._per_token = self._histogram(names.per_token)
        self._end_to_end = self._histogram(names.end_to_end)
        label = [names.ended_label] if names.ended_label else []
        self._ended = Counter(names.ended, names.ended, [*labels, *label], registry=self._registry)
        for reason in ("stop", "length", "abort"):
            self._end_of(reason)

    def end(self, generation: Generation) -> None:
        """Count a request that has ended."""
        self._end_of(generation.reason).inc()
        self._prompt_tokens.inc(generation.prompt_tokens)
        self._tokens.inc(generation.tokens)
        ended = generation.ended or generation.started
        first = generation.first_token or ended
        step = (ended - first) / max(generation.tokens - 1, 1)
        self._first_token.observe(first - generation.started)
        self._between_tokens.observe(step)
        self._per_token.observe(step)
        self._end_to_end.observe(ended - generation.started)

    def page(self, running: int) -> Response:
        """The page, while `running` requests are in the engine; none ever waits."""
        self._running.set(running)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE)

    def _end_of(self, reason: str) -> Counter:
        label = self._names.ended_label
        labels = {**self._labels, label: reason} if label else self._labels
        return self._ended.labels(**labels)

    def _gauge(self, name: str) -> Gauge:
        return Gauge(name, name, list(self._labels), registry=self._registry).labels(**self._labels)

    def _counter(self, name: str) -> Counter:
        return Counter(name, name, list(self._labels), registry=self._registry).labels(**self._labels)

    def _histogram(self, name: str) -> Histogram:
        return Histogram(name, name, list(self._labels), registry=self._registry).labels(**self._labels)
