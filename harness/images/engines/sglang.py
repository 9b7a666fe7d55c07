"""A stand-in for SGLang 0.5.23: `python3 -m sglang.launch_server` and `sglang serve`.

As SGLang: its flags and its refusals (exit code 2); 127.0.0.1:30000 by default; the port listens when the model is
loaded, and answers 503 on `/ready` and `/health` until a request of its own has warmed it up; `/health` takes a second
and a generated token; one served name, and a request's `model` is not compared with it, except that `a:b` requests the
LoRA adapter b; the key guards all but /health*, /ready* and /metrics*; metrics only with `--enable-metrics`.

On SIGTERM it returns 503 on `/ready` and `/health`, still takes new requests, and checks every 5 s, without limit,
whether any is running.

Unlike SGLang: the model's name is accepted without a download, any tensor-parallel size without GPUs, and most flags
have no effect.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import add_flags, with_config
from .core import Engine, JsonMap, QuietServer, RefusedError, bind, fixed, keyed, log, set_on_signal
from .metrics import Meter
from .weights import fetch

VERSION = "0.5.23"
USAGE = "usage: sglang [-h] {serve,generate,version} ...  (a stand-in)"
OPEN = ("/health", "/ready", "/metrics")
POLL_SECONDS = 5.0
WARM_UP_SECONDS = 1.0


def parse(args: Sequence[str]) -> argparse.Namespace:
    """The settings.

    Raises:
        SystemExit: (2) an argument that SGLang refuses.
    """
    parser = argparse.ArgumentParser(prog="sglang serve", description=f"A stand-in for SGLang {VERSION}.")
    add_flags(parser, "sglang")
    parsed = parser.parse_args(with_config(list(args)))
    if not parsed.model_path:
        parser.error("the following arguments are required: --model-path/--model")
    return parsed


class Sglang(Engine):
    """The server."""

    def __init__(self, settings: argparse.Namespace) -> None:
        self.settings = settings
        name = settings.served_model_name or settings.model_path
        meter = Meter(
            "sglang:",
            {"model_name": name, "engine_type": "unified", "tp_rank": "0", "pp_rank": "0"},
            running="num_running_reqs",
            waiting="num_queue_reqs",
            cache_usage="token_usage",
            ended="num_requests",
            ended_label="",
            gauges=["cache_hit_rate", "gen_throughput", "num_used_tokens"],
            counters=["num_aborted_requests"],
        )
        super().__init__([name], meter, embeddings=settings.is_embedding)
        self.warm = False
        info = {"model_path": settings.model_path, "is_generation": not self.embeddings, "stand_in": True}
        app = self.with_openai(
            Route("/health", self.health),
            Route("/health_generate", self.health),
            Route("/ready", self.ready),
            fixed("/ping", Response()),
            fixed("/get_model_info", JSONResponse(info)),
            fixed("/model_info", JSONResponse(info)),
            Route("/v1/models/{model:path}", self.model),
            *([Route("/metrics", self.metrics)] if settings.enable_metrics else []),
        )
        keys = [settings.api_key] if settings.api_key else []
        self.app = keyed(app, keys, lambda path: not path.startswith(OPEN))

    def error(self, status: int, message: str, kind: str = "BadRequest", param: str | None = None) -> JsonMap:
        return {"object": "error", "message": message, "type": kind, "param": param, "code": status}

    def admit(self, body: JsonMap) -> None:
        name = str(body.get("model", ""))
        _, colon, adapter = name.partition(":")
        if colon and adapter and name not in self.names:
            raise RefusedError(
                400, self.error(400, f"LoRA adapter '{adapter}' was requested, but LoRA is not enabled.")
            )

    def card(self, name: str) -> JsonMap:
        return {**super().card(name), "owned_by": "sglang", "root": name}

    async def health(self, request: Request) -> Response:
        """As `/health_generate`; `SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=false` makes it a flag only."""
        if self.exiting.is_set() or not self.warm:
            return Response(status_code=503)
        generates = os.environ.get("SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION", "true").lower() in ("true", "1")
        if not generates and request.url.path == "/health":
            return Response()
        token = asyncio.create_task(self.probe())
        for _ in range(int(os.environ.get("SGLANG_HEALTH_CHECK_TIMEOUT", "20"))):
            await asyncio.sleep(1)
            if token.done():
                return Response()
        token.cancel()
        return Response(status_code=503)

    async def ready(self, _: Request) -> Response:
        return Response(status_code=200 if self.warm and not self.exiting.is_set() else 503)

    async def serve(self) -> None:
        """Load, serve, warm up, and terminate on SIGTERM when no request is running."""
        host, port = self.settings.host or "127.0.0.1", self.settings.port or 30000
        await asyncio.to_thread(self.load)
        server = QuietServer(uvicorn.Config(self.app, host=host, port=port))
        set_on_signal(self.exiting)
        serving = asyncio.create_task(server.serve(sockets=[bind(host, port)]))
        if not self.settings.skip_server_warmup:
            await asyncio.sleep(WARM_UP_SECONDS)
            await self.probe()
        self.warm = True
        log("SGLang", "The server is fired up and ready to roll!")
        while not self.exiting.is_set():
            await asyncio.sleep(POLL_SECONDS)
        while self.running and os.environ.get("SGL_FORCE_SHUTDOWN", "").lower() not in ("true", "1"):
            log("SGLang", f"Gracefully exiting... Remaining number of requests {len(self.running)}.")
            await asyncio.sleep(POLL_SECONDS)
        server.should_exit = server.force_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def _prepare_directories() -> None:
    """SGLang has the caches of its compilers in one place, which must be writable."""
    Path(os.environ.get("SGLANG_CACHE_DIR", "~/.cache/sglang")).expanduser().mkdir(parents=True, exist_ok=True)


def run(args: Sequence[str]) -> None:
    """Run the server until SIGTERM."""
    settings = parse(args)
    log("SGLang", f"this is a stand-in for SGLang {VERSION}; its tokens are a tiny demo model's")
    _prepare_directories()
    log("SGLang", fetch(settings.model_path))
    asyncio.run(Sglang(settings).serve())


def launch_server() -> None:
    """`python3 -m sglang.launch_server`."""
    log("SGLang", "'python -m sglang.launch_server' is still supported, but 'sglang serve' is recommended.")
    run(sys.argv[1:])


def main() -> None:
    """The `sglang` command."""
    command, *words = sys.argv[1:] or [""]
    if command == "version":
        print(f"sglang version: {VERSION} (stand-in)")
    elif command == "serve":
        run(["--model-path", *words] if words and not words[0].startswith("-") else words)
    elif command in ("--help", "-h"):
        print(USAGE)
    else:
        print(USAGE, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
