"""Tables of one run: for the terminal, and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from harness.bench import figures
from harness.bench.balance import ENGINES, MODES
from harness.bench.figures import Row, Spread
from harness.bench.gateways import DIRECT
from harness.bench.results import REQUESTS, STREAMS, Results
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


def sheets(results: Results) -> list[Sheet]:
    """All tables of a run."""
    return [
        _latency(results, REQUESTS, "Whole answers", "requests/s"),
        _latency(results, STREAMS, "Tokens of streams", "streams"),
        _balance(results),
        _aliases(results),
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


def _latency(results: Results, kind: str, title: str, unit: str) -> Sheet:
    found = figures.rows(results, kind)
    head = [unit, "path", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms", "Onwards = 1", "CPUs", "MB", "stalls"]
    lines = [[f"{row.amount}", row.gateway, *_cells(row, found)] for row in found]
    measured = {row.gateway for row in found}
    lines += [
        [NONE, name, f"not measured: {why.splitlines()[0]}", *[NONE] * 7]
        for name, why in results.missing.items()
        if name not in measured
    ]
    return Sheet(title, head, lines)


def _cells(row: Row, found: Sequence[Row]) -> list[str]:
    if not row.kept_up or row.p50 is None or row.p99 is None:
        return [f"does not keep up: {row.came:.0f} of {row.due:.0f} a second came", *[NONE] * 7]
    times = figures.ratio(row, found)
    direct = row.gateway == DIRECT
    behind = f", behind in {row.behind} of {row.rounds} rounds" if row.behind else ""
    return [
        f"{milliseconds(row.p50.median)}{behind}",
        milliseconds(row.p99.median),
        _spread(row.added_p50),
        _spread(row.added_p99),
        NONE if times is None else f"{times:.1f}",
        NONE if direct else f"{row.cpus:.2f}",
        NONE if direct else f"{row.memory_mb:.0f}",
        NONE if direct else f"{row.throttled:.0f}",
    ]


def _balance(results: Results) -> Sheet:
    head = [
        "the gateway reaches",
        "busiest of eight",
        "worst round",
        "in a moment",
        "ninth after 30 s",
        "answers",
        "failed",
    ]
    lines = []
    for mode in MODES:
        found = [each for each in results.balances if each.mode == mode]
        if found:
            lines.append(
                [
                    mode,
                    f"{median(each.eight[0] for each in found):.2f}",
                    f"{max(each.eight[0] for each in found):.2f}",
                    f"{median(each.moment for each in found):.2f}",
                    _range([each.nine[ENGINES] for each in found]),
                    f"{sum(each.answered for each in found)}",
                    f"{sum(each.failed for each in found)}",
                ]
            )
    return Sheet("Balance over eight engines (1 is a fair share)", head, lines)


def _range(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _aliases(results: Results) -> Sheet:
    head = ["values with", "helm template, ms", "configuration, kB", "gateway ready, ms", "gateway, MB"]
    lines = [
        [each.what, f"{each.render_ms:.0f}", f"{each.config_kb:.1f}", f"{each.ready_ms:.0f}", f"{each.memory_mb:.0f}"]
        for each in results.aliases
    ]
    return Sheet("Many aliases", head, lines)


def about(results: Results) -> str:
    """Where, when and with what it was measured, as a list."""
    lines = [
        f"`{results.command}`, {results.date}, {results.seconds / 60:.0f} minutes",
        *(f"{name}: {value}" for name, value in results.machine.items()),
        ", ".join(f"{name} {version}" for name, version in results.versions.items()),
    ]
    return "\n".join(f"- {line}" for line in lines)
