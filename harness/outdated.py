"""`nox -s outdated`: every pinned version beside the newest on its registry, and when that was released.

Each registry is read by its own client, so that mirrors and proxies are those configured for pip, Cargo, npm and Go.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from harness.docs import mermaid
from harness.errors import HarnessError
from harness.images import base
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import images
from harness.progress import console, step
from harness.run import run
from harness.tools import tool
from harness.tools.pins import GO_WHEEL, LAYER, NODE_WHEEL, parse_version

TIMEOUT = 120
WIDTH = 180
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
CLIENTS = ROOT / "tests" / "cluster" / "clients"
ELSEWHERE = Path("/")
"""Where no module, package or workspace of a checkout decides what a client finds."""


@dataclass(frozen=True)
class Newest:
    """The newest release on a registry, and its day (YYYY-MM-DD; empty if the registry does not give one)."""

    version: str
    day: str = ""


@dataclass(frozen=True)
class Pin:
    """One pinned version: of what, written where, and how to look up the newest; None if no registry has it."""

    name: str
    version: str
    where: str
    newest: Callable[[], Newest] | None


@cache
def _index() -> str:
    found = os.environ.get("PIP_INDEX_URL") or run([*PIP, "config", "get", "global.index-url"], check=False).stdout
    return found.strip().rstrip("/") or "https://pypi.org/simple"


def pypi(package: str) -> Newest:
    out = run([*PIP, "index", "versions", package], cwd=ELSEWHERE, timeout=TIMEOUT).stdout
    version = out.partition("(")[2].partition(")")[0]
    page = f"{_index()}/{re.sub(r'[-_.]+', '-', package).lower()}/"
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    try:
        files = httpx.get(page, headers=accept, follow_redirects=True, timeout=TIMEOUT).json()["files"]
    except (httpx.HTTPError, ValueError):  # an index with HTML only
        files = []
    ours = re.compile(rf"-{re.escape(version)}(-|\.tar|\.zip)")
    days = [each.get("upload-time", "")[:10] for each in files if ours.search(each["filename"])]
    return Newest(version, min(days, default=""))


def crate(name: str) -> Newest:
    out = run([tool("cargo"), "info", name], cwd=ELSEWHERE, timeout=TIMEOUT).stdout
    found = re.search(r"^version: (\S+)(?: \(latest (\S+)\))?", out, re.MULTILINE)
    return Newest(found[2] or found[1] if found else "")


def npm(package: str) -> Newest:
    out = json.loads(run(["npm", "view", package, "version", "time", "--json"], cwd=ELSEWHERE, timeout=TIMEOUT).stdout)
    return Newest(out["version"], out["time"][out["version"]][:10])


def module(path: str) -> Newest:
    """Of the same major version: a Go module's next one has another path."""
    out = json.loads(run([tool("go"), "list", "-m", "-json", f"{path}@latest"], cwd=ELSEWHERE, timeout=TIMEOUT).stdout)
    return Newest(out["Version"], out.get("Time", "")[:10])


PACKAGES = {
    "llama-cpp": "xllamacpp",  # its last number ends with llama.cpp's build
    "triton": "tritonclient",  # numbered otherwise: 2.x, where the image has year and month
}
"""The package on PyPI that is released with an engine, if its name differs."""


def pins() -> Iterator[Pin]:
    """Every pinned version, once for each file that has it."""
    gateway = str(load((ROOT / "Chart.yaml").read_text())["appVersion"])
    yield Pin("onwards", gateway, "Chart.yaml", partial(crate, "onwards"))
    for engine, image in images().items():
        package = PACKAGES.get(engine, engine)
        yield Pin(f"{engine} (PyPI: {package})", image.tag, f"files/engines/{engine}.yaml", partial(pypi, package))
    for name in ("pyproject.toml", "noxfile.py"):
        for package, version in re.findall(r'"([\w.-]+)(?:\[\w+\])?==([^"]+)"', (ROOT / name).read_text()):
            yield Pin(package, version, name, partial(pypi, package))
    for package, version in (each.split("==") for each in (LAYER[0], GO_WHEEL, NODE_WHEEL)):
        yield Pin(package, version, "harness/tools/pins.py", partial(pypi, package))
    for package, version in base.PACKAGES.items():
        yield Pin(package, version, "harness/images/base.py", partial(pypi, package))
    for package, version in json.loads((CLIENTS / "package.json").read_text())["dependencies"].items():
        yield Pin(package, version, "package.json", partial(npm, package))
    yield Pin("mermaid", mermaid.VERSION, "harness/docs/mermaid.py", partial(npm, "mermaid"))
    for path in sorted((ROOT / "tools").rglob("go.mod")):
        for name, version in _required(path):
            yield Pin(name, version, path.relative_to(ROOT).as_posix(), partial(module, name))
    for place in ("harness/cluster/crds.py", "harness/images/catalog.py"):
        for name, version in re.findall(r'"([\w./-]+)@(v[\d.]+)"', (ROOT / place).read_text()):
            yield Pin(name, version, place, partial(module, name))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for name, version in sorted(set(re.findall(r"uses: (\S+)@\S+ # (\S+)", path.read_text()))):
            yield Pin(name, version, path.name, None)


def _required(path: Path) -> Iterator[tuple[str, str]]:
    """What a go.mod requires directly, or has a program of; but for what it replaces."""
    out = json.loads(run([tool("go"), "mod", "edit", "-json"], cwd=path.parent).stdout)
    for each in out.get("Require") or ():
        program = any(f"{used['Path']}/".startswith(f"{each['Path']}/") for used in out.get("Tool") or ())
        if (program or not each.get("Indirect")) and each["Version"] != "v0.0.0":
            yield each["Path"], each["Version"]


def answer(pin: Pin) -> tuple[str, str]:
    """The newest version and its day, or why there is none."""
    if pin.newest is None:
        return "not reachable from a package registry", ""
    try:
        newest = pin.newest()
    except (HarnessError, ValueError, KeyError) as error:
        return f"no answer: {str(error).splitlines()[-1]}", ""
    return newest.version or "no release", newest.day


def main() -> int:
    argparse.ArgumentParser(prog="nox -s outdated --", description=__doc__).parse_args()
    merged: dict[tuple[str, str], Pin] = {}
    for pin in pins():
        key = (pin.name, pin.version)
        merged[key] = replace(pin, where=f"{merged[key].where}, {pin.where}") if key in merged else pin
    table = Table("what", "pinned", "newest", "released", "where")
    with step("Querying the registries") as shown, ThreadPoolExecutor(8) as pool:
        answers = zip(merged.values(), pool.map(answer, merged.values()), strict=True)
        for number, (pin, (newest, day)) in enumerate(answers, 1):
            shown.detail(f"{number} of {len(merged)}")
            same = pin.newest is None or parse_version(pin.version) == parse_version(newest)  # v1.2.3-cu130 is 1.2.3
            table.add_row(pin.name, pin.version, newest, day, pin.where, style="" if same else "yellow")
    (console if console.is_terminal else Console(width=WIDTH)).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
