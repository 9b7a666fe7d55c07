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


def groups(count: int, aliases: int) -> dict[str, Any]:
    """Values with that many groups, each with that many aliases."""
    names = {f"group-{group}": [f"alias-{group}-{alias}" for alias in range(aliases)] for group in range(count)}
    return {"modelGroups": {name: {**chart.GROUP, "modelAlias": served} for name, served in names.items()}}


CASES: Mapping[str, Mapping[str, Any]] = {
    "1 alias of 1 group": chart.ONE_GROUP,
    f"{MANY:,} aliases of 1 group": groups(1, MANY),
    f"{MANY:,} aliases of {GROUPS} groups": groups(GROUPS, MANY // GROUPS),
}


def measure(repetitions: int) -> Iterator[Aliases]:
    """The least of each figure over the repetitions: the work is the same each time, and others only add to it.

    Whether the gateway is ready is checked every 20 milliseconds.
    """
    for what, values in CASES.items():
        figures = zip(*(_one(values, number) for number in range(repetitions)), strict=True)
        yield Aliases(what, *map(min, figures))


def _one(values: Mapping[str, Any], number: int) -> tuple[float, float, float, float]:
    """Milliseconds of the render, kB of configuration, milliseconds until the gateway is ready, and its MB."""
    began = time.monotonic()
    # Another release each time: renders are cached.
    text = Helm().template(ROOT, release=f"bench-{number}", values=[{"fullnameOverride": chart.NAME, **values}])
    took = time.monotonic() - began
    manifests = Manifests.parse(text)
    size = len(chart.config_text(manifests))
    with gateways.started_onwards(chart.config(manifests)) as gateway:
        assert gateway.program is not None
        return 1000 * took, size / 1000, 1000 * gateway.ready_seconds, gateway.program.memory_mb()
