"""The plots of one run, as SVG: the same text for the same figures, on white, so that they are legible on any page.

matplotlib is imported where it draws: on import it looks for fonts, for seconds, and writes down what it found.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from harness.bench.balance import ENGINES, MODES
from harness.bench.figures import Figures, Row, milliseconds
from harness.bench.gateways import DIRECT, NAMES
from harness.bench.results import REQUESTS, STREAMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#2563c9", "#c2410c", "#8a6d00", "#0f7f5f", "#7c3aad")
"""The colour-blind can distinguish them, and each is beside a name."""
INK, SOFT, GRID = "#1f2430", "#5b6472", "#dfe3e8"
WIDTH = 8.0  # inches, as all sizes here
LINE = 0.27

STYLE: dict[Any, Any] = {
    "axes.edgecolor": GRID,
    "axes.grid": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "grid.color": GRID,
    "svg.fonttype": "none",  # text stays text: it can be found and read aloud
    "svg.hashsalt": "inference-stack",  # else identifiers differ from run to run
    "text.color": INK,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
}


def plots(figures: Figures) -> dict[str, str]:
    """File name to SVG."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        return {
            "requests.svg": _added(figures, REQUESTS, "a whole answer", "{} requests a second"),
            "streams.svg": _added(figures, STREAMS, "each token of a stream", "{} streams of 50 tokens a second"),
            "balance.svg": _balance(figures),
        }


def svg(figure: Figure, title: str, subtitle: str) -> str:
    """The text of a figure, with these lines above it."""
    height = figure.get_figheight()
    figure.text(0.02, 1 - 0.25 / height, title, fontsize=12, fontweight="bold", va="center")
    figure.text(0.02, 1 - 0.5 / height, subtitle, color=SOFT, va="center")
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Title": title, "Date": None, "Creator": None})
    # matplotlib ends some lines with spaces, which diffs of the repository do not allow.
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def _added(figures: Figures, kind: str, what: str, group: str) -> str:
    """A line for each gateway under each load: a dot for p50, a ring for p99, on an axis of powers of ten."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    rows = [row for row in figures.of_kind(kind) if row.gateway != DIRECT]
    lines: list[Row | str] = []
    for amount in sorted({row.amount for row in rows}):
        lines += [group.format(amount), *(row for row in rows if row.amount == amount)]
    height = LINE * (len(lines) + 1) + 1.2
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0.2, 0.6 / height, 0.65, 1 - 1.3 / height))
    axes.set(xscale="log", xlabel="milliseconds added (logarithmic)", ylim=(len(lines) - 0.4, -0.6))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(range(len(lines)), [line if isinstance(line, str) else line.gateway for line in lines])
    for y, (line, label) in enumerate(zip(lines, axes.get_yticklabels(), strict=True)):
        if isinstance(line, str):
            label.set(fontweight="bold", x=-0.28, ha="left", backgroundcolor="white")
        else:
            _line(axes, line, y)
    legend = "Milliseconds more than without one: ● half of all are below it (p50), ○ 99 of 100 (p99)"
    return svg(figure, f"What a gateway adds to {what}", legend)


def _line(axes: Axes, row: Row, y: int) -> None:
    beside = axes.get_yaxis_transform()  # x from 0 to 1 over the width, y as the data
    if row.added_p50 is None or row.added_p99 is None:
        axes.text(0.01, y, row.fallen_behind, color=SOFT, va="center", transform=beside)
        return
    half, most = row.added_p50.median, row.added_p99.median
    colour = COLOURS[NAMES.index(row.gateway) - 1]
    axes.plot([half, most], [y, y], color=colour, alpha=0.55, linewidth=2)
    axes.plot(most, y, "o", color=colour, markerfacecolor="white", markeredgewidth=1.8)
    axes.plot(half, y, "o", color=colour)
    axes.text(1.21, y, f"{milliseconds(half)} / {milliseconds(most)}", ha="right", va="center", transform=beside)


def _balance(figures: Figures) -> str:
    """For each mode nine bars: the engines' shares of the work, the ninth apart."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 3.2))
    panels = figure.subplots(1, len(MODES), sharey=True)
    figure.subplots_adjust(left=0.08, right=0.98, top=0.72, bottom=0.06, wspace=0.08)
    panels[0].set_ylabel("share of the work")
    for axes, mode in zip(panels, MODES, strict=True):
        axes.set_title(mode, fontsize=10)
        axes.grid(axis="x", visible=False)
        axes.axhline(1, color=SOFT, linestyle="--", linewidth=1)
        for each in (shares.each for shares in figures.shares if shares.mode == mode):
            axes.bar(range(ENGINES), each[:ENGINES], color=COLOURS[0])
            ninth = axes.bar(ENGINES + 0.4, each[ENGINES], color=COLOURS[1])
            axes.bar_label(ninth, fmt="%.2f", color=SOFT)
        axes.set_xticks([])
    return svg(
        figure,
        "How nine engines share the work, 30 seconds after the ninth joined",
        "1 is a fair share (median of the rounds). Blue: the eight engines, largest first; orange: the ninth",
    )
