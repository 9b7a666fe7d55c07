"""Requests of a day: made, not recorded, by a fixed seed, so that everybody has the same."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HOUR = 3600.0
DAY = 24 * HOUR
SEED = 20261128
PROMPT, ANSWER = 800, 400
"""Tokens on average; their lengths are spread as exponential distributions are."""


@dataclass(frozen=True)
class Request:
    """When it comes, in seconds, and its tokens."""

    at: float
    prompt: int
    answer: int


@dataclass(frozen=True)
class Burst:
    """More requests a second, from a time to another."""

    begins: float
    ends: float
    rate: float


def day() -> list[Request]:
    """Few at night, up to six a second at 14 o'clock; and ten times half as many more, for five to fifteen minutes."""
    chance = random.Random(SEED)
    bursts = []
    for _ in range(10):
        begins = chance.random() * DAY
        bursts.append(Burst(begins, begins + (5 + 10 * chance.random()) * 60, _diurnal(begins) / 2))
    return list(_requests(chance, lambda at: _diurnal(at) + _extra(bursts, at), 12.0))


def bursts() -> list[Request]:
    """None at night; from 7 to 20 o'clock bursts of 5 to 20 minutes, one to eight a second, and some 40 between."""
    chance = random.Random(SEED)
    found = []
    at = 7 * HOUR
    while (at := at + _exponential(chance, 40 * 60)) < 20 * HOUR:
        ends = at + (5 + 15 * chance.random()) * 60
        found.append(Burst(at, ends, 1 + 7 * chance.random()))
        at = ends
    return list(_requests(chance, lambda at: _extra(found, at), 8.0))


TRACES: dict[str, Callable[[], list[Request]]] = {"day": day, "bursts": bursts}


def _diurnal(at: float) -> float:
    """Requests per second, least at 2 o'clock."""
    return 0.3 + 5.7 * math.pow(0.5 - 0.5 * math.cos(2 * math.pi * (at - 2 * HOUR) / DAY), 1.5)


def _extra(bursts: list[Burst], at: float) -> float:
    return sum(each.rate for each in bursts if each.begins <= at < each.ends)


def _exponential(chance: random.Random, mean: float) -> float:
    return -mean * math.log(1 - chance.random())


def _requests(chance: random.Random, rate: Callable[[float], float], most: float) -> Iterator[Request]:
    """A Poisson process of this rate, which is never above `most`: of one with that rate, as many are left out."""
    at = 0.0
    while (at := at + _exponential(chance, 1 / most)) < DAY:
        if chance.random() * most < rate(at):
            # In whole milliseconds and tokens, as the last digits of a logarithm are not the same everywhere.
            tokens = (1 + round(_exponential(chance, mean)) for mean in (PROMPT, ANSWER))
            yield Request(round(at, 3), *tokens)
