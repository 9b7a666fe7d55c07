"""docs/performance.md: its tables stand between markers; its plots, and the figures that all are made of, beside it."""

from __future__ import annotations

from pathlib import Path

from harness.bench.figures import Figures
from harness.bench.plots import plots
from harness.bench.report import sheets
from harness.docs.markdown import between
from harness.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
FIGURES = PLOTS / "figures.json"
MARKERS = ("REQUESTS", "STREAMS", "BALANCE", "ALIASES")
"""Those of the tables, in the order of `sheets`."""


def files(figures: Figures) -> dict[Path, str]:
    """The page with these figures in its tables, and its plots."""
    text = between(PAGE.read_text(), "RUN", "\n".join(f"- {line}" for line in figures.about))
    for marker, sheet in zip(MARKERS, sheets(figures), strict=True):
        text = between(text, marker, f"\n{sheet.markdown()}\n")
    return {PAGE: text, **{PLOTS / name: drawing for name, drawing in plots(figures).items()}}
