"""The processes of one model on several nodes, as a stand-in has them: rank 0 serves, the others are connected to it.

As vLLM with `--nnodes`: nothing is served until every rank is there; ranks above 0 open no port for HTTP; when one
goes, all go. Unlike vLLM: one connection for each rank and no random ports; whoever waits for others waits without end;
with `--data-parallel-size` rank 0 answers every request itself.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Coroutine
from typing import Any

from .core import log, set_on_signal

RETRY_SECONDS = 0.2


def fault(settings: argparse.Namespace) -> str:
    """Why vLLM or its stand-in does not run with these settings; "" if it does."""
    nodes, rank = settings.nnodes or 1, settings.node_rank or 0
    sizes = (settings.tensor_parallel_size, settings.pipeline_parallel_size, settings.data_parallel_size)
    size = math.prod(each or 1 for each in sizes)
    if nodes == 1:
        return "--headless is not served without --nnodes: it has no workers" if settings.headless else ""
    if settings.distributed_executor_backend not in (None, "mp"):
        return "--nnodes needs --distributed-executor-backend mp"
    if size % nodes:
        return f"the parallel sizes' product, {size}, cannot be divided by --nnodes {nodes}"
    if not 0 <= rank < nodes:
        return f"--node-rank {rank} is not below --nnodes {nodes}"
    if settings.headless != (rank > 0):
        return "--headless is for each --node-rank above 0, and for no other"
    if not settings.master_addr or not settings.master_port:
        return "--nnodes is not served without --master-addr and --master-port"
    return ""


class Ranks:
    """Rank 0's view of the others."""

    def __init__(self, count: int) -> None:
        self.lost = asyncio.Event()
        self.missing = set(range(1, count))
        self._complete = asyncio.Event()

    async def gather(self, port: int) -> None:
        """Return when every rank has come, or one is gone again."""
        server = await asyncio.start_server(self._joined, None, port)
        log("vLLM", f"waiting for ranks {sorted(self.missing)} on port {port}")
        await self._complete.wait()
        server.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.readline()).strip()
        if not said.isdigit() or int(said) not in self.missing:
            writer.close()
            return
        self.missing.discard(int(said))
        log("vLLM", f"rank {int(said)} is there")
        if not self.missing:
            self._complete.set()
        await ended(reader)
        log("vLLM", f"rank {int(said)} is gone")
        self.lost.set()
        self._complete.set()


async def follow(rank: int, host: str, port: int) -> int:
    """A rank above 0, until SIGTERM (exit code 0) or the end of rank 0 (exit code 1)."""
    stopped = asyncio.Event()
    set_on_signal(stopped)
    while not stopped.is_set():
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:  # also a name that DNS does not have yet
            await asyncio.sleep(RETRY_SECONDS)
            continue
        writer.write(f"{rank}\n".encode())
        await first(ended(reader), stopped.wait())
        writer.close()
        break
    log("vLLM", f"rank {rank} stops" if stopped.is_set() else "rank 0 is gone")
    return 0 if stopped.is_set() else 1


async def ended(reader: asyncio.StreamReader) -> None:
    """Return when the other side has closed, or is gone."""
    try:
        while await reader.read(1024):
            pass
    except OSError:
        return


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them has; the others are given up."""
    tasks = [asyncio.create_task(each) for each in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
