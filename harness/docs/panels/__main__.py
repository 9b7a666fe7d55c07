"""`python -m harness.docs.panels --prometheus URL`: draw the dashboards, light and dark, into docs/dashboards.

It needs npm (which fetches Grafana's components, 430 MB, the first time) and Chromium.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from harness.docs.mermaid import BROWSERS
from harness.errors import HarnessError
from harness.monitoring.dashboards import DASHBOARDS, build
from harness.paths import ROOT, cache_dir
from harness.progress import Step, step
from harness.run import run
from harness.tools.store import make_once

HERE = Path(__file__).parent
DIRECTORY = ROOT / "docs" / "dashboards"
WIDTH = 1408
ROW = 38
"""Pixels of a row of the grid, as in page.jsx."""
POINTS = 200
SECONDS = 60.0
KINDS = {"light": False, "dark": True}


def bundle() -> Path:
    """page.jsx with Grafana's components in one file, beside one of styles.

    Raises:
        HarnessError: npm is not there, or cannot fetch them.
    """
    npm = shutil.which("npm") or "npm"
    package = (HERE / "package.json").read_bytes()

    def make(directory: Path, _: Step) -> None:
        (directory / "package.json").write_bytes(package)
        run([npm, "install", "--silent", "--no-audit", "--ignore-scripts", "--legacy-peer-deps"], cwd=directory)

    version = json.loads(package)["dependencies"]["@grafana/ui"]
    modules = make_once(cache_dir("npm") / f"grafana-ui-{version}", "Fetching Grafana's components", make)
    made = cache_dir("npm") / "panels.js"
    options = [
        "--bundle",
        "--minify",
        "--loader:.svg=dataurl",
        "--loader:.ttf=dataurl",
        "--define:process.env.NODE_ENV='production'",
    ]
    program = modules / "node_modules" / ".bin" / "esbuild"
    shutil.copy(HERE / "page.jsx", modules / "page.jsx")
    run(
        [program, "page.jsx", *options, "--define:global=window", f"--outfile={made}", "--log-level=error"], cwd=modules
    )
    return made


def answers(url: str, panel: Mapping[str, Any], chosen: Mapping[str, str], start: float, end: float) -> list[Any]:
    """A panel's series over the range: their names, times in milliseconds and values."""
    found = []
    for target in panel["targets"]:
        query = re.sub(r"\$\w+", lambda name: chosen[name[0]], target["expr"])
        span = {"start": str(start), "end": str(end), "step": str((end - start) / POINTS)}
        answer = httpx.get(f"{url}/api/v1/query_range", params={"query": query, **span}, timeout=SECONDS).json()
        if answer["status"] != "success":
            raise HarnessError(f"{query}: {answer}")
        for series in answer["data"]["result"]:
            times, values = zip(*series["values"], strict=True)
            numbers = [None if each == "NaN" else float(each) for each in values]
            name = _name(target["legendFormat"], series["metric"]) or panel["title"]
            found.append({"name": name, "times": [each * 1000 for each in times], "values": numbers})
    return found


def _name(legend: str, labels: Mapping[str, str]) -> str:
    return "" if legend == "__auto" else re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], ""), legend)


def pages(url: str, end: float, minutes: float, chosen: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each dashboard with what Prometheus answers its panels."""
    start = end - 60 * minutes
    for name in DASHBOARDS:
        dashboard = json.loads(build(name))
        for number, panel in enumerate(dashboard["panels"]):
            panel["id"] = number
        found = {each["id"]: answers(url, each, chosen, start, end) for each in dashboard["panels"]}
        yield name, {"dashboard": dashboard, "answers": found, "range": [start * 1000, end * 1000]}


def draw(script: Path, page: Mapping[str, Any], picture: Path, *, dark: bool) -> None:
    """Write the picture.

    Raises:
        HarnessError: there is no browser, or it ended with an error.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise HarnessError(f"None of {', '.join(BROWSERS)} is on the PATH", "Install Chromium.")
    rows = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in page["dashboard"]["panels"])
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory() as directory:
        html = Path(directory) / "page.html"
        data = json.dumps({**page, "dark": dark}).replace("<", "\\u003c")
        style = f'<link rel="stylesheet" href="{script.with_suffix(".css").as_uri()}"><style>body{{margin:0}}</style>'
        head = f'<!doctype html><meta charset="utf-8">{style}<div id="root"></div>'
        html.write_text(f'{head}<script>window.DASHBOARD={data}</script><script src="{script.as_uri()}"></script>')
        options += [f"--user-data-dir={directory}/profile", "--virtual-time-budget=15000"]
        options += [f"--window-size={WIDTH},{rows * ROW + 16}", f"--screenshot={picture}"]
        run([browser, *options, html.as_uri()], timeout=120)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.docs.panels", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL", help="a Prometheus that has the chart's rules")
    parser.add_argument("--minutes", type=float, default=15, help="how far back the panels go (default: 15)")
    parser.add_argument("--end", type=float, default=time.time(), help="seconds since 1970 (default: now)")
    parser.add_argument("--namespace", default=".+", help="a regular expression of namespaces (default: all)")
    parser.add_argument("--release", default=".+", help="a regular expression of releases (default: all)")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where the pictures go")
    options = parser.parse_args()
    chosen = {"$namespace": options.namespace, "$release": options.release, "$model_group": ".+"}
    options.directory.mkdir(exist_ok=True)
    try:
        script = bundle()
        for name, page in pages(options.prometheus, options.end, options.minutes, chosen):
            for kind, dark in KINDS.items():
                with step(f"Drawing {name}, {kind}"):
                    draw(script, page, options.directory / f"{name}-{kind}.png", dark=dark)
    except HarnessError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
