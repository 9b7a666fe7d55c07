"""Every way to scale under every trace, and what is kept of it beside the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.bench.results import percentile
from harness.bench.scaling.group import START_SECONDS, Day, simulate
from harness.bench.scaling.rendered import GPU_METRIC, rendered
from harness.bench.scaling.traces import TRACES

LEAST, MOST = 1, 8
AT_ONCE = {
    "stabilizationWindowSeconds": START_SECONDS,
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
"""How the other signals go down: a start's time after they last asked for the pods."""
USUAL_PERCENT = 80
"""The usual target of utilisation, the chart's own for CPU."""
GPU_PERCENT = {
    "type": "Pods",
    "pods": {"metric": {"name": GPU_METRIC}, "target": {"type": "AverageValue", "averageValue": str(USUAL_PERCENT)}},
}


def _scaled(cpu: str = "", **more: Any) -> dict[str, Any]:
    """Fields of a group that is scaled."""
    autoscaling = {
        "enabled": True,
        "minReplicas": LEAST,
        "maxReplicas": MOST,
        "startSeconds": START_SECONDS,
        **more,
    }
    return {"autoscaling": autoscaling, **({"resources": {"requests": {"cpu": cpu}}} if cpu else {})}


WAYS: dict[str, dict[str, Any]] = {
    "requests (default)": _scaled(),
    "requests, three at least": _scaled(minReplicas=3),
    "requests, to zero": _scaled(minReplicas=0),
    "queue": _scaled(by="queue"),
    "queue, down as requests are": _scaled(by="queue", behavior={"scaleDown": AT_ONCE}),
    "GPU utilisation": _scaled(metrics=[GPU_PERCENT]),
    "CPU, of 1 requested": _scaled("1", by="cpu"),
    "CPU, of 4 requested": _scaled("4", by="cpu"),
    "3 pods": {"replicaCount": 3},
    "6 pods": {"replicaCount": 6},
}
"""Fields of the group, by what the table calls them."""


@dataclass(frozen=True)
class Row:
    """One way under one trace."""

    trace: str
    way: str
    requests: int
    late: int
    late_seconds: int
    p99: float
    held: int
    failed: int
    gpu_hours: float
    ready: list[tuple[int, int]]
    late_from: list[tuple[int, int]]
    """As in `Day`."""

    @classmethod
    def of(cls, trace: str, way: str, day: Day) -> Row:
        p99 = round(percentile(day.waits, 0.99), 1)
        counts = (day.requests, day.late, day.late_seconds, p99, day.held, day.failed, round(day.gpu_hours, 1))
        return cls(trace, way, *counts, day.ready, day.late_from)


@dataclass(frozen=True)
class Simulated:
    """All rows, and the requests in flight of each trace, quarter by quarter, where there are always pods enough."""

    rows: list[Row]
    in_flight: dict[str, list[float]]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)) + "\n")

    @classmethod
    def load(cls, path: Path) -> Simulated:
        """As `save` has written it."""
        found = json.loads(path.read_text())
        return cls([Row(**each) for each in found["rows"]], found["in_flight"])


def run(ways: Sequence[str] = tuple(WAYS), traces: Sequence[str] = tuple(TRACES)) -> Simulated:
    """Simulate these; nothing is started, and the result is the same each time."""
    rows = list(_rows(ways, traces))
    enough = rendered(replicaCount=MOST)
    days = {trace: simulate(enough, TRACES[trace]()) for trace in traces}
    return Simulated(rows, {trace: [round(each, 1) for each in day.in_flight] for trace, day in days.items()})


def _rows(ways: Sequence[str], traces: Sequence[str]) -> Iterator[Row]:
    scalings = {way: rendered(**WAYS[way]) for way in ways}
    for trace in traces:
        requests = TRACES[trace]()
        for way, scaling in scalings.items():
            yield Row.of(trace, way, simulate(scaling, requests))
