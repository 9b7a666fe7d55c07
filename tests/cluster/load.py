"""Clients that ask without pause while something is done to the pods, and what each of their requests came to.

They come through a node port of the gateway's Service, so that kube-proxy spreads their connections as any client's.
Each keeps its connections between requests, as OpenAI's SDKs do: a client that opened a new one for each request would
never notice that it stays on a pod which is about to go. Unlike the SDKs they do not try again.

What they ask is the vLLM stand-in with a fixed answer (`ANSWER`), which says what pod answered and what pod asked it.
Written on asyncio alone, because it shares the machine with all that it asks.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from harness.kubectl import Kubectl

ANSWER = "{engine} {client}"
TOKEN_SECONDS = 0.25
STREAM_SECONDS = 10.0
TOKENS = int(STREAM_SECONDS / TOKEN_SECONDS)
CLIENTS = 40
"""Of whole answers; 200 requests a second are 5 of each client."""
PATIENCE_SECONDS = 60.0
"""A request without an answer has failed after this time."""

ENGINE_ENV = [
    {"name": "STANDIN_ANSWER", "value": ANSWER},
    {"name": "STANDIN_TOKEN_SECONDS", "value": str(TOKEN_SECONDS)},
    {"name": "STANDIN_LOAD_SECONDS", "value": "0"},
]
"""Environment of a vLLM stand-in that takes a load."""


@dataclass
class Outcome:
    """A request that has ended; the times are of `time.monotonic`."""

    stream: bool
    began: float
    ended: float = 0.0
    failure: str = ""
    """What went wrong; empty if the answer is whole."""
    engine: str = ""
    """The pod that answered, as far as the answer came."""
    gateway: str = ""
    """The address of the gateway pod that asked it."""


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class CutError(Exception):
    """The answer is not what it should be."""


@dataclass
class Client:
    """One user of the endpoint, with connections of its own."""

    host: str
    port: int
    model: str
    key: Callable[[], str]
    _idle: defaultdict[str, list[_Connection]] = field(default_factory=lambda: defaultdict(list))
    """By key: a client of an SDK has one key for life, so another key is another client."""

    async def ask(self, outcomes: list[Outcome], *, stream: bool) -> None:
        """Send a request, read its answer to the end, and note what it came to."""
        outcome = Outcome(stream, time.monotonic())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._ask(outcome)
        except TimeoutError:
            outcome.failure = f"no answer within {PATIENCE_SECONDS:.0f} s"
        except asyncio.IncompleteReadError:
            outcome.failure = "the connection ended before the answer"
        except (OSError, CutError) as error:
            outcome.failure = f"{type(error).__name__}: {error}"
        outcome.ended = time.monotonic()
        outcomes.append(outcome)

    async def _ask(self, outcome: Outcome) -> None:
        key = self.key()
        connection = await self._connection(self._idle[key])
        heard = bytearray()
        keep = False
        try:
            connection.writer.write(self._request(outcome.stream, key))
            status, headers = await _head(connection.reader)
            async for piece in _body(connection.reader, headers):
                heard += piece
            keep = headers.get("connection", "").lower() != "close"
            if status != 200:
                raise CutError(f"status {status}: {heard.decode()[:200]}")
            if outcome.stream:
                _check_stream(heard.decode())
        finally:
            outcome.engine, outcome.gateway = _names(heard.decode(errors="replace"))
            if keep:
                self._idle[key].append(connection)
            else:
                connection.writer.close()

    async def _connection(self, idle: list[_Connection]) -> _Connection:
        """The connection that was used last and is still open, else a new one."""
        while idle:
            connection = idle.pop()
            if not connection.reader.at_eof():
                return connection
            connection.writer.close()
        return _Connection(*await asyncio.open_connection(self.host, self.port))

    def _request(self, stream: bool, key: str) -> bytes:
        body = json.dumps(
            {
                "model": self.model,
                "messages": [{"role": "user", "content": "Who are you?"}],
                "max_tokens": TOKENS if stream else 2,
                "stream": stream,
            }
        )
        lines = [
            "POST /v1/chat/completions HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *([f"Authorization: Bearer {key}"] if key else []),
        ]
        return "\r\n".join([*lines, "", body]).encode()

    def close(self) -> None:
        for connection in chain(*self._idle.values()):
            connection.writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    """The pieces of a body, of a known length or in chunks."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        yield await reader.readexactly(int(headers["content-length"]))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")


def _names(text: str) -> tuple[str, str]:
    """The first two words of an answer, or of what has come of it: the engine's pod, and the gateway's address."""
    said = "".join(re.findall(r'"content": ?"([^"]*)"', text)).split()
    return (said[0], said[1]) if len(said) > 1 else ("", "")


def _check_stream(text: str) -> None:
    """Raise `CutError` where a stream has an error in it, or not all of its tokens."""
    *events, last = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
    wrong = [event for event in events if "error" in json.loads(event)]
    if wrong or last != "[DONE]":
        raise CutError(f"a stream that ends with {(wrong or [last])[-1][:200]}")
    tokens = sum(bool(choice["delta"].get("content")) for event in events for choice in json.loads(event)["choices"])
    if tokens != TOKENS:
        raise CutError(f"a stream of {tokens} tokens")


class Load:
    """What the clients of `loaded` ask, and what came of it so far."""

    def __init__(self, host: str, port: int, model: str, rate: float, streams: int, key: Callable[[], str]) -> None:
        self.outcomes: list[Outcome] = []
        self._clients = [Client(host, port, model, key) for _ in range(CLIENTS)]
        self._streamers = [Client(host, port, model, key) for _ in range(streams)]
        self._pause = CLIENTS / rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")

    def since(self, begun: float) -> list[Outcome]:
        """The requests that began after a time."""
        return [each for each in list(self.outcomes) if each.began >= begun]

    def failed(self) -> list[Outcome]:
        return [each for each in list(self.outcomes) if each.failure]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask no more, and wait until everything that was asked has ended."""
        self._over.set()
        self._thread.join()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for at, client in enumerate(self._clients):
                tasks.create_task(self._whole(client, at / CLIENTS * self._pause, tasks))
            for client in self._streamers:
                tasks.create_task(self._streams(client))
        for client in (*self._clients, *self._streamers):
            client.close()

    async def _whole(self, client: Client, first: float, tasks: asyncio.TaskGroup) -> None:
        """A question at every tick, whether or not the one before is answered."""
        due = time.monotonic() + first
        while not self._over.is_set():
            await asyncio.sleep(due - time.monotonic())
            tasks.create_task(client.ask(self.outcomes, stream=False))
            due += self._pause

    async def _streams(self, client: Client) -> None:
        """A stream as soon as the one before has ended."""
        while not self._over.is_set():
            await client.ask(self.outcomes, stream=True)


@contextmanager
def loaded(
    address: tuple[str, int],
    model: str = "chat",
    *,
    rate: float = 200,
    streams: int = 32,
    key: Callable[[], str] = lambda: "",
) -> Iterator[Load]:
    """Ask while the body runs: `rate` whole answers a second, and `streams` at a time that take `STREAM_SECONDS`."""
    load = Load(*address, model, rate, streams, key)
    load.start()
    try:
        yield load
    finally:
        load.stop()


def node_port(kubectl: Kubectl, service: str) -> tuple[str, int]:
    """Where a Service of type NodePort is reached from this machine."""
    node = kubectl.items("nodes")[0]
    address = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
    ports = kubectl.get("service", service)["spec"]["ports"]
    return address, next(port["nodePort"] for port in ports if port["name"] == "http")
