"""The paths that are measured: no gateway, ours as the chart runs it, and others."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.bench import chart, peers
from harness.bench.contained import Contained, contained, free_port
from harness.images import onwards

DIRECT = "direct"
ONWARDS = "Onwards"
ONWARDS_200M = "Onwards, 200m CPU"
ONWARDS_BEFORE = "Onwards before 1.0"
VLLM_ROUTER = "vllm-router"
LITELLM = "LiteLLM"
BEFORE = "0.38.1"
"""The last version before 1.0, which the chart ran until then."""
OLD_CPU_LIMIT = 0.2
"""The gateway's CPU limit in the chart up to 0.4."""


@dataclass(frozen=True)
class Start:
    """How a gateway is started, and the path that answers once it is ready."""

    words: Sequence[str | Path]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """The URL for requests, and the gateway's program; none if the URL is the mock engine's."""

    url: str
    program: Contained | None = None
    ready_seconds: float = 0.0  # from its start to its first answer


Starter = Callable[[Path, int, str], Start]
"""From a directory, a port to listen on and a mock engine's address."""


def _configured(rendered: chart.Config, directory: Path, port: int) -> Start:
    """The gateway's real program with this configuration, started as the chart starts it."""
    path = directory / "config.json"
    path.write_text(json.dumps(rendered))
    return Start([onwards.binary(), *chart.arguments(port, free_port(), path)], "/v1/models")


def _onwards(directory: Path, port: int, engine: str) -> Start:
    return _configured(chart.with_addresses(chart.config(chart.render()), [engine]), directory, port)


def _onwards_before(directory: Path, port: int, engine: str) -> Start:
    """The same configuration, of which that version ignores what it does not know; its options are fewer."""
    started = _onwards(directory, port, engine)
    words = [str(word) for word in started.words[1:]]
    known = [word for word, before in zip(words, ("", *words), strict=False) if "--shutdown-" not in f"{before}{word}"]
    return Start([onwards.binary(BEFORE), *known], started.ready)


def _vllm_router(_: Path, port: int, engine: str) -> Start:
    """With round robin: its default, cache_aware, does more for each request than a gateway of one engine needs."""
    flags = ["--policy", "round_robin", "--log-level", "warning", "--prometheus-port", str(free_port())]
    here = ["--host", "127.0.0.1", "--port", str(port), "--worker-urls", f"http://{engine}"]
    return Start([peers.python(), "-m", "vllm_router.launch_router", *here, *flags], "/v1/models")


def _litellm(directory: Path, port: int, engine: str) -> Start:
    """Its proxy with one model, without keys, database or telemetry."""
    model = {"model": f"openai/{chart.MODEL}", "api_base": f"http://{engine}/v1", "api_key": "none"}
    settings = {
        "model_list": [{"model_name": chart.MODEL, "litellm_params": model}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},  # for who may reach loopback here
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(settings))
    program = "from litellm import run_server; run_server()"
    flags: list[str | Path] = ["--config", path, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    return Start([peers.python(), "-c", program, *flags], "/health/liveliness", env)


STARTERS: dict[str, Starter] = {
    ONWARDS: _onwards,
    ONWARDS_200M: _onwards,
    ONWARDS_BEFORE: _onwards_before,
    VLLM_ROUTER: _vllm_router,
    LITELLM: _litellm,
}
NAMES = (DIRECT, *STARTERS)


def cpus(name: str) -> float:
    """A gateway's CPU limit: the chart's present one, or the one up to 0.4."""
    return OLD_CPU_LIMIT if name == ONWARDS_200M else chart.cpu_limit()


def versions() -> dict[str, str]:
    """The version of each gateway that is measured."""
    return {
        ONWARDS: onwards.version(),
        ONWARDS_BEFORE: BEFORE,
        VLLM_ROUTER: peers.version("vllm-router"),
        LITELLM: peers.version("litellm"),
    }


@contextmanager
def running(name: str, engine: str) -> Iterator[Running]:
    """A gateway before a mock engine (`host:port`), ready, while the body runs.

    Raises:
        HarnessError: it is not available here, or does not start.
    """
    if name == DIRECT:
        yield Running(f"http://{engine}")
        return
    with _started(lambda directory, port: STARTERS[name](directory, port, engine), cpus(name)) as gateway:
        yield gateway


def started_onwards(rendered: chart.Config) -> AbstractContextManager[Running]:
    """The gateway with this configuration and the chart's CPU limit, ready, while the body runs."""
    return _started(partial(_configured, rendered), chart.cpu_limit())


@contextmanager
def _started(how: Callable[[Path, int], Start], limit: float) -> Iterator[Running]:
    """A gateway with that CPU limit, ready, while the body runs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        port = free_port()
        start = how(Path(directory), port)
        with contained(start.words, limit, Path(directory), start.env) as program:
            began = time.monotonic()
            url = f"http://127.0.0.1:{port}"
            program.wait(f"{url}{start.ready}")
            yield Running(url, program, time.monotonic() - began)
