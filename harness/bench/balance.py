"""How engines share the load, by how the gateway reaches them, and how soon a new one has its part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from harness.bench import chart, gateways, program
from harness.bench.program import Mock
from harness.bench.results import Balance, percentile

SERVICE = "service"
PER_REPLICA = "perReplica"
"""As `balancing` in the values."""

KEPT = "service, connections kept"
"""Not a mode of the chart: `service` with Onwards' own connection pool."""

MODES = (SERVICE, PER_REPLICA, KEPT)
ENGINES = 8
WORKERS = 64


@dataclass(frozen=True)
class Plan:
    """Seconds: before anything counts, of each count, and between a ninth engine's joining and its count."""

    warm: float
    count: float
    joined: float
    rounds: int


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Balance]:
    """All modes at the same time, each with its own engines and gateway: they wait more than they work."""
    for number in range(1, plan.rounds + 1):
        say(f"round {number} of {plan.rounds}")
        with ThreadPoolExecutor(len(MODES)) as pool:
            yield from pool.map(partial(_one, plan, number), MODES)


def _one(plan: Plan, number: int, mode: str) -> Balance:
    with program.mock(ENGINES, spare=1) as engines, ThreadPoolExecutor() as pool:

        def work(url: str, seconds: float) -> Future[dict[str, int]]:
            return pool.submit(program.load, "workers", url, 0, seconds, workers=WORKERS, seed=number)

        first, second = plan.warm + plan.count, plan.joined + plan.count
        with _gateway(mode, engines, ENGINES) as gateway:
            stays = mode != PER_REPLICA
            clients = [work(gateway.url, first + second if stays else first)]
            eight, moment = _count(engines, plan.warm, plan.count, ENGINES)
            engines.ask("join")
            if stays:
                nine, _ = _count(engines, plan.joined, plan.count, ENGINES + 1)
        if not stays:
            # A ninth replica is a new render, and a new render is a new gateway.
            with _gateway(mode, engines, ENGINES + 1) as gateway:
                clients.append(work(gateway.url, second))
                nine, _ = _count(engines, plan.joined, plan.count, ENGINES + 1)
                clients[-1].result()
        answers = [client.result() for client in clients]
    return Balance(
        mode=mode,
        eight=sorted(eight, reverse=True),
        moment=moment,
        nine=nine,
        failed=sum(each["failed"] for each in answers),
        answered=sum(each["answered"] for each in answers),
    )


def _gateway(mode: str, engines: Mock, count: int) -> AbstractContextManager[gateways.Running]:
    balancing = SERVICE if mode == KEPT else mode
    rendered = chart.config(chart.render(chart.one_group(balancing=balancing, replicaCount=count)))
    if mode == KEPT:
        del rendered["http_pool"]
    addresses = engines.engines[:count] if mode == PER_REPLICA else [engines.service]
    config = chart.with_addresses(rendered, addresses)
    return gateways.started_onwards(config)


def _count(engines: Mock, wait: float, seconds: float, known: int) -> tuple[list[float], float]:
    """After a wait, each known engine's work against their mean, and the busiest engine's in a typical moment."""
    time.sleep(wait)
    engines.ask("reset")
    time.sleep(seconds)
    counted = engines.ask("count")
    work = counted["busy_ms"][:known]
    return [each * known / sum(work) for each in work], percentile(counted["peaks"], 0.5) / 1000
