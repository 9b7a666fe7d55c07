"""docs/performance.md: the tables between its markers, and the plots beside it, both made from figures.json there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.bench.figures import Figures, Row, Spread, milliseconds
from harness.bench.gateways import DIRECT
from harness.bench.plots import plots
from harness.bench.results import REQUESTS, STREAMS
from harness.docs import markdown
from harness.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
FIGURES = PLOTS / "figures.json"
NONE = "–"


def files(figures: Figures) -> dict[Path, str]:
    """The page with these figures in its tables, and its plots."""
    text = markdown.between(PAGE.read_text(), "RUN", "\n".join(f"- {line}" for line in figures.about))
    for marker, table in tables(figures).items():
        text = markdown.between(text, marker, f"\n{table}\n")
    return {PAGE: text, **{PLOTS / name: drawing for name, drawing in plots(figures).items()}}


def tables(figures: Figures) -> dict[str, str]:
    """Each table, by the name of its markers in the page; empty if it has no rows."""
    return {
        "REQUESTS": _latency(figures, REQUESTS, "requests/s"),
        "STREAMS": _latency(figures, STREAMS, "streams"),
        "BALANCE": _balance(figures),
        "ALIASES": _aliases(figures),
    }


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    cells = [[markdown.cell(each) for each in row] for row in rows]
    return markdown.table(head.split(" | "), cells) if cells else ""


def _latency(figures: Figures, kind: str, unit: str) -> str:
    found = figures.of_kind(kind)
    head = f"{unit} | path | p50 ms | p99 ms | added p50 ms | added p99 ms | Onwards = 1 | CPUs | MB | stalls"
    lines = [[f"{row.amount}", row.gateway, *_cells(row)] for row in found]
    measured = {row.gateway for row in found}
    lines += [
        [NONE, name, f"not measured: {why.splitlines()[0]}", *[NONE] * 7]
        for name, why in figures.missing.items()
        if name not in measured
    ]
    return _table(head, lines)


def _cells(row: Row) -> list[str]:
    if row.p50 is None or row.p99 is None:
        return [row.fallen_behind, *[NONE] * 7]
    behind = f", behind in {row.behind} of {row.rounds} rounds" if row.behind else ""
    used = [f"{row.cpus:.2f}", f"{row.memory_mb:.0f}", f"{row.throttled:.0f}"]
    return [
        f"{milliseconds(row.p50)}{behind}",
        milliseconds(row.p99),
        _spread(row.added_p50),
        _spread(row.added_p99),
        NONE if row.times is None else f"{row.times:.1f}",
        *([NONE] * 3 if row.gateway == DIRECT else used),
    ]


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return NONE
    middle = milliseconds(spread.median)
    if spread.least == spread.most:
        return middle
    return f"{middle} ({milliseconds(spread.least)} to {milliseconds(spread.most)})"


def _balance(figures: Figures) -> str:
    head = "the gateway reaches | busiest of eight | worst round | in a moment | ninth after 30 s | answers | failed"
    lines = [
        [
            each.mode,
            *(f"{share:.2f}" for share in (each.busiest, each.worst, each.moment)),
            f"{each.ninth.median:.2f} ({each.ninth.least:.2f} to {each.ninth.most:.2f})",
            *(f"{count}" for count in (each.answered, each.failed)),
        ]
        for each in figures.shares
    ]
    return _table(head, lines)


def _aliases(figures: Figures) -> str:
    lines = [
        [each.what, f"{each.render_ms:.0f}", f"{each.config_kb:.1f}", f"{each.ready_ms:.0f}", f"{each.memory_mb:.0f}"]
        for each in figures.aliases
    ]
    return _table("values with | helm template, ms | configuration, kB | gateway ready, ms | gateway, MB", lines)
