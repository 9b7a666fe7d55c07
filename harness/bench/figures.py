"""What the page shows: medians over the rounds, and differences within a round, because the machine's speed varies.

They are committed beside the page as JSON, from which its tables and plots are made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from harness.bench.balance import ENGINES, MODES
from harness.bench.gateways import DIRECT, NAMES, ONWARDS
from harness.bench.results import Aliases, Balance, Measurement


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

    @property
    def fallen_behind(self) -> str:
        """What tables and plots say if it did not keep up."""
        return f"does not keep up: {self.came:.0f} of {self.due:.0f} a second came"


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
    rows: list[Row]
    shares: list[Shares]
    aliases: list[Aliases]
    missing: dict[str, str]  # gateway to why it was not measured

    def of_kind(self, kind: str) -> list[Row]:
        """Rows of one kind of load: by amount, then in the order of `NAMES`."""
        return [row for row in self.rows if row.kind == kind]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Figures:
        """Those that `save` has written; each class is recognised by its fields."""

        def typed(fields: dict[str, Any]) -> Any:
            kinds = {frozenset(kind.__dataclass_fields__): kind for kind in (cls, Row, Shares, Aliases, Spread)}
            return kinds.get(frozenset(fields), dict)(**fields)

        figures: Figures = json.loads(path.read_text(), object_hook=typed)
        return figures


def milliseconds(value: float) -> str:
    """With two significant digits at least."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def rows(measurements: Sequence[Measurement]) -> list[Row]:
    """By kind of load, amount, and gateway in the order of `NAMES`."""
    made: list[Row] = []
    for kind, amount in sorted({(each.kind, each.amount) for each in measurements}):
        under = [each for each in measurements if (each.kind, each.amount) == (kind, amount)]
        floor = [each for each in under if each.gateway == DIRECT]
        found = [_row(of, floor) for name in NAMES if (of := [each for each in under if each.gateway == name])]
        ours = next((row.added_p50.median for row in found if row.gateway == ONWARDS and row.added_p50), 0)
        made += [
            replace(row, times=row.added_p50.median / ours) if row.added_p50 and ours > 0 else row for row in found
        ]
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


def shares(balances: Sequence[Balance]) -> list[Shares]:
    """One for each mode, in the order of `MODES`."""
    made = []
    for mode in MODES:
        if found := [each for each in balances if each.mode == mode]:
            ordered = [[*sorted(each.nine[:ENGINES], reverse=True), each.nine[ENGINES]] for each in found]
            of_mode = Shares(
                mode,
                busiest=median(each.eight[0] for each in found),
                worst=max(each.eight[0] for each in found),
                moment=median(each.moment for each in found),
                ninth=Spread.of([each.nine[ENGINES] for each in found]),
                answered=sum(each.answered for each in found),
                failed=sum(each.failed for each in found),
                each=[median(place) for place in zip(*ordered, strict=True)],
            )
            made.append(of_mode)
    return made
