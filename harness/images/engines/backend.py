"""The small real engine behind a stand-in: the llama.cpp server with the tiny model, on a loopback port of its own."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

SLOTS = 16
CONTEXT = 512
"""Tokens that the tiny model was made for."""


def model_path() -> Path:
    """The tiny model: `$STANDIN_MODEL`, else the one of the checkout."""
    named = os.environ.get("STANDIN_MODEL")
    return Path(named) if named else Path(__file__).parents[3] / "models" / "tiny" / "tiny.gguf"


class Backend:
    """Answers of the tiny model, always the most probable one."""

    def __init__(self, *, embeddings: bool = False) -> None:
        """Load the model (about a second)."""
        params = xllamacpp.CommonParams()
        params.model.path = str(model_path())
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.n_parallel = SLOTS
        params.n_ctx = SLOTS * CONTEXT
        params.embedding = embeddings
        if embeddings:
            params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        params.endpoint_metrics = False
        params.warmup = False
        params.verbosity = 1
        # One thread: several wait for each other actively, which on a busy machine takes a hundred times longer.
        params.cpuparams.n_threads = 1
        params.cpuparams_batch.n_threads = 1
        params.sampling.temp = 0.0
        params.sse_ping_interval = -1
        self._server = xllamacpp.Server(params)
        self._client = httpx.AsyncClient(
            base_url=self._server.listening_address, timeout=None, limits=httpx.Limits(max_connections=None)
        )

    async def ask(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the complete answer to a request that is not streamed."""
        answer = await self._client.post(path, json={**body, "stream": False})
        return answer.status_code, answer.json()

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The chunks of a streamed answer; an error is one chunk with the key `error`.

        Closing the iterator cancels the generation.
        """
        async with self._client.stream("POST", path, json={**body, "stream": True}) as answer:
            if answer.status_code != 200:
                yield json.loads(await answer.aread())
                return
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))
