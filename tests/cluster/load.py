"""Clients that send requests continuously while a test changes the pods, and the outcome of each request.

They use a node port of the gateway's Service, so that kube-proxy spreads their connections as any client's.
Each reuses its connections, as OpenAI's SDKs do: a client that opened a new one for each request would not notice
that it stays connected to a terminating pod. Unlike the SDKs they do not retry.

The engine is the vLLM stand-in with a fixed answer (`ANSWER`): the engine's pod, and the address that the request
came from. Only asyncio is used, because the clients share the machine with the cluster.
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
"""Clients without streaming; 200 requests per second are 5 from each client."""
REQUEST_SECONDS = 60.0
"""A request without an answer has failed after this time."""
LIVE_SECONDS = 180.0
"""The maximum time until every gateway pod has a change: the kubelet reads mounted files every minute or so."""
IN_A_ROW = 20
"""Requests on new connections, each of which may reach another gateway pod."""

ENGINE_ENV = [
    {"name": "STANDIN_ANSWER", "value": ANSWER},
    {"name": "STANDIN_TOKEN_SECONDS", "value": str(TOKEN_SECONDS)},
    {"name": "STANDIN_LOAD_SECONDS", "value": "0"},
]
"""Environment of a vLLM stand-in under load."""


@dataclass
class Outcome:
    """A finished request; times are from `time.monotonic`."""

    stream: bool
    began: float
    ended: float = 0.0
    failure: str = ""
    """The reason of a failure; empty if the answer is complete."""
    engine: str = ""
    """The engine's pod, if that part of the answer arrived."""
    gateway: str = ""
    """The address of the gateway pod that forwarded the request."""


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class CutError(Exception):
    """The answer is wrong or incomplete."""


@dataclass
class Client:
    """One client of the endpoint, with its own connections."""

    host: str
    port: int
    model: str
    key: Callable[[], str]
    _idle: defaultdict[str, list[_Connection]] = field(default_factory=lambda: defaultdict(list))
    """By key: an SDK's client uses one key only, so each key has its own connections."""

    async def send(self, outcomes: list[Outcome], *, stream: bool) -> None:
        """Send a request, read its answer to the end, and record the outcome."""
        outcome = Outcome(stream, time.monotonic())
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._send(outcome)
        except TimeoutError:
            outcome.failure = f"no answer within {REQUEST_SECONDS:.0f} s"
        except asyncio.IncompleteReadError:
            outcome.failure = "the connection ended before the answer"
        except (OSError, CutError) as error:
            outcome.failure = f"{type(error).__name__}: {error}"
        outcome.ended = time.monotonic()
        outcomes.append(outcome)

    async def _send(self, outcome: Outcome) -> None:
        key = self.key()
        connection = await self._connection(self._idle[key])
        received = bytearray()
        reuse = False
        try:
            connection.writer.write(self._request(outcome.stream, key))
            status, headers = await _head(connection.reader)
            async for piece in _body(connection.reader, headers):
                received += piece
            reuse = headers.get("connection", "").lower() != "close"
            if status != 200:
                raise CutError(f"status {status}: {received.decode()[:200]}")
            if outcome.stream:
                _check_stream(received.decode())
        finally:
            outcome.engine, outcome.gateway = _names(received.decode(errors="replace"))
            if reuse:
                self._idle[key].append(connection)
            else:
                connection.writer.close()

    async def _connection(self, idle: list[_Connection]) -> _Connection:
        """The most recently used connection that is still open, else a new one."""
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
    """The pieces of a body with a known length or in chunks."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        yield await reader.readexactly(int(headers["content-length"]))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")


def _names(text: str) -> tuple[str, str]:
    """The first two words of a possibly incomplete answer: the engine's pod, and the gateway's address."""
    words = "".join(re.findall(r'"content": ?"([^"]*)"', text)).split()
    return (words[0], words[1]) if len(words) > 1 else ("", "")


def _check_stream(text: str) -> None:
    """Raise `CutError` if a stream contains an error or lacks tokens."""
    *events, last = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
    wrong = [event for event in events if "error" in json.loads(event)]
    if wrong or last != "[DONE]":
        raise CutError(f"a stream that ends with {(wrong or [last])[-1][:200]}")
    tokens = sum(bool(choice["delta"].get("content")) for event in events for choice in json.loads(event)["choices"])
    if tokens != TOKENS:
        raise CutError(f"a stream of {tokens} tokens")


class Load:
    """The clients of `loaded`, and the outcomes so far."""

    def __init__(self, host: str, port: int, model: str, rate: float, streams: int, key: Callable[[], str]) -> None:
        self.outcomes: list[Outcome] = []
        self._clients = [Client(host, port, model, key) for _ in range(CLIENTS)]
        self._streamers = [Client(host, port, model, key) for _ in range(streams)]
        self._pause = CLIENTS / rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")

    def since(self, begun: float) -> list[Outcome]:
        """The requests that began at or after a time."""
        return [each for each in list(self.outcomes) if each.began >= begun]

    def failed(self) -> list[Outcome]:
        return [each for each in list(self.outcomes) if each.failure]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send no more requests, and wait until all have finished."""
        self._over.set()
        self._thread.join()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for at, client in enumerate(self._clients):
                tasks.create_task(self._requests(client, at / CLIENTS * self._pause, tasks))
            for client in self._streamers:
                tasks.create_task(self._streams(client))
        for client in (*self._clients, *self._streamers):
            client.close()

    async def _requests(self, client: Client, first: float, tasks: asyncio.TaskGroup) -> None:
        """Send a request at every tick, whether or not the previous one is answered."""
        due = time.monotonic() + first
        while not self._over.is_set():
            await asyncio.sleep(due - time.monotonic())
            tasks.create_task(client.send(self.outcomes, stream=False))
            due += self._pause

    async def _streams(self, client: Client) -> None:
        """Start a stream as soon as the previous one has ended."""
        while not self._over.is_set():
            await client.send(self.outcomes, stream=True)


@contextmanager
def loaded(
    address: tuple[str, int],
    model: str = "chat",
    *,
    rate: float = 200,
    streams: int = 32,
    key: Callable[[], str] = lambda: "",
) -> Iterator[Load]:
    """Send load while the body runs: `rate` requests per second, and `streams` concurrent streams."""
    load = Load(*address, model, rate, streams, key)
    load.start()
    try:
        yield load
    finally:
        load.stop()


@contextmanager
def all_streams_open(kubectl: Kubectl, service: str) -> Iterator[Load]:
    """The load at a Service of type NodePort while the body runs, which begins when all of its streams are open."""
    with loaded(node_port(kubectl, service)) as load:
        time.sleep(STREAM_SECONDS / 2)
        yield load


def together(address: tuple[str, int], count: int, model: str = "chat", *, stream: bool) -> list[Outcome]:
    """Requests that begin together, when all of them have ended."""
    clients = [Client(*address, model, key=lambda: "") for _ in range(count)]
    outcomes: list[Outcome] = []

    async def send() -> None:
        await asyncio.gather(*(client.send(outcomes, stream=stream) for client in clients))
        for client in clients:
            client.close()

    asyncio.run(send())
    return outcomes


def node_port(kubectl: Kubectl, service: str) -> tuple[str, int]:
    """The address and port of a Service of type NodePort, from this machine."""
    node = kubectl.items("nodes")[0]
    address = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
    ports = kubectl.get("service", service)["spec"]["ports"]
    return address, next(port["nodePort"] for port in ports if port["name"] == "http")


def settle(status: Callable[[], int], expected: int) -> None:
    """Wait until `IN_A_ROW` requests in a row have this status.

    Raises:
        AssertionError: they had not within `LIVE_SECONDS`.
    """
    until = time.monotonic() + LIVE_SECONDS
    in_a_row = 0
    while in_a_row < IN_A_ROW:
        assert time.monotonic() < until, f"not {expected} within {LIVE_SECONDS:.0f} s"
        in_a_row = in_a_row + 1 if status() == expected else 0
