"""How long vLLM itself takes to start with an empty cache, and with what its predecessor left there.

vLLM 0.32 on CPU compiles with g++ what it compiles with Triton and CUDA on a GPU, and keeps it where the chart's
rendering says. It runs as a process of this machine, with the arguments and variables of the rendered container: the
image of `nox -s engines` has no compiler.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.bench.contained import contained, free_port
from harness.docs import markdown
from harness.errors import HarnessError
from harness.helm import Helm
from harness.images import real
from harness.manifests import Manifests, container, environment
from harness.paths import ROOT
from harness.run import tail

PAGE = ROOT / "docs" / "caching.md"
FIGURES = ROOT / "docs" / "caching" / "starts.json"
EMPTY, KEPT, EAGER = "an empty cache", "the cache of its predecessor", "no compilation (`--enforce-eager`)"
ROUNDS = 3
READY_SECONDS = 600.0
ADDRESS = "127.0.0.1"
MODEL, CACHE = "/models/tiny", "/cache"
GROUP: dict[str, Any] = {
    "enabled": True,
    "engine": "vllm",
    "image": "vllm/vllm-openai-cpu",
    "tag": f"v{real.VERSION}",
    "modelAlias": ["chat"],
    "modelName": MODEL,
    "args": ["--dtype", "float32", "--max-model-len", "256"],
    "env": [{"name": "VLLM_CPU_KVCACHE_SPACE", "value": "1"}, {"name": "HF_HUB_OFFLINE", "value": "1"}],
    "persistentVolumes": [{"name": "cache", "size": "2Gi", "mountPath": CACHE}],
}
PROGRAM = "import sys; from vllm.entrypoints.cli.main import main; sys.exit(main())"


@dataclass(frozen=True)
class Start:
    """One start: seconds until /health answers, and those in which the engine says that it initialised itself."""

    cache: str  # EMPTY, KEPT or EAGER
    ready: float
    initialised: float


def measure(rounds: int, say: Callable[[str], None]) -> list[Start]:
    """Each kind of start in each round, one after the other.

    Raises:
        HarnessError: there is no C++ compiler, or vLLM does not start.
    """
    if not shutil.which("g++"):
        raise HarnessError("vLLM compiles for CPU with g++, which is not on PATH", "Install it: apt install g++")
    found = []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as cache:
            for kind in (EMPTY, KEPT, EAGER):
                say(f"round {number} of {rounds}: {kind}")
                found.append(_start(kind, Path(cache)))
    return found


def _start(kind: str, cache: Path) -> Start:
    port, cpus = free_port(), float(os.cpu_count() or 1)
    command, variables = _rendered(cache, port)
    eager = ["--enforce-eager"] if kind == EAGER else []
    with tempfile.TemporaryDirectory() as own:
        began = time.monotonic()
        with contained([*command, *eager], cpus, Path(own), {**variables, "TMPDIR": own}) as engine:
            engine.wait(f"http://{ADDRESS}:{port}/health", READY_SECONDS)
            ready = time.monotonic() - began
        return Start(kind, round(ready, 1), initialised(engine.log.read_text()))


def initialised(log: str) -> float:
    """The seconds that vLLM's log says it took to initialise its engine; HarnessError if it does not say it."""
    found = re.search(r"init engine .*? took ([\d.]+) s", log)
    if not found:
        raise HarnessError(f"vLLM does not say how long it initialised itself:\n{tail(log)}")
    return float(found[1])


def _rendered(cache: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The container's command and variables, with the places of this machine."""
    text = Helm().template(ROOT, values=[{"modelGroups": {"chat": GROUP}}])
    (workload,) = (
        each for each in Manifests.parse(text).kind("Deployment") if each["metadata"]["name"].endswith("chat")
    )
    engine = container(workload, "chat")
    words = [*engine["command"], *engine["args"]]
    words[words.index("--host") + 1], words[words.index("--port") + 1] = ADDRESS, str(port)
    places = {MODEL: str(real.model() / "tiny"), CACHE: str(cache)}
    variables = {
        name: re.sub(rf"^({'|'.join(places)})(?=/|$)", lambda place: places[place[1]], value)
        for name, value in environment(engine).items()
        if isinstance(value, str)
    }
    words = [places.get(word, word) for word in words]
    assert words[0] == "vllm"
    here = {"PYTHONPATH": str(real.packages()), "VLLM_HOST_IP": ADDRESS, "GLOO_SOCKET_IFNAME": "lo"}
    return [sys.executable, "-c", PROGRAM, *words[1:]], {**variables, **here}


def save(starts: list[Start], about: list[str]) -> None:
    """Keep a run for the page."""
    FIGURES.parent.mkdir(exist_ok=True)
    text = json.dumps({"date": str(datetime.now(UTC).date()), "about": about, "starts": [asdict(s) for s in starts]})
    FIGURES.write_text(text + "\n")


def load() -> tuple[str, list[str], list[Start]]:
    """The kept run: its day, what it depended on, and its starts."""
    found = json.loads(FIGURES.read_text())
    return found["date"], found["about"], [Start(**each) for each in found["starts"]]


def table(starts: list[Start]) -> str:
    """Medians, and as shares of those with an empty cache."""
    medians = {
        kind: tuple(
            statistics.median(getattr(start, field) for start in starts if start.cache == kind)
            for field in ("initialised", "ready")
        )
        for kind in (EMPTY, KEPT, EAGER)
    }
    rows = [
        [kind, *(cell for each, empty in zip(values, medians[EMPTY], strict=True) for cell in _cells(each, empty))]
        for kind, values in medians.items()
    ]
    head = ("it starts with", "initialises itself, s", "empty = 1", "answers, s", "empty = 1")
    return markdown.table(head, rows)


def _cells(seconds: float, empty: float) -> tuple[str, str]:
    return f"{seconds:.1f}", f"{seconds / empty:.2f}"


def files() -> dict[Path, str]:
    """The page with the kept run in it."""
    date, about, starts = load()
    rounds = len(starts) // 3
    lines = [f"- `nox -s bench -- --starts`, {date}, medians of {rounds} rounds", *(f"- {line}" for line in about)]
    inside = "\n".join([table(starts), "", *lines])
    return {PAGE: markdown.between(PAGE.read_text(), "STARTS", f"\n{inside}\n")}
