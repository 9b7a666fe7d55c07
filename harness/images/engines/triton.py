"""A stand-in for `tritonserver` (the 26.07 line).

As tritonserver: its flags and its refusals (exit code 1); the KServe v2 protocol over HTTP on 8000, metrics on 8002,
and a port for gRPC, 8001, all on 0.0.0.0; `/v2/health/live` and `/v2/health/ready`; no OpenAI route: `/v1/...` is 404.
The ports listen when the repository has been read; without a repository it exits with an error.

On SIGTERM it terminates, because no inference can be in flight.

Unlike tritonserver: the gRPC port only accepts connections and closes them when something is sent, and no model is ever
loaded: one in the repository is an error, as a model that cannot be loaded is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .command_line import add_flags
from .core import QuietServer, fixed, load_seconds, log, set_on_signal

VERSION = "2.73.0"
METRICS = (
    "nv_inference_request_success",
    "nv_inference_request_failure",
    "nv_inference_queue_duration_us",
    "nv_inference_pending_request_count",
)


class Parser(argparse.ArgumentParser):
    """getopt's way to refuse: the program's name before the message, and exit code 1."""

    def error(self, message: str) -> NoReturn:
        text = message.replace("unrecognized arguments: ", "unrecognized option ")
        print(f"tritonserver: {text}\nUsage: tritonserver [options]", file=sys.stderr)
        sys.exit(1)


def parse(args: Sequence[str]) -> argparse.Namespace:
    """The settings.

    Raises:
        SystemExit: (1) an argument that tritonserver refuses, or two services on one port.
    """
    parser = Parser(prog="tritonserver", description="A stand-in for the Triton inference server.")
    add_flags(parser, "triton")
    parsed = parser.parse_args(list(args))
    ports: dict[int, str] = {}
    for service, default in (("http", 8000), ("grpc", 8001), ("metrics", 8002)):
        port = default if (given := getattr(parsed, f"{service}_port")) is None else given
        setattr(parsed, f"{service}_port", port)
        if getattr(parsed, f"allow_{service}") is False:
            continue
        if port in ports:
            parser.error(f"The server cannot listen to {ports[port]} requests and {service} requests at the same port")
        ports[port] = service
    return parsed


async def _no_model(request: Request) -> Response:
    return JSONResponse({"error": f"Request for unknown model: '{request.path_params['model']}' is not found"}, 404)


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A gRPC port that speaks no HTTP."""
    with contextlib.suppress(ConnectionError):
        await reader.read(1)
        writer.close()


async def serve(settings: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    exiting = asyncio.Event()
    set_on_signal(exiting)
    await asyncio.sleep(load_seconds())
    http = Starlette(
        routes=[
            fixed("/v2/health/live", Response()),
            fixed("/v2/health/ready", Response()),
            fixed("/v2", JSONResponse({"name": "triton", "version": f"{VERSION} (stand-in)", "extensions": []})),
            fixed("/v2/repository/index", JSONResponse([]), "POST"),
            Route("/v2/models/{model}", _no_model),
            Route("/v2/models/{model}/ready", _no_model),
            Route("/v2/models/{model}/infer", _no_model, methods=["POST"]),
        ]
    )
    page = "".join(f"# HELP {name} (stand-in)\n# TYPE {name} gauge\n" for name in METRICS)
    metrics = Starlette(routes=[fixed("/metrics", PlainTextResponse(page))])
    address = settings.http_address or "0.0.0.0"
    configs = []
    if settings.allow_http is not False:
        configs.append(uvicorn.Config(http, host=address, port=settings.http_port))
    if settings.allow_metrics is not False:
        configs.append(uvicorn.Config(metrics, host=settings.metrics_address or address, port=settings.metrics_port))
    if settings.allow_grpc is not False:
        await asyncio.start_server(_close, settings.grpc_address or "0.0.0.0", settings.grpc_port)
    servers = [QuietServer(config) for config in configs]
    running = [asyncio.create_task(server.serve()) for server in servers]
    log("Triton", f"http {settings.http_port}, grpc {settings.grpc_port}, metrics {settings.metrics_port}")
    await exiting.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def main() -> None:
    """The `tritonserver` command."""
    settings = parse(sys.argv[1:])
    log("Triton", f"this is a stand-in for tritonserver {VERSION}: it speaks KServe v2, and loads no model")
    if not settings.model_repository:
        sys.exit("Failed to start: no model repository specified (--model-repository)")
    repository = Path(settings.model_repository)
    if not repository.is_dir():
        sys.exit(f"error: creating server: Internal - failed to stat file {repository}")
    if settings.model_control_mode != "explicit" and any(entry.is_dir() for entry in repository.iterdir()):
        sys.exit("error: creating server: Internal - failed to load all models (a stand-in loads none)")
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
