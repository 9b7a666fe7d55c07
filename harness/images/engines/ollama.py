"""A stand-in for Ollama's server.

As Ollama (its source, 0.33): `OLLAMA_HOST` alone says where it listens, 127.0.0.1:11434 by default; `/` answers "Ollama
is running" and `/api/version` its version, but `/health` and `/metrics` 404; a model is served once it was pulled, by
its name with or without `:latest`, 404 before; no key. On SIGTERM it cuts what is open.

Unlike Ollama: a pull takes no time and downloads nothing, and of the routes of its own there are only those above.
"""

from __future__ import annotations

import asyncio
import os

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .core import Engine, JsonMap, RefusedError, bind, fixed
from .metrics import Meter

VERSION = "0.35.0"


def address() -> tuple[str, int]:
    """Host and port of `OLLAMA_HOST`."""
    host, _, port = os.environ.get("OLLAMA_HOST", "127.0.0.1:11434").removeprefix("http://").partition(":")
    return host, int(port or 11434)


def tagged(name: str) -> str:
    """A model's name with its tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


class Ollama(Engine):
    """The server."""

    def __init__(self) -> None:
        super().__init__([], Meter("ollama_", {"engine": "0"}, cache_usage="unused"))
        self.app = self.with_openai(
            fixed("/", PlainTextResponse("Ollama is running")),
            fixed("/api/version", JSONResponse({"version": VERSION})),
            Route("/api/tags", self.tags),
            Route("/api/pull", self.pull, methods=["POST"]),
        )

    def admit(self, body: JsonMap) -> None:
        name = str(body.get("model"))
        if tagged(name) not in self.names:
            message = f'model "{name}" not found, try pulling it first'
            raise RefusedError(404, self.error(404, message, "not_found_error"))

    async def tags(self, _: Request) -> Response:
        return JSONResponse({"models": [{"name": name, "model": name} for name in self.names]})

    async def pull(self, request: Request) -> Response:
        self.names.append(tagged((await request.json())["model"]))
        return JSONResponse({"status": "success"})

    async def serve(self) -> None:
        """Listen at once, as Ollama does; SIGTERM cuts."""
        host, port = address()
        listening = bind(host, port)
        await asyncio.to_thread(self.load)
        config = uvicorn.Config(self.app, host=host, port=port, timeout_graceful_shutdown=0)
        await uvicorn.Server(config).serve(sockets=[listening])
