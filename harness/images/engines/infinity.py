"""A stand-in for Infinity 0.0.78: `infinity_emb v2`.

As Infinity: its flags, each also a variable INFINITY_NAME, and its refusals (exit code 2, and 1 for a Service named
`infinity`); 0.0.0.0:7997; it listens when the model is loaded; its routes are at / unless `--url-prefix` says another
place, but for `/health` and `/metrics`, which need no key; it answers whatever model a request names; its metrics count
HTTP only; SIGTERM closes the listener and finishes what is open.

Unlike Infinity: one model only, whose name is accepted without a download, and most flags have no effect.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import click
from prometheus_client import CollectorRegistry, Counter, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import click_option, table
from .core import Engine, JsonMap, fixed, keyed, log
from .metrics import CONTENT_TYPE, Meter
from .weights import fetch


class Infinity(Engine):
    """The server."""

    def __init__(self, name: str, key: str | None, base: str) -> None:
        super().__init__([name], Meter("", {}, cache_usage="unused"), embeddings=True, base=base)
        self.http = CollectorRegistry()
        self.requests = Counter("http_requests", "Requests", registry=self.http)
        health = fixed("/health", JSONResponse({"unix": 0.0}))
        app = self.with_openai(health, Route("/metrics", self.metrics))
        self.app = keyed(app, [key] if key else [], lambda path: path not in ("/health", "/metrics"))

    def admit(self, _: JsonMap) -> None:
        self.requests.inc()

    async def metrics(self, _: Request) -> Response:
        return Response(generate_latest(self.http), media_type=CONTENT_TYPE)


def _serve(model_id: str | None, served_model_name: str | None, **settings: Any) -> None:
    model = model_id or "michaelfeil/bge-small-en-v1.5"
    log("Infinity", f"a stand-in for Infinity 0.0.78; {fetch(model)}")
    name = served_model_name or "/".join(model.split("/")[-2:])
    engine = Infinity(name, settings["api_key"], settings["url_prefix"] or "")
    asyncio.run(engine.serve_and_finish(settings["host"] or "0.0.0.0", settings["port"] or 7997))


def main() -> None:
    """The `infinity_emb` command."""
    if not os.environ.get("INFINITY_PORT", "0").isdigit():
        raise AssertionError("INFINITY_PORT must be a number")
    options = [click_option(flag, "INFINITY_") for flag in table("infinity")]
    command = click.Group(commands={"v2": click.Command("v2", params=list(options), callback=_serve)})
    words = sys.argv[1:]
    command(words if words[:1] in (["v2"], ["--help"]) else ["v2", *words], prog_name="infinity_emb")


if __name__ == "__main__":
    main()
