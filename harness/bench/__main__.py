"""`python -m harness.bench`: measure the gateway beside others, and write docs/performance.md and its plots."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from harness import generated
from harness.bench import aliases, balance, gateways, latency, page, program
from harness.bench.figures import Figures
from harness.bench.plots import plots
from harness.bench.report import sheets
from harness.bench.results import Results
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.progress import console, step

PARTIAL = ROOT / "build" / "bench"
COMMAND = "nox -s bench"
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


def machine() -> dict[str, str]:
    """What the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return {
        "Machine": f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, "
        f"Linux {platform.release().partition('-')[0]}; clients, gateway and mock engines share the cores",
        "Priority of clients and mock engines": "real time"
        if program.priority()
        else "normal: p99 has their own waits in it",
        "Load average before the run": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def measured(quick: bool, names: list[str]) -> Results:
    """One run."""
    loads, balances, repetitions = QUICK if quick else FULL
    results = Results(
        command=COMMAND,
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        versions=gateways.versions(),
    )
    began = time.monotonic()
    with step("Whole answers and streams") as shown:
        results.measurements += latency.measure(names, loads, results.missing, shown.detail)
    if gateways.ONWARDS in names:
        with step("Balance over eight engines, and nine") as shown:
            results.balances += balance.measure(balances, shown.detail)
        with step("Many aliases"):
            results.aliases += aliases.measure(repetitions)
    results.seconds = time.monotonic() - began
    results.machine["Load average after it"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a minute or two, to see that it works; no page is written"
    )
    parser.add_argument("--only", action="append", choices=gateways.NAMES, help="one of the paths; no page is written")
    parser.add_argument("--again", action="store_true", help="only page and plots, from the figures of the last run")
    asked = parser.parse_args()
    partial = asked.quick or asked.only
    try:
        if asked.again:
            figures = Figures.load(page.FIGURES)
        else:
            program.binary()
            figures = Figures.of(measured(asked.quick, asked.only or list(gateways.NAMES)))
            figures.save(PARTIAL / "figures.json" if partial else page.FIGURES)
        for sheet in sheets(figures):
            if sheet.rows:
                Console(width=max(console.width, TABLE_WIDTH)).print(sheet.rich())
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
