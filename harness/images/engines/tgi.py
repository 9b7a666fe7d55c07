"""A stand-in for Text Generation Inference 3.3: `text-generation-launcher`.

As its source: its flags, each also a variable of its name, and its refusals (exit code 2), so a Service named `master`
or `prometheus` ends it; port 3000, 80 in its images; it listens when the model is loaded; the key guards what
generates, not `/health`, `/ping`, `/info`, `/metrics` and `/v1/models`; it answers whatever model a request names, by
the adapter of that name if there is one; SIGTERM closes the listener and finishes what is open.

Unlike it: the model's name is accepted without a download, it runs without GPUs, it waits for open requests longer than
`--graceful-termination-timeout`, an adapter changes nothing, and most flags have no effect.
"""

from __future__ import annotations

import asyncio
import os

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import Clap
from .core import Engine, fixed, keyed, log
from .metrics import Meter
from .weights import fetch

GUARDED = ("/v1/chat/completions", "/v1/completions")


class Tgi(Engine):
    """The server."""

    def __init__(self, name: str, key: str | None) -> None:
        meter = Meter("tgi_", {}, running="batch_current_size", waiting="queue_size", cache_usage="batch_total_tokens")
        super().__init__([name], meter)
        opened = [fixed(path, Response()) for path in ("/", "/health", "/ping")]
        info = fixed("/info", JSONResponse({"model_id": name, "router": "stand-in"}))
        app = self.with_openai(*opened, info, Route("/metrics", self.metrics))
        self.app = keyed(app, [key] if key else [], GUARDED.__contains__)


def main() -> None:
    """The `text-generation-launcher` command."""
    settings = (parser := Clap("text-generation-launcher", "tgi")).settings()
    if not os.environ.get("PROMETHEUS_PORT", "0").isdigit():
        parser.error("invalid value for '--prometheus-port <PROMETHEUS_PORT>'")
    for name in filter(None, [settings.model_id, *(settings.lora_adapters or "").split(",")]):
        log("TGI", f"a stand-in for Text Generation Inference; {fetch(name.rpartition('=')[2])}")
    engine = Tgi(settings.model_id or "bigscience/bloom-560m", settings.api_key)
    asyncio.run(engine.serve_and_finish(settings.hostname, settings.port or 3000))


if __name__ == "__main__":
    main()
