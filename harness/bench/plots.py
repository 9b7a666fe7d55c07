"""The plots of one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from harness.bench import figures
from harness.bench.balance import ENGINES, MODES
from harness.bench.figures import Row
from harness.bench.gateways import DIRECT, NAMES
from harness.bench.report import milliseconds
from harness.bench.results import REQUESTS, STREAMS, Results
from harness.bench.svg import Drawing

WIDTH = 760.0
NAME_WIDTH = 168.0
VALUE_WIDTH = 110.0
LINE = 26.0
TOP = 74.0
FOOT = 56.0


def plots(results: Results) -> dict[str, str]:
    """File name to SVG."""
    return {
        "requests.svg": str(
            _added(
                figures.rows(results, REQUESTS),
                "What a gateway adds to a whole answer",
                "{} requests a second",
            )
        ),
        "streams.svg": str(
            _added(
                figures.rows(results, STREAMS),
                "What a gateway adds to each token of a stream",
                "{} streams of 50 tokens a second",
            )
        ),
        "balance.svg": str(_balance(results)),
    }


def ticks(least: float, most: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from the last below the least to the first above the most."""
    steps = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5)]
    below = max((step for step in steps if step <= least), default=steps[0])
    above = min((step for step in steps if step >= most), default=steps[-1])
    return [step for step in steps if below <= step <= above]


def _added(rows: Sequence[Row], title: str, group: str) -> Drawing:
    """A line for each gateway under each load: a dot for p50, a ring for p99, on an axis of powers of ten."""
    rows = [row for row in rows if row.gateway != DIRECT]
    amounts = sorted({row.amount for row in rows})
    values = [value for row in rows for value in (_middle(row.added_p50), _middle(row.added_p99)) if value is not None]
    marks = ticks(max(0.02, min(values, default=0.1)), max(values, default=1.0))
    left, right = NAME_WIDTH, WIDTH - VALUE_WIDTH
    low, high = math.log10(marks[0]), math.log10(marks[-1])

    def x(value: float) -> float:
        return left + (math.log10(max(value, marks[0])) - low) / (high - low) * (right - left)

    height = TOP + sum(LINE * (1.5 + len([r for r in rows if r.amount == a])) for a in amounts) + FOOT
    drawing = Drawing(WIDTH, height, title)
    drawing.text(20, 28, title, class_="title")
    drawing.text(
        20,
        48,
        "Milliseconds more than without one: ● half of all are below it (p50), ○ 99 of 100 are (p99)",
        class_="soft",
    )
    bottom = height - FOOT
    for mark in marks:
        drawing.line(x(mark), TOP - 8, x(mark), bottom, class_="grid")
        drawing.text(x(mark), bottom + 18, f"{mark:g}", class_="soft", text_anchor="middle")
    drawing.text(
        (left + right) / 2,
        bottom + 40,
        "milliseconds added (logarithmic)",
        class_="soft",
        text_anchor="middle",
    )
    y = TOP
    for amount in amounts:
        y += LINE * 0.5
        drawing.text(20, y, group.format(amount), class_="head")
        y += LINE
        for row in (row for row in rows if row.amount == amount):
            _line(drawing, row, y, left, x)
            y += LINE
    return drawing


def _line(drawing: Drawing, row: Row, y: float, left: float, x: Callable[[float], float]) -> None:
    drawing.text(left - 12, y + 4, row.gateway, text_anchor="end")
    half, most = _middle(row.added_p50), _middle(row.added_p99)
    if half is None or most is None:
        drawing.text(left + 8, y + 4, f"does not keep up: {row.came:.0f} of {row.due:.0f} a second came", class_="soft")
        return
    series = NAMES.index(row.gateway) - 1
    drawing.line(x(half), y, x(most), y, class_=f"line{series}", stroke_width=2.5, opacity=0.55)
    drawing.add("circle", cx=x(most), cy=y, r=5.5, class_=f"ring{series}", stroke_width=2.5)
    drawing.add("circle", cx=x(half), cy=y, r=5.5, class_=f"fill{series}")
    drawing.text(WIDTH - 16, y + 4, f"{milliseconds(half)} / {milliseconds(most)}", text_anchor="end")


def _middle(spread: figures.Spread | None) -> float | None:
    return None if spread is None else spread.median


BAR, GAP, PANEL = 19.0, 4.0, 232.0
TALL = 150.0


def _balance(results: Results) -> Drawing:
    """For each mode nine bars: the engines' shares of the work, the ninth apart."""
    drawing = Drawing(WIDTH, TOP + TALL + 78, "How nine engines share the work")
    drawing.text(20, 28, "How nine engines share the work, 30 seconds after the ninth joined", class_="title")
    drawing.text(
        20,
        48,
        "1 is a fair share (median of the rounds). Blue: the eight engines, largest first; orange: the ninth",
        class_="soft",
    )
    drawing.text(20, 78, "share of the work", class_="soft")
    shares = {mode: _shares(results, mode) for mode in MODES}
    most = max([1.5, *(share for each in shares.values() for share in each)])
    base = TOP + 22 + TALL

    def y(share: float) -> float:
        return base - share / most * TALL

    for mark in [n / 2 for n in range(int(most * 2) + 1)]:
        drawing.line(46, y(mark), WIDTH - 16, y(mark), class_="fair" if mark == 1 else "grid")
        drawing.text(38, y(mark) + 4, f"{mark:g}", class_="soft", text_anchor="end")
    for number, (mode, found) in enumerate(shares.items()):
        left = 56 + number * PANEL
        for place, share in enumerate(found):
            at = left + place * (BAR + GAP) + (8 if place == ENGINES else 0)
            series = 1 if place == ENGINES else 0
            drawing.add("rect", x=at, y=y(share), width=BAR, height=base - y(share), class_=f"fill{series}")
        if found:
            ninth = left + ENGINES * (BAR + GAP) + 8 + BAR / 2
            drawing.text(ninth, base + 17, f"{found[-1]:.2f}", text_anchor="middle", class_="soft")
        drawing.text(left, base + 38, mode, class_="head")
    return drawing


def _shares(results: Results, mode: str) -> list[float]:
    """The first eight sorted in each round, the ninth as it is; medians over the rounds."""
    found = [each.nine for each in results.balances if each.mode == mode]
    ordered = [[*sorted(nine[:ENGINES], reverse=True), nine[ENGINES]] for nine in found]
    return [median(place) for place in zip(*ordered, strict=True)]
