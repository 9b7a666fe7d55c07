"""What a gateway adds to whole answers and to each token of a stream."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.bench import gateways, program
from harness.bench.gateways import Running
from harness.bench.results import REQUESTS, STREAMS, Measurement, percentile
from harness.errors import HarnessError

OPTIONS = {REQUESTS: "rate", STREAMS: "streams"}
"""The option of the client of each kind that sets the amount."""


@dataclass(frozen=True)
class Plan:
    """Which loads are measured, how long (seconds), and how often."""

    rates: Sequence[int]
    streams: Sequence[int]
    warm: float  # under each load, before what is measured of it
    seconds: float
    rounds: int
    warm_up: float = 3.0  # of a few requests at a time, because a gateway may load parts of itself at the first ones


def measure(
    names: Sequence[str], plan: Plan, missing: dict[str, str], say: Callable[[str], None]
) -> Iterator[Measurement]:
    """Round after round, each with every gateway once, in an order that differs by round but not by run.

    A gateway that does not start is left out from then on, with the reason in `missing`.
    """
    for number in range(1, plan.rounds + 1):
        order = list(names)
        random.Random(number).shuffle(order)
        for name in order:
            for kind, amounts in ((REQUESTS, plan.rates), (STREAMS, plan.streams)):
                if name in missing:
                    continue
                say(f"round {number} of {plan.rounds}, {kind}: {name}")
                try:
                    yield from _rising(name, kind, amounts, plan, number)
                except HarnessError as error:
                    missing[name] = error.message


def _rising(name: str, kind: str, amounts: Sequence[int], plan: Plan, number: int) -> Iterator[Measurement]:
    """One gateway, started anew, under a load that rises until it does not keep up with it."""
    with program.mock() as engines, gateways.running(name, engines.engines[0]) as gateway:
        program.load("workers", gateway.url, 0, plan.warm_up, workers=4, median=1, sigma=0)
        for amount in amounts:
            found = _one(name, gateway, kind, amount, plan, number)
            yield found
            if not found.kept_up:
                return


def _one(name: str, gateway: Running, kind: str, amount: int, plan: Plan, number: int) -> Measurement:
    used = gateway.program
    before = (used.cpu_seconds(), used.throttled()) if used else (0.0, 0)
    began = time.monotonic()
    measured = program.load(kind, gateway.url, plan.warm, plan.seconds, **{OPTIONS[kind]: amount})
    took = time.monotonic() - began
    after = (used.cpu_seconds(), used.throttled()) if used else (0.0, 0)
    if kind == REQUESTS:
        microseconds, came = measured["time_us"], measured["in_time"]
    else:
        microseconds, came = measured["delay_us"], len(measured["delay_us"])
    return Measurement(
        gateway=name,
        kind=kind,
        amount=amount,
        round=number,
        p50=percentile(microseconds, 0.5) / 1000 if microseconds else None,
        p99=percentile(microseconds, 0.99) / 1000 if microseconds else None,
        due=measured["due"] / plan.seconds,
        came=came / plan.seconds,
        cpus=(after[0] - before[0]) / took,
        memory_mb=used.memory_mb() if used else 0.0,
        throttled=after[1] - before[1],
        error=measured["first_error"],
    )
