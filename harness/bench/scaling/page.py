"""The part of docs/autoscaling.md between its markers, and the plot beside it, both made from the simulated rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench.plots import COLOURS, INK, SOFT, STYLE, WIDTH, svg
from harness.bench.scaling.group import QUARTER
from harness.bench.scaling.runs import MOST, WAYS, Row, Simulated
from harness.bench.scaling.traces import DAY, HOUR, TRACES
from harness.docs import markdown
from harness.paths import ROOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE = ROOT / "docs" / "autoscaling.md"
DIRECTORY = ROOT / "docs" / "autoscaling"
FIGURES = DIRECTORY / "simulated.json"
PLOT = DIRECTORY / "simulated.svg"
MARKERS = {"day": "DAY", "bursts": "BURSTS"}
LONG = re.compile(r"(?<=[ ML])\d+\.\d{2,}(?= |$)", re.MULTILINE)
"""Coordinates of a path: a tenth of a point is seen by nobody, and the page is to be light."""
HEAD = ("scaled by", "seconds over the SLO", "late %", "p99 s", "held", "failed", "GPU-hours")
PANEL = 0.72
"""Inches of height."""
THIN = 4
"""Minutes: what is drawn at least."""
AT = 16
"""Requests for each pod, as the chart's default is."""


def files(simulated: Simulated) -> dict[Path, str]:
    """The page with these rows in its tables, and its plot."""
    text = PAGE.read_text()
    for trace, marker in MARKERS.items():
        text = markdown.between(text, marker, f"\n{table(simulated, trace)}\n")
    return {PAGE: text, PLOT: plot(simulated)}


def table(simulated: Simulated, trace: str) -> str:
    """The ways under one trace."""
    rows = [row for row in simulated.rows if row.trace == trace]
    return markdown.table(HEAD, [[markdown.cell(each) for each in _cells(row)] for row in rows])


def _cells(row: Row) -> tuple[str, ...]:
    late = f"{100 * row.late / row.requests:.1f}"
    return (
        row.way,
        f"{row.late_seconds:,}",
        late,
        f"{row.p99:.1f}",
        f"{row.held:,}",
        f"{row.failed:,}",
        f"{row.gpu_hours:.1f}",
    )


def plot(simulated: Simulated) -> str:
    """For each way and trace a panel: pods over the day, in front of what would be needed, and when requests are late.

    matplotlib is imported here, as in harness.bench.plots.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    ways = [way for way in WAYS if any(row.way == way for row in simulated.rows)]
    with mpl.rc_context(STYLE):
        height = PANEL * len(ways) + 1.5
        figure = Figure(figsize=(WIDTH, height))
        panels = figure.subplots(len(ways), len(TRACES), sharex=True, sharey=True, squeeze=False)
        edges = {"left": 0.24, "right": 0.98, "top": 1 - 1.05 / height, "bottom": 0.45 / height}
        figure.subplots_adjust(**edges, hspace=0.25, wspace=0.06)
        for row in simulated.rows:
            _panel(panels[ways.index(row.way)][list(TRACES).index(row.trace)], row, simulated.in_flight[row.trace])
        for way, (first, *_) in zip(ways, panels, strict=True):
            first.set_ylabel(way.replace(", ", ",\n"), rotation=0, ha="right", va="center", color=INK)
        for trace, axes in zip(TRACES, panels[0], strict=True):
            axes.set_title(trace, fontsize=10)
        for axes in panels[-1]:
            axes.set_xlabel("hour of the day")
        drawn = svg(
            figure,
            "Simulated: pods of a group over a day, by what it is scaled",
            "Blue: pods that are ready; grey: needed for 16 requests each; orange: late first tokens",
        )
    return LONG.sub(lambda found: f"{float(found[0]):.1f}", drawn)


def _panel(axes: Axes, row: Row, in_flight: list[float]) -> None:
    quarters = [number * QUARTER / HOUR for number in range(len(in_flight))]
    axes.fill_between(quarters, [count / AT for count in in_flight], color=SOFT, alpha=0.25, linewidth=0)
    since = [*row.ready, (int(DAY), row.ready[-1][1])]
    axes.step([at / HOUR for at, _ in since], [count for _, count in since], "-", where="post", color=COLOURS[0])
    axes.broken_barh(_drawn(row.late_from), (MOST + 0.7, 1.0), color=COLOURS[1], linewidth=0)
    axes.set(xlim=(0, 24), ylim=(0, MOST + 2), xticks=range(0, 25, 6), yticks=(0, MOST // 2, MOST))


def _drawn(late_from: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Minutes as bars of hours, start and length; those with little between them are one."""
    bars: list[list[int]] = []
    for minute, count in late_from:
        ends = minute + max(count, THIN)
        if bars and minute <= bars[-1][1] + THIN:
            bars[-1][1] = ends
        else:
            bars.append([minute, ends])
    return [(begins * 60 / HOUR, (ends - begins) * 60 / HOUR) for begins, ends in bars]
