"""Rows of the tables: medians over the rounds, and differences within a round, where the machine was the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from harness.bench.gateways import DIRECT, NAMES, ONWARDS
from harness.bench.results import Measurement, Results


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
    """One gateway under one load. What it adds is its figure less that of the mock engine alone, in milliseconds."""

    gateway: str
    kind: str
    amount: int
    behind: int  # rounds in which it did not keep up
    rounds: int
    due: float
    came: float
    p50: Spread | None = None
    p99: Spread | None = None
    added_p50: Spread | None = None
    added_p99: Spread | None = None
    cpus: float = 0.0
    memory_mb: float = 0.0
    throttled: float = 0.0

    @property
    def kept_up(self) -> bool:
        """Whether it kept up in most rounds; the latency of one that does not is the length of the run."""
        return 2 * self.behind < self.rounds


def rows(results: Results, kind: str) -> list[Row]:
    """Those of one kind of load: by amount, then in the order of `NAMES`."""
    of_kind = [each for each in results.measurements if each.kind == kind]
    made = []
    for amount in sorted({each.amount for each in of_kind}):
        for name in NAMES:
            found = [each for each in of_kind if (each.gateway, each.amount) == (name, amount)]
            floor = [each for each in of_kind if (each.gateway, each.amount) == (DIRECT, amount)]
            if found:
                made.append(_row(found, floor))
    return made


def _row(found: Sequence[Measurement], floor: Sequence[Measurement]) -> Row:
    row = Row(
        gateway=found[0].gateway,
        kind=found[0].kind,
        amount=found[0].amount,
        behind=sum(not each.kept_up for each in found),
        rounds=len(found),
        due=median(each.due for each in found),
        came=median(each.came for each in found),
    )
    if not row.kept_up:
        return row
    return replace(
        row,
        p50=Spread.of([value for each in found if (value := each.p50) is not None]),
        p99=Spread.of([value for each in found if (value := each.p99) is not None]),
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


def ratio(row: Row, all_rows: Sequence[Row]) -> float | None:
    """What it adds in the middle, against what ours adds under the same load."""
    ours = next((r for r in all_rows if (r.gateway, r.amount) == (ONWARDS, row.amount)), None)
    if row.added_p50 is None or ours is None or ours.added_p50 is None or ours.added_p50.median <= 0:
        return None
    return row.added_p50.median / ours.added_p50.median
