"""What the stand-ins share: the OpenAI routes over the tiny model, keys, counts of requests, and the server."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import FixedAnswer
from .backend import CONTEXT, Backend
from .metrics import Generation, Meter

JsonMap = dict[str, Any]
T = TypeVar("T")

END: JsonMap = {}
"""Stands for the end of a stream."""

NEEDED = {"/v1/chat/completions": "messages", "/v1/completions": "prompt", "/v1/embeddings": "input"}
"""The field that a request to each path must have."""


def load_seconds() -> float:
    """How long a stand-in takes to load, above what the tiny model needs: `STANDIN_LOAD_SECONDS`."""
    return float(os.environ.get("STANDIN_LOAD_SECONDS", "1"))


def token_seconds() -> float:
    """How long a streamed token takes, above what the tiny model needs: `STANDIN_TOKEN_SECONDS`."""
    return float(os.environ.get("STANDIN_TOKEN_SECONDS", "0"))


def fixed_answer() -> str:
    """The answer to every completion instead of the tiny model's: `STANDIN_ANSWER`; "" is the model's.

    `{engine}` in it becomes the host name (a pod's is its own name), `{client}` the client's address.
    """
    return os.environ.get("STANDIN_ANSWER", "")


def log(engine: str, text: str) -> None:
    """A line of the container's log."""
    print(f"{time.strftime('%H:%M:%S')} [{engine} stand-in] {text}", file=sys.stderr, flush=True)


class RefusedError(Exception):
    """A request that the engine answers with an error."""

    def __init__(self, status: int, body: JsonMap) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


class Engine:
    """An OpenAI server over the tiny model; a stand-in defines in a subclass what its engine does differently.

    `names` are the served model names. Answers carry the first. The OpenAI routes are below `base`.
    """

    app: ASGIApp

    def __init__(self, names: Sequence[str], meter: Meter, *, embeddings: bool = False, base: str = "/v1") -> None:
        self.names = list(names)
        self.meter = meter
        self.embeddings = embeddings
        self.base = base
        self.running: set[Generation] = set()
        self.exiting = asyncio.Event()
        self.aborted = asyncio.Event()
        self._backend: Backend | None = None

    # --- what engines differ in

    def error(self, status: int, message: str, kind: str = "BadRequestError", param: str | None = None) -> JsonMap:
        """The body of an error."""
        return {"error": {"message": message, "type": kind, "param": param, "code": status}}

    def admit(self, body: JsonMap) -> None:
        """Raise `RefusedError` for a request that the engine would not take."""

    def card(self, name: str) -> JsonMap:
        """A model as `/v1/models` lists it."""
        root = self.names[0]
        return {"id": name, "object": "model", "created": int(time.time()), "owned_by": "standin", "root": root}

    # --- what they share

    def load(self) -> None:
        """Load the model, for at least `load_seconds()`; a fixed answer needs none."""
        time.sleep(load_seconds())
        if self.embeddings or not fixed_answer():
            self._backend = Backend(embeddings=self.embeddings)

    def answers(self, request: Request) -> Backend | FixedAnswer:
        """Where the tokens of an answer come from."""
        if (text := fixed_answer()) and not self.embeddings:
            client = request.client.host if request.client else ""
            return FixedAnswer(text.format(engine=socket.gethostname(), client=client))
        assert self._backend is not None, "load() comes first"
        return self._backend

    def with_openai(self, *routes: Route) -> Starlette:
        """The application: an engine's own routes and the OpenAI routes."""
        paths = [path for path in NEEDED if (path == "/v1/embeddings") == self.embeddings]
        asked = [Route(self.base + path.removeprefix("/v1"), self.generate, methods=["POST"]) for path in paths]
        models = Route(f"{self.base}/models", self.models)
        return Starlette(routes=[*routes, models, *asked], exception_handlers={RefusedError: _refused})

    async def serve_and_finish(self, host: str, port: int) -> None:
        """Listen when the model is loaded; SIGTERM closes the listener, and what is open is finished without limit."""
        listening = bind(host, port)
        await asyncio.to_thread(self.load)
        await uvicorn.Server(uvicorn.Config(self.app, host=host, port=port)).serve(sockets=[listening])

    async def metrics(self, _: Request) -> Response:
        return self.meter.page(len(self.running))

    async def models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self.card(name) for name in self.names]})

    async def model(self, request: Request) -> Response:
        name = request.path_params["model"]
        if name in self.names:
            return JSONResponse(self.card(name))
        return JSONResponse(self.error(404, f"The model `{name}` does not exist.", "NotFoundError", "model"), 404)

    async def generate(self, request: Request) -> Response:
        """A completion, streamed or complete, or embeddings (the tiny model's: only their shape means something)."""
        path = "/v1" + request.url.path.removeprefix(self.base)
        body = await self._body(request, NEEDED[path])
        self.admit(body)
        generation = Generation()
        if body.get("stream") and not self.embeddings:
            events = self._events(path, body, generation, self.answers(request))
            return StreamingResponse(events, media_type="text/event-stream; charset=utf-8")
        with self._counted(generation):
            result = await self._unless_aborted(self.answers(request).ask(path, _for_backend(body)))
            if result is None:
                return JSONResponse(self.error(500, "Internal server error", "InternalServerError"), 500)
            status, answer = result
            if status != 200:
                return JSONResponse(self._backend_error(status, answer), status)
            generation.count(answer["usage"])
            generation.reason = "stop" if self.embeddings else answer["choices"][0]["finish_reason"]
        return JSONResponse(self._named(answer))

    async def probe(self) -> None:
        """Generate one token; a fixed answer needs none."""
        if self._backend and self.embeddings:
            await self._backend.ask("/v1/embeddings", {"input": "x"})
        elif self._backend:
            await self._backend.ask("/v1/completions", {"prompt": "x", "max_tokens": 1})

    async def _body(self, request: Request, needed: str) -> JsonMap:
        try:
            body = await request.json()
        except ValueError as error:
            raise RefusedError(400, self.error(400, f"JSON decode error: {error}")) from error
        if not isinstance(body, dict) or needed not in body:
            raise RefusedError(400, self.error(400, f"Field required: {needed}", param=needed))
        return body

    async def _events(
        self, path: str, body: JsonMap, generation: Generation, answers: Backend | FixedAnswer
    ) -> AsyncGenerator[str, None]:
        """Server-sent events; after an abort an error and the usual end, because the headers have long been sent."""
        wants_usage = (body.get("stream_options") or {}).get("include_usage")
        body = {**body, "stream_options": {"include_usage": True}}
        with self._counted(generation):
            chunks = answers.stream(path, _for_backend(body))
            try:
                while (chunk := await self._unless_aborted(anext(chunks, END))) is not None:
                    if chunk is END:
                        break
                    if "error" in chunk:
                        yield _event(self._backend_error(chunk["error"]["code"], chunk))
                        break
                    if usage := chunk.pop("usage", None):
                        generation.count(usage)
                        if wants_usage:
                            yield _event(self._named({**chunk, "usage": usage}))
                        continue
                    generation.token()
                    for choice in chunk["choices"]:
                        generation.reason = choice["finish_reason"] or generation.reason
                    yield _event(self._named(chunk))
                    await self._unless_aborted(asyncio.sleep(token_seconds(), True))
                else:
                    yield _event(self.error(500, "Internal server error", "InternalServerError"))
            finally:
                await chunks.aclose()
        yield "data: [DONE]\n\n"

    async def _unless_aborted(self, work: Awaitable[T]) -> T | None:
        """The result of `work`, or None if the engine aborts first."""
        task = asyncio.ensure_future(work)
        abort = asyncio.ensure_future(self.aborted.wait())
        try:
            await asyncio.wait({task, abort}, return_when=asyncio.FIRST_COMPLETED)
            return None if self.aborted.is_set() else task.result()
        finally:
            abort.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})  # it must release what it holds, such as a stream

    @contextmanager
    def _counted(self, generation: Generation) -> Iterator[None]:
        self.running.add(generation)
        try:
            yield
        finally:
            self.running.discard(generation)
            self.meter.end(generation)

    def _backend_error(self, status: int, answer: JsonMap) -> JsonMap:
        return self.error(status, str(answer.get("error", {}).get("message", "the tiny model refused")))

    def _named(self, answer: JsonMap) -> JsonMap:
        answer.pop("timings", None)
        return {**answer, "model": self.names[0], "system_fingerprint": "standin"}


def keyed(app: ASGIApp, keys: Sequence[str], guarded: Callable[[str], bool]) -> ASGIApp:
    """`app`, requiring one of `keys` as bearer token on the paths that `guarded` accepts; without keys, nowhere."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and keys and scope["method"] != "OPTIONS" and guarded(scope["path"]):
            scheme, _, token = Request(scope).headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not any(secrets.compare_digest(token, key) for key in keys):
                await JSONResponse({"error": "Unauthorized"}, 401)(scope, receive, send)
                return
        await app(scope, receive, send)

    return checked


def fixed(path: str, response: Response, *methods: str) -> Route:
    """A path that always gives the same response; to GET, if no other methods are named."""
    return Route(path, response, methods=methods or ["GET"])


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: SIGTERM is the engine's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def set_on_signal(event: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set `event` instead of ending the process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, event.set)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet: a connection to it is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedError)
    return JSONResponse(refusal.body, refusal.status)


def _event(payload: JsonMap) -> str:
    return f"data: {json.dumps(payload, separators=(',', ':'), ensure_ascii=False)}\n\n"


def _for_backend(body: JsonMap) -> JsonMap:
    """The request to the tiny model: without the model's name, and within its short context."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or CONTEXT
    rest = {k: v for k, v in body.items() if k not in ("model", "stream", "max_tokens", "max_completion_tokens")}
    return {**rest, "max_tokens": min(limit, CONTEXT)}
