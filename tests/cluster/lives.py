"""When pods were told to go, and when they were gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from harness.kubectl import Kubectl

GONE_SECONDS = 120.0


@dataclass
class Life:
    """A pod; the times are of `time.monotonic`, and None while it has not come to that."""

    address: str = ""
    ready: float | None = None
    told_to_go: float | None = None
    gone: float | None = None


class Lives:
    """The pods of one selector, by name."""

    def __init__(self) -> None:
        self.pods: dict[str, Life] = {}

    def told(self, event: str, pod: dict[str, Any]) -> None:
        """Note what has happened to a pod."""
        now = time.monotonic()
        life = self.pods.setdefault(pod["metadata"]["name"], Life())
        life.address = pod["status"].get("podIP", life.address)
        conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", ())}
        if life.ready is None and conditions.get("Ready") == "True":
            life.ready = now
        if life.told_to_go is None and ("deletionTimestamp" in pod["metadata"] or event == "DELETED"):
            life.told_to_go = now
        if event == "DELETED":
            life.gone = now

    def ended(self) -> dict[str, Life]:
        """The pods that were told to go."""
        return {name: life for name, life in dict(self.pods).items() if life.told_to_go is not None}

    def wait_gone(self) -> None:
        """Until all of them are gone.

        Raises:
            AssertionError: not within `GONE_SECONDS`.
        """
        until = time.monotonic() + GONE_SECONDS
        while left := [name for name, life in self.ended().items() if life.gone is None]:
            assert time.monotonic() < until, f"still there after {GONE_SECONDS:.0f} s: {', '.join(left)}"
            time.sleep(0.2)


@contextmanager
def watched(kubectl: Kubectl, selector: str) -> Iterator[Lives]:
    """The lives of these pods, as they are while the body runs."""
    lives = Lives()
    with kubectl.watch("pods", selector, lives.told):
        yield lives
