"""What the page shows: medians over the rounds, and differences within a round, where the machine was the same.

They are committed beside the page as JSON, which is what its tables and plots are made of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from harness.bench.balance import ENGINES, MODES
from harness.bench.gateways import DIRECT, NAMES, ONWARDS
from harness.bench.results import REQUESTS, STREAMS, Aliases, Measurement, Results


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One gateway under one load. What it adds is its figure less that of the mock engine alone, in milliseconds.

    Latencies are None where it did not keep up in most rounds: they would be the length of the run.
    """

    gateway: str
    kind: str
    amount: int
    behind: int = 0  # rounds in which it did not keep up
    rounds: int = 0  # 0 where it always kept up
    due: float = 0.0  # a second, as `came`; 0 where it kept up
    came: float = 0.0
    p50: float | None = None
    p99: float | None = None
    added_p50: Spread | None = None
    added_p99: Spread | None = None
    times: float | None = None  # what it adds in the middle, against what ours adds under the same load
    cpus: float = 0.0
    memory_mb: float = 0.0
    throttled: float = 0.0


@dataclass(frozen=True)
class Shares:
    """How nine engines shared the work in one mode; 1 is a fair share."""

    mode: str
    busiest: float  # of eight, in the median of the rounds
    worst: float  # of eight, in the worst round
    moment: float
    ninth: Spread
    answered: int
    failed: int
    each: list[float]  # medians: the eight, largest first, then the ninth


@dataclass(frozen=True)
class Figures:
    """Those of one run."""

    about: list[str]
    rows: list[Row] = field(default_factory=list)
    shares: list[Shares] = field(default_factory=list)
    aliases: list[Aliases] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # gateway to why it was not measured

    @classmethod
    def of(cls, results: Results) -> Figures:
        about = [
            f"`{results.command}`, {results.date}, {results.seconds / 60:.0f} minutes",
            *(f"{name}: {value}" for name, value in results.machine.items()),
            ", ".join(f"{name} {version}" for name, version in results.versions.items()),
        ]
        rows = [*_rows(results, REQUESTS), *_rows(results, STREAMS)]
        return cls(about, rows, _shares(results), results.aliases, results.missing)

    def of_kind(self, kind: str) -> list[Row]:
        """Rows of one kind of load: by amount, then in the order of `NAMES`."""
        return [row for row in self.rows if row.kind == kind]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Figures:
        kept: dict[str, Any] = json.loads(path.read_text())
        for each in kept["rows"]:
            for name in ("added_p50", "added_p99"):
                each[name] = each[name] and Spread(**each[name])
        for each in kept["shares"]:
            each["ninth"] = Spread(**each["ninth"])
        kept["rows"] = [Row(**each) for each in kept["rows"]]
        kept["shares"] = [Shares(**each) for each in kept["shares"]]
        kept["aliases"] = [Aliases(**each) for each in kept["aliases"]]
        return cls(**kept)


def _rows(results: Results, kind: str) -> list[Row]:
    of_kind = [each for each in results.measurements if each.kind == kind]
    made: list[Row] = []
    for amount in sorted({each.amount for each in of_kind}):
        under = [each for each in of_kind if each.amount == amount]
        floor = [each for each in under if each.gateway == DIRECT]
        rows = [_row(found, floor) for name in NAMES if (found := [each for each in under if each.gateway == name])]
        ours = next((row.added_p50.median for row in rows if row.gateway == ONWARDS and row.added_p50), 0)
        made += [replace(row, times=row.added_p50.median / ours) if row.added_p50 and ours > 0 else row for row in rows]
    return made


def _row(found: Sequence[Measurement], floor: Sequence[Measurement]) -> Row:
    row = Row(found[0].gateway, found[0].kind, found[0].amount)
    if behind := sum(not each.kept_up for each in found):
        row = replace(row, behind=behind, rounds=len(found))
        if 2 * behind >= len(found):
            return replace(row, due=median(each.due for each in found), came=median(each.came for each in found))
    return replace(
        row,
        p50=median(value for each in found if (value := each.p50) is not None),
        p99=median(value for each in found if (value := each.p99) is not None),
        added_p50=_added(found, floor, lambda each: each.p50),
        added_p99=_added(found, floor, lambda each: each.p99),
        cpus=median(each.cpus for each in found),
        memory_mb=median(each.memory_mb for each in found),
        throttled=median(each.throttled for each in found),
    )


def _added(
    found: Sequence[Measurement], floor: Sequence[Measurement], figure: Callable[[Measurement], float | None]
) -> Spread | None:
    """Differences from the mock engine alone, each within its round."""
    if found[0].gateway == DIRECT:
        return None
    direct = {each.round: figure(each) for each in floor}
    pairs = [(figure(each), direct.get(each.round)) for each in found]
    differences = [mine - its for mine, its in pairs if mine is not None and its is not None]
    return Spread.of(differences) if differences else None


def _shares(results: Results) -> list[Shares]:
    made = []
    for mode in MODES:
        if found := [each for each in results.balances if each.mode == mode]:
            ordered = [[*sorted(each.nine[:ENGINES], reverse=True), each.nine[ENGINES]] for each in found]
            shares = Shares(
                mode,
                busiest=median(each.eight[0] for each in found),
                worst=max(each.eight[0] for each in found),
                moment=median(each.moment for each in found),
                ninth=Spread.of([each.nine[ENGINES] for each in found]),
                answered=sum(each.answered for each in found),
                failed=sum(each.failed for each in found),
                each=[median(place) for place in zip(*ordered, strict=True)],
            )
            made.append(shares)
    return made
