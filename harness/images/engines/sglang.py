"""A stand-in for SGLang 0.5.23: `python3 -m sglang.launch_server` and `sglang serve`.

As SGLang: its flags and its refusals (exit code 2); 127.0.0.1:30000 unless told; the port listens when the model is
loaded, and answers 503 on `/ready` and `/health` until a request of its own has warmed it up; `/health` takes a second
and a generated token; one served name, and a request's `model` is not compared with it, except that `a:b` asks for the
LoRA adapter b; the key guards all but /health*, /ready* and /metrics*; metrics only with `--enable-metrics`.

On SIGTERM it looks every 5 s whether a request is left, without limit, says 503 on `/ready` and `/health`, and still
takes new requests.

Unlike SGLang: the model's name is accepted without a download, any tensor-parallel size without GPUs, and most flags
have no effect.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import add_flags
from .core import Engine, Generation, JsonMap, Keys, QuietServer, RefusedError, bind, log, server_config
from .metrics import Meter, Names
from .weights import fetch

VERSION = "0.5.23"
OPEN = ("/health", "/ready", "/metrics")
POLL_SECONDS = 5.0
WARM_UP_SECONDS = 1.0

METRICS = Names(
    running="sglang:num_running_reqs",
    waiting="sglang:num_queue_reqs",
    cache_usage="sglang:token_usage",
    first_token="sglang:time_to_first_token_seconds",
    between_tokens="sglang:inter_token_latency_seconds",
    per_token="sglang:request_time_per_output_token_seconds",
    end_to_end="sglang:e2e_request_latency_seconds",
    prompt_tokens="sglang:prompt_tokens",
    tokens="sglang:generation_tokens",
    ended="sglang:num_requests",
    gauges=("sglang:cache_hit_rate", "sglang:gen_throughput", "sglang:num_used_tokens"),
    counters=("sglang:num_aborted_requests",),
)


def parse(args: Sequence[str]) -> argparse.Namespace:
    """The settings.

    Raises:
        SystemExit: (2) an argument that SGLang refuses.
    """
    parser = argparse.ArgumentParser(prog="sglang serve", description=f"A stand-in for SGLang {VERSION}.")
    add_flags(parser, "sglang")
    words = list(args)
    if "--config" in words:
        at = words.index("--config")
        # The command line wins over the file: argparse keeps the last value.
        words = [*_config_words(Path(words[at + 1])), *words[:at], *words[at + 2 :]]
    parsed = parser.parse_args(words)
    if not parsed.model_path:
        parser.error("the following arguments are required: --model-path/--model")
    return parsed


class Sglang(Engine):
    """The server."""

    def __init__(self, settings: argparse.Namespace) -> None:
        self.settings = settings
        super().__init__([settings.served_model_name or settings.model_path], embeddings=settings.is_embedding)
        labels = {"model_name": self.names[0], "engine_type": "unified", "tp_rank": "0", "pp_rank": "0"}
        self.meter = Meter(METRICS, labels)
        self.warm = False
        self.exiting = asyncio.Event()
        routes = [
            Route("/health", self.health),
            Route("/health_generate", self.health),
            Route("/ready", self.ready),
            Route("/ping", self.ping),
            Route("/get_model_info", self.model_info),
            Route("/model_info", self.model_info),
            *self.routes(),
        ]
        if settings.enable_metrics:
            routes.append(Route("/metrics", self.metrics))
        keys = [settings.api_key] if settings.api_key else []
        guard = Middleware(Keys, keys=keys, guarded=lambda path: not path.startswith(OPEN))
        self.app = Starlette(routes=routes, middleware=[guard])

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

    def on_end(self, generation: Generation) -> None:
        self.meter.end(generation)

    async def health(self, request: Request) -> Response:
        """As `/health_generate`; `SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=false` makes it a mere flag."""
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

    async def ping(self, _: Request) -> Response:
        return Response()

    async def model_info(self, _: Request) -> Response:
        info = {"model_path": self.settings.model_path, "is_generation": not self.embeddings, "stand_in": True}
        return JSONResponse(info)

    async def metrics(self, _: Request) -> Response:
        return self.meter.page(len(self.running))

    async def serve(self) -> None:
        """Load, serve, warm up, and end on SIGTERM when no request is left."""
        host, port = self.settings.host or "127.0.0.1", self.settings.port or 30000
        await asyncio.to_thread(self.load)
        server = QuietServer(server_config(self.app, host, port))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.exiting.set)
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


def _config_words(path: Path) -> Sequence[str]:
    """The arguments in a `--config` file."""
    words: list[str] = []
    for key, value in (yaml.safe_load(path.read_text()) or {}).items():
        if value is not False:
            values = [] if value is True else value if isinstance(value, list) else [value]
            words += [f"--{key}", *map(str, values)]
    return words


def _prepare_directories() -> None:
    """SGLang keeps the caches of its compilers in one place, which must be writable."""
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
    else:
        print("usage: sglang [-h] {serve,generate,version} ...  (a stand-in)", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
