"""Tables of one run: for the terminal, and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from harness.bench.figures import Figures, Row, Spread
from harness.bench.gateways import DIRECT
from harness.bench.results import REQUESTS, STREAMS
from harness.docs import markdown

NONE = "–"


@dataclass(frozen=True)
class Sheet:
    """A table that is neither Markdown nor rich yet."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def rich(self) -> Table:
        shown = Table(*self.head, title=self.title)
        for row in self.rows:
            shown.add_row(*row)
        return shown

    def markdown(self) -> str:
        return markdown.table(self.head, ([markdown.cell(each) for each in row] for row in self.rows))


def sheets(figures: Figures) -> list[Sheet]:
    """All tables of a run."""
    return [
        _latency(figures, REQUESTS, "Whole answers", "requests/s"),
        _latency(figures, STREAMS, "Tokens of streams", "streams"),
        _balance(figures),
        _aliases(figures),
    ]


def milliseconds(value: float) -> str:
    """Two digits that mean something."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return NONE
    middle = milliseconds(spread.median)
    if spread.least == spread.most:
        return middle
    return f"{middle} ({milliseconds(spread.least)} to {milliseconds(spread.most)})"


def _latency(figures: Figures, kind: str, title: str, unit: str) -> Sheet:
    found = figures.of_kind(kind)
    head = [unit, "path", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms", "Onwards = 1", "CPUs", "MB", "stalls"]
    lines = [[f"{row.amount}", row.gateway, *_cells(row)] for row in found]
    measured = {row.gateway for row in found}
    lines += [
        [NONE, name, f"not measured: {why.splitlines()[0]}", *[NONE] * 7]
        for name, why in figures.missing.items()
        if name not in measured
    ]
    return Sheet(title, head, lines)


def _cells(row: Row) -> list[str]:
    if row.p50 is None or row.p99 is None:
        return [fallen_behind(row), *[NONE] * 7]
    direct = row.gateway == DIRECT
    behind = f", behind in {row.behind} of {row.rounds} rounds" if row.behind else ""
    return [
        f"{milliseconds(row.p50)}{behind}",
        milliseconds(row.p99),
        _spread(row.added_p50),
        _spread(row.added_p99),
        NONE if row.times is None else f"{row.times:.1f}",
        NONE if direct else f"{row.cpus:.2f}",
        NONE if direct else f"{row.memory_mb:.0f}",
        NONE if direct else f"{row.throttled:.0f}",
    ]


def fallen_behind(row: Row) -> str:
    """What is said of a gateway that does not keep up."""
    return f"does not keep up: {row.came:.0f} of {row.due:.0f} a second came"


def _balance(figures: Figures) -> Sheet:
    head = [
        "the gateway reaches",
        "busiest of eight",
        "worst round",
        "in a moment",
        "ninth after 30 s",
        "answers",
        "failed",
    ]
    lines = [
        [
            each.mode,
            f"{each.busiest:.2f}",
            f"{each.worst:.2f}",
            f"{each.moment:.2f}",
            f"{each.ninth.median:.2f} ({each.ninth.least:.2f} to {each.ninth.most:.2f})",
            f"{each.answered}",
            f"{each.failed}",
        ]
        for each in figures.shares
    ]
    return Sheet("Balance over eight engines (1 is a fair share)", head, lines)


def _aliases(figures: Figures) -> Sheet:
    head = ["values with", "helm template, ms", "configuration, kB", "gateway ready, ms", "gateway, MB"]
    lines = [
        [each.what, f"{each.render_ms:.0f}", f"{each.config_kb:.1f}", f"{each.ready_ms:.0f}", f"{each.memory_mb:.0f}"]
        for each in figures.aliases
    ]
    return Sheet("Many aliases", head, lines)
