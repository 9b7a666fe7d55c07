"""The program of tools/bench: mock engines and the clients that load what stands before them."""

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
    """The program, built once for each state of its source; it needs nothing but Go."""
    sources = [path.read_text() for path in sorted(MODULE.glob("*.go")) if not path.stem.endswith("_test")]

    def make(directory: Path, shown: Step) -> None:
        go_build(tool("go"), MODULE, ".", directory / "bench", shown)

    target = cache_dir("bench") / f"program-{digest(MODULE, *sources)}"
    return make_once(target, "Building the load generator", make) / "bench"


@cache
def priority() -> tuple[str, ...]:
    """Words that start a program at real-time priority; none where that is not allowed.

    On few cores the gateway would otherwise take the processor from what measures it.
    """
    try:
        return REALTIME if run([*REALTIME, "true"], check=False).returncode == 0 else ()
    except HarnessError:
        return ()


@dataclass(frozen=True)
class Mock:
    """Mock engines on loopback (`host:port`), and the splitter before them, which stands in for kube-proxy."""

    engines: tuple[str, ...]
    service: str
    control: str

    def reset(self) -> None:
        """Begin to count anew."""
        self._ask("reset")

    def join(self) -> None:
        """Let the splitter know the spare engines as well."""
        self._ask("join")

    def count(self) -> dict[str, list[int]]:
        """What each engine was asked since the last reset; see `count` in tools/bench/mock.go."""
        counted: dict[str, list[int]] = self._ask("count").json()
        return counted

    def _ask(self, what: str) -> httpx.Response:
        return httpx.get(f"http://{self.control}/{what}", trust_env=False).raise_for_status()


@contextmanager
def mock(engines: int = 1, spare: int = 0) -> Iterator[Mock]:
    """Mock engines, while the body runs. Popen, because they must live as long."""
    words = [
        *priority(),
        str(binary()),
        "mock",
        f"--engines={engines}",
        f"--spare={spare}",
        f"--token={TOKEN_SECONDS}s",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline() or "{}")
            if not said:
                raise HarnessError("The mock engines did not start")
            yield Mock(tuple(said["engines"]), said["service"], said["control"])
        finally:
            process.terminate()


def load(kind: str, url: str, warm: float, seconds: float, **options: float) -> dict[str, Any]:
    """Load what is at `url`; what the client of that kind measured, see tools/bench.

    Raises:
        HarnessError: the client itself failed, or took much longer than it should.
    """
    flags = [f"--{name}={value}" for name, value in options.items()]
    words: list[str | Path] = [
        *priority(),
        binary(),
        kind,
        f"--url={url}",
        f"--warm={warm}s",
        f"--for={seconds}s",
        *flags,
    ]
    measured: dict[str, Any] = json.loads(run(words, timeout=warm + seconds + SPARE_SECONDS).stdout)
    return measured
