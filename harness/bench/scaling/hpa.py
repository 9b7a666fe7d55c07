"""What Kubernetes' HorizontalPodAutoscaler decides, step by step, as `pkg/controller/podautoscaler` of 1.37 does.

The names are its API's. Times are seconds of the simulation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SYNC_SECONDS = 15
"""The controller manager's --horizontal-pod-autoscaler-sync-period."""
TOLERANCE = 0.1
"""Its --horizontal-pod-autoscaler-tolerance."""


@dataclass(frozen=True)
class Policy:
    """How many pods may come or go in a period: so many (`Pods`), or a share of those there were (`Percent`)."""

    type: str
    value: int
    period: int


@dataclass(frozen=True)
class Rules:
    """HPAScalingRules of one direction."""

    window: int
    policies: tuple[Policy, ...]
    select: str = "Max"
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, given: Mapping[str, Any], defaults: Rules) -> Rules:
        """Those of a `behavior`, over Kubernetes' defaults."""
        policies = [Policy(each["type"], each["value"], each["periodSeconds"]) for each in given.get("policies") or ()]
        return cls(
            given.get("stabilizationWindowSeconds", defaults.window),
            tuple(policies) or defaults.policies,
            given.get("selectPolicy", defaults.select),
            float(given.get("tolerance", defaults.tolerance)),
        )


UP = Rules(0, (Policy("Pods", 4, 15), Policy("Percent", 100, 15)))
DOWN = Rules(300, (Policy("Percent", 100, 15),))
"""Kubernetes' defaults."""


def of_total(total: float, target: float, replicas: int, up: Rules = UP, down: Rules = DOWN) -> int:
    """Replicas for an external metric of all pods together, of which each may have `target` (AverageValue)."""
    return replicas if _tolerated(total / (target * replicas), up, down) else math.ceil(total / target)


def of_pods(
    values: Sequence[float], unready: int, target: float, replicas: int, up: Rules = UP, down: Rules = DOWN
) -> int:
    """Replicas for a metric of each pod; `unready` pods beside them are those whose CPU does not count yet.

    They count as idle where there would be more pods, and not at all where there would be fewer.
    """
    if not values:
        return replicas
    ratio = sum(values) / len(values) / target
    if not unready or ratio <= 1:
        return replicas if _tolerated(ratio, up, down) else math.ceil(_exact(ratio * len(values)))
    count = len(values) + unready
    again = sum(values) / count / target
    if _tolerated(again, up, down) or again < 1:
        return replicas
    return max(replicas, math.ceil(_exact(again * count)))


def _tolerated(ratio: float, up: Rules, down: Rules) -> bool:
    return 1 - down.tolerance <= ratio <= 1 + up.tolerance


def _exact(product: float) -> float:
    """Without the last digits, in which 3 * 0.8 / 0.8 is more than 3."""
    return round(product, 9)


@dataclass
class Autoscaler:
    """Bounds and behavior, and what was recommended and done before."""

    least: int
    most: int
    up: Rules = UP
    down: Rules = DOWN
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _changed: list[tuple[float, int]] = field(default_factory=list)

    def replicas(self, now: float, current: int, desired: int) -> int:
        """The next number of replicas, when so many are there and so many were recommended."""
        stable = self._stable(now, current, desired)
        if stable > current:
            wanted = max(current, min(stable, self._limit(now, current, self.up, 1), self.most))
        else:
            wanted = min(current, max(stable, self._limit(now, current, self.down, -1), self.least))
        wanted = min(max(wanted, self.least), self.most)
        if wanted != current:
            self._changed.append((now, wanted - current))
        longest = max(each.period for rules in (self.up, self.down) for each in rules.policies)
        self._changed = [each for each in self._changed if each[0] > now - longest]
        return wanted

    def _stable(self, now: float, current: int, desired: int) -> int:
        """Not more than the least that was recommended in one window, nor less than the most in the other."""

        def within(window: int) -> list[int]:
            return [desired, *(count for at, count in self._recommended if at > now - window)]

        stable = min(max(current, min(within(self.up.window))), max(within(self.down.window)))
        longest = max(self.up.window, self.down.window)
        self._recommended = [each for each in self._recommended if each[0] > now - longest]
        self._recommended.append((now, desired))
        return stable

    def _limit(self, now: float, current: int, rules: Rules, sign: int) -> int:
        """How far the policies let it go."""
        if rules.select == "Disabled":
            return current
        limits = []
        for each in rules.policies:
            start = current - sum(change for at, change in self._changed if at > now - each.period)
            if each.type == "Pods":
                limits.append(start + sign * each.value)
            else:
                share = _exact(start * (1 + sign * each.value / 100))
                limits.append(math.ceil(share) if sign > 0 else int(share))
        furthest = (max if sign > 0 else min) if rules.select == "Max" else (min if sign > 0 else max)
        return furthest(limits)
