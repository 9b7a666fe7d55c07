"""`python -m harness.bench`: measure the gateway beside others, and write docs/performance.md and its plots.

It also simulates how a group is scaled, for docs/autoscaling.md, in which nothing runs; and with `--starts` it measures
vLLM's first start and its second, for docs/caching.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from harness import generated
from harness.bench import aliases, balance, gateways, latency, page, program, starts
from harness.bench.figures import Figures, rows, shares
from harness.bench.plots import plots
from harness.bench.results import Aliases, Balance
from harness.bench.scaling import page as scaling_page
from harness.bench.scaling.runs import Simulated
from harness.bench.scaling.runs import run as simulated
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.progress import console, step

PARTIAL = ROOT / "build" / "bench"
TABLE_WIDTH = 150

FULL = (
    latency.Plan(rates=(25, 100, 500), streams=(64, 128), warm=1, seconds=4, rounds=5),
    balance.Plan(warm=2, count=20, joined=30, rounds=3),
    5,
)
QUICK = (
    latency.Plan(rates=(100,), streams=(16,), warm=1, seconds=2, rounds=1),
    balance.Plan(warm=1, count=3, joined=3, rounds=1),
    1,
)
"""It shows that everything works; its figures mean little."""


def machine() -> str:
    """Processor, memory and kernel."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.machine())
    release = platform.release().partition("-")[0]
    return f"Machine: {os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {release}"


def circumstances() -> list[str]:
    """What the figures of the gateways depend on."""
    priority = "real time" if program.priority() else "normal: p99 has their own waits in it"
    return [
        f"{machine()}; clients, gateway and mock engines share the cores",
        f"Priority of clients and mock engines: {priority}",
        f"Load average before the run: {load_average()}",
    ]


def load_average() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def printed(text: str) -> None:
    """Show Markdown, wide enough for the tables."""
    Console(width=max(console.width, TABLE_WIDTH)).print(Markdown(text))


def measured(quick: bool, names: list[str]) -> Figures:
    """One run."""
    loads, balances, repetitions = QUICK if quick else FULL
    date, began, about = datetime.now(UTC).date(), time.monotonic(), circumstances()
    missing: dict[str, str] = {}
    balanced: list[Balance] = []
    many: list[Aliases] = []
    with step("Whole answers and streams") as shown:
        measurements = list(latency.measure(names, loads, missing, shown.detail))
    if gateways.ONWARDS in names:
        with step("Balance over eight engines, and nine") as shown:
            balanced += balance.measure(balances, shown.detail)
        with step("Many aliases"):
            many += aliases.measure(repetitions)
    about = [
        f"`nox -s bench`, {date}, {(time.monotonic() - began) / 60:.0f} minutes",
        *about,
        f"Load average after it: {load_average()}",
        ", ".join(f"{name} {version}" for name, version in gateways.versions().items()),
    ]
    return Figures(about, rows(measurements), shares(balanced), many, missing)


def simulate(again: bool) -> None:
    """Print the tables of the simulation, and write the page that they are in."""
    if not again:
        with step("Simulating days of a group that is scaled"):
            simulated().save(scaling_page.FIGURES)
    found = Simulated.load(scaling_page.FIGURES)
    for trace in scaling_page.MARKERS:
        text = f"**Simulated: {trace}**\n\n{scaling_page.table(found, trace)}"
        printed(text)
    generated.write(scaling_page.files(found))


def measure_starts(again: bool) -> None:
    """Print the table of vLLM's starts, and write the page that it is in."""
    if not again:
        about = [machine(), f"Load average before the run: {load_average()}"]
        with step("Starting vLLM with an empty cache, and with a kept one") as shown:
            starts.save(starts.measure(starts.ROUNDS, shown.detail), about)
    printed(starts.table(starts.load()[2]))
    generated.write(starts.files())


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a minute or two, to see that it works; no page is written"
    )
    parser.add_argument("--only", action="append", choices=gateways.NAMES, help="one of the paths; no page is written")
    parser.add_argument("--again", action="store_true", help="only page and plots, from the figures of the last run")
    only = "only the simulation of autoscaling, which takes half a minute"
    parser.add_argument("--scaling", action="store_true", help=only)
    only = "only vLLM's first start and its second, which takes 6 minutes, and 5 GB the first time"
    parser.add_argument("--starts", action="store_true", help=only)
    options = parser.parse_args()
    partial = options.quick or options.only
    try:
        if options.starts:
            measure_starts(options.again)
            return 0
        if not partial:
            simulate(options.again)
        if options.scaling:
            return 0
        if options.again:
            figures = Figures.load(page.FIGURES)
        else:
            program.binary()
            figures = measured(options.quick, options.only or list(gateways.NAMES))
            figures.save(PARTIAL / "figures.json" if partial else page.FIGURES)
        for name, table in page.tables(figures).items():
            if table:
                printed(f"**{name.capitalize()}**\n\n{table}")
        for name, why in figures.missing.items():
            console.print(f"{name} was not measured: {why}", markup=False)
        if partial:
            generated.write({PARTIAL / name: drawing for name, drawing in plots(figures).items()})
        else:
            generated.write(page.files(figures))
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if gateways.ONWARDS in figures.missing or gateways.DIRECT in figures.missing else 0


if __name__ == "__main__":
    sys.exit(main())
