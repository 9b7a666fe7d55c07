"""What many aliases cost: the render, and the gateway that gets them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from harness.bench import chart, gateways
from harness.bench.results import Aliases
from harness.helm import Helm
from harness.manifests import Manifests
from harness.paths import ROOT

MANY = 1000
GROUPS = 100


def groups(count: int, each: int) -> dict[str, Any]:
    """Values with so many groups that serve so many aliases each."""
    return {
        "modelGroups": {
            f"group-{group}": {
                "enabled": True,
                "modelName": "org/model",
                "modelAlias": [f"alias-{group}-{alias}" for alias in range(each)],
            }
            for group in range(count)
        }
    }


CASES: Mapping[str, Mapping[str, Any]] = {
    "1 alias of 1 group": chart.ONE_GROUP,
    f"{MANY:,} aliases of 1 group": groups(1, MANY),
    f"{MANY:,} aliases of {GROUPS} groups": groups(GROUPS, MANY // GROUPS),
}


def measure(repetitions: int) -> Iterator[Aliases]:
    """Each case so often; the least of each figure, because the work is the same each time and others only add to it.

    Whether the gateway is ready is looked at every 20 milliseconds.
    """
    for what, values in CASES.items():
        runs = [_one(what, values, number) for number in range(repetitions)]
        yield Aliases(
            what,
            *(
                min(getattr(run, figure) for run in runs)
                for figure in ("render_ms", "config_kb", "ready_ms", "memory_mb")
            ),
        )


def _one(what: str, values: Mapping[str, Any], number: int) -> Aliases:
    began = time.monotonic()
    # Another release each time: what was rendered once in a process is not rendered again.
    text = Helm().template(ROOT, release=f"bench-{number}", values=[{"fullnameOverride": chart.NAME, **values}])
    took = time.monotonic() - began
    manifests = Manifests.parse(text)
    config = chart.config(manifests)
    with gateways.started(
        lambda place, port: gateways.start_onwards(place, port, config), chart.cpu_limit()
    ) as gateway:
        assert gateway.program is not None
        return Aliases(
            what=what,
            render_ms=1000 * took,
            config_kb=len(chart.config_text(manifests)) / 1000,
            ready_ms=1000 * gateway.ready_seconds,
            memory_mb=gateway.program.memory_mb(),
        )
