"""docs/performance.md: its tables stand between markers, its plots beside it."""

from __future__ import annotations

from harness.bench.plots import plots
from harness.bench.report import about, sheets
from harness.bench.results import Results
from harness.docs.markdown import between
from harness.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
MARKERS = ("REQUESTS", "STREAMS", "BALANCE", "ALIASES")
"""Those of the tables, in the order of `sheets`."""


def write(results: Results) -> None:
    """Bring the page and its plots up to this run."""
    text = between(PAGE.read_text(), "RUN", about(results))
    for marker, sheet in zip(MARKERS, sheets(results), strict=True):
        text = between(text, marker, f"\n{sheet.markdown()}\n")
    PAGE.write_text(text)
    PLOTS.mkdir(exist_ok=True)
    for file, drawing in plots(results).items():
        (PLOTS / file).write_text(drawing)
