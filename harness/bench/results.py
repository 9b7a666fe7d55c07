"""The results of one run, round by round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

REQUESTS = "requests"
STREAMS = "streams"


@dataclass(frozen=True)
class Measurement:
    """One gateway under one load in one round. Times are milliseconds."""

    gateway: str
    kind: str  # REQUESTS or STREAMS
    amount: int  # requests a second, or streams at the same time
    round: int
    p50: float | None  # None where nothing came back
    p99: float | None
    due: float  # answers, or tokens, a second that should have come
    came: float  # that came in time (answers), or at all (tokens)
    cpus: float  # processors used, on average
    memory_mb: float
    throttled: int  # periods in which the CPU limit stopped it
    error: str = ""

    @property
    def kept_up(self) -> bool:
        """Whether the requested load came back: 95 % of it, because the last answers may be on their way."""
        return self.p50 is not None and self.came >= 0.95 * self.due


@dataclass(frozen=True)
class Balance:
    """How eight engines shared a load, and nine, the last of which joined 30 seconds before. 1 is a fair share."""

    mode: str
    eight: list[float]  # shares of the work, the largest first
    moment: float  # requests of the busiest engine against the mean, in a typical moment
    nine: list[float]  # the ninth is the last
    failed: int
    answered: int


@dataclass(frozen=True)
class Aliases:
    """A render with many aliases, and the gateway that got them."""

    what: str
    render_ms: float
    config_kb: float
    ready_ms: float
    memory_mb: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values, which are not empty, does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
