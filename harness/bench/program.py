"""The program of tools/bench: mock engines and the clients that send load to them or to a gateway."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from harness.errors import HarnessError
from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools import tool
from harness.tools.golang import digest, go_build
from harness.tools.store import make_once

MODULE = ROOT / "tools" / "bench"
TOKEN_SECONDS = 0.02
"""Time that a mock engine takes for a token: 50 a second."""

REALTIME = ("chrt", "--fifo", "10")
SPARE_SECONDS = 60.0


@cache
def binary() -> Path:
    """The program, built once for each state of its source; only Go is needed."""
    sources = [path.read_text() for path in sorted(MODULE.glob("*.go")) if not path.stem.endswith("_test")]

    def make(directory: Path, shown: Step) -> None:
        go_build(tool("go"), MODULE, ".", directory / "bench", shown)

    target = cache_dir("bench") / f"program-{digest(MODULE, *sources)}"
    return make_once(target, "Building the load generator", make) / "bench"


@cache
def priority() -> tuple[str, ...]:
    """Words that start a program at real-time priority, or none if that is not allowed.

    On few cores the gateway would otherwise take the processor from what measures it.
    """
    try:
        return REALTIME if run([*REALTIME, "true"], check=False).returncode == 0 else ()
    except HarnessError:
        return ()


@dataclass(frozen=True)
class Mock:
    """Mock engines on loopback (`host:port`), and the splitter in front of them, which stands in for kube-proxy."""

    engines: tuple[str, ...]
    service: str
    control: str

    def ask(self, what: str) -> dict[str, list[int]]:
        """`reset` the counts, let the splitter `join` the spare engines, or `count`, for each engine since the reset.

        See tools/bench/mock.go.
        """
        answer = httpx.get(f"http://{self.control}/{what}", trust_env=False).raise_for_status()
        counted: dict[str, list[int]] = answer.json() if answer.content else {}
        return counted


@contextmanager
def mock(engines: int = 1, spare: int = 0) -> Iterator[Mock]:
    """Mock engines, while the body runs. Popen, because they must live as long."""
    flags = [f"--engines={engines}", f"--spare={spare}", f"--token={TOKEN_SECONDS}s"]
    words = [*priority(), str(binary()), "mock", *flags]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline() or "{}")
            if not answer:
                raise HarnessError("The mock engines did not start")
            yield Mock(tuple(answer["engines"]), answer["service"], answer["control"])
        finally:
            process.terminate()


def load(kind: str, url: str, warm: float, seconds: float, **options: float) -> dict[str, Any]:
    """Send load to `url`; what the client of that kind measured, see tools/bench.

    Raises:
        HarnessError: the client itself failed, or took much longer than it should.
    """
    flags = [f"--url={url}", f"--warm={warm}s", f"--for={seconds}s", *(f"--{k}={v}" for k, v in options.items())]
    words: list[str | Path] = [*priority(), binary(), kind, *flags]
    measured: dict[str, Any] = json.loads(run(words, timeout=warm + seconds + SPARE_SECONDS).stdout)
    return measured
