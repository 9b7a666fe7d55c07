"""A stand-in for TensorRT-LLM 1.2's `trtllm-serve`.

As trtllm-serve: its click command line, flags with underscores, MODEL before the flags unless `serve` is given (exit
code 2 for what it refuses); localhost:8000 by default; the port is bound at once and listens when the model is loaded;
`/health`, `/health_generate`, `/version`; `/metrics` is JSON, and Prometheus is served on `/prometheus/metrics` only
with `return_perf_metrics: true` in the file of `--config`; one model name, the directory's or the Hugging Face id, with
which a request's `model` is not compared; no key.

On SIGTERM it closes the listener and waits for open responses without limit.

Unlike trtllm-serve: the model's name is accepted without a download, any tensor-parallel size without GPUs, and most
flags have no effect.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import click_option, table
from .core import Engine, JsonMap, fixed, log
from .metrics import Meter
from .weights import fetch

VERSION = "1.2.1"


class Trtllm(Engine):
    """The server."""

    def __init__(self, model: str, options: JsonMap) -> None:
        name = Path(model).name if Path(model).is_dir() else model
        meter = Meter(
            "trtllm_",
            {"model_name": "undefined", "engine_type": "undefined"},
            cache_usage="kv_cache_utilization",
            per_token="time_per_output_token_seconds",
            gauges=["kv_cache_hit_rate"],
            counters=["request_error"],
        )
        super().__init__([name], meter)
        with_metrics = options.get("return_perf_metrics") is True
        self.app = self.with_openai(
            fixed("/health", Response()),
            Route("/health_generate", self.health_generate),
            fixed("/version", JSONResponse({"version": f"{VERSION} (stand-in)"})),
            Route("/metrics", self.iteration_stats),
            *([Route("/prometheus/metrics", self.metrics)] if with_metrics else []),
        )

    def error(self, status: int, message: str, kind: str = "BadRequestError", param: str | None = None) -> JsonMap:
        return {"object": "error", "message": message, "type": kind, "param": param, "code": status}

    def card(self, name: str) -> JsonMap:
        return {**super().card(name), "owned_by": "tensorrt_llm"}

    async def health_generate(self, _: Request) -> Response:
        await self.probe()
        return Response("Generation health check OK")

    async def iteration_stats(self, _: Request) -> Response:
        return JSONResponse([{"iter": 0, "numActiveRequests": len(self.running), "numQueuedRequests": 0}])


class DefaultToServe(click.Group):
    """A first argument that is no command is the model of `serve`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "serve", self.commands["serve"], args
        return super().resolve_command(ctx, args)


def _serve(model: str, **options: Any) -> None:
    log("trtllm-serve", f"this is a stand-in for TensorRT-LLM {VERSION}; its tokens are a tiny demo model's")
    named = options.get("config")
    more = yaml.safe_load(Path(named).read_text()) if named else {}
    for name in filter(None, (model, options["tokenizer"])):
        log("trtllm-serve", fetch(name))
    asyncio.run(Trtllm(model, more or {}).serve_and_finish(options["host"] or "localhost", options["port"] or 8000))


def main() -> None:
    """The `trtllm-serve` command."""
    serve = click.Command(
        "serve",
        params=[click.Argument(["model"]), *map(click_option, table("trtllm"))],
        callback=_serve,
        help="A stand-in for trtllm-serve.",
    )
    DefaultToServe("trtllm-serve", commands={"serve": serve})(sys.argv[1:], prog_name="trtllm-serve")


if __name__ == "__main__":
    main()
