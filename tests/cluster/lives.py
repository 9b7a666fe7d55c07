"""When pods start to terminate, how their containers end, and when they are deleted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.kubectl import Kubectl

DELETED_SECONDS = 120.0


@dataclass
class Life:
    """A pod; times are from `time.monotonic`, and None before the event."""

    address: str = ""
    ready: float | None = None
    terminating: float | None = None
    deleted: float | None = None
    codes: dict[str, int] = field(default_factory=dict)
    """The exit code of each container that has ended."""


class Lives:
    """The pods of one selector, by name."""

    def __init__(self) -> None:
        self.pods: dict[str, Life] = {}

    def record(self, event: str, pod: dict[str, Any]) -> None:
        """Record an event of a pod."""
        now = time.monotonic()
        life = self.pods.setdefault(pod["metadata"]["name"], Life())
        life.address = pod["status"].get("podIP", life.address)
        conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", ())}
        if life.ready is None and conditions.get("Ready") == "True":
            life.ready = now
        if life.terminating is None and ("deletionTimestamp" in pod["metadata"] or event == "DELETED"):
            life.terminating = now
        for each in pod["status"].get("containerStatuses", ()):
            if ended := each.get("state", {}).get("terminated"):
                life.codes[each["name"]] = ended["exitCode"]
        if event == "DELETED":
            life.deleted = now

    def terminated(self) -> dict[str, Life]:
        """The pods that have started to terminate, or are deleted."""
        return {name: life for name, life in dict(self.pods).items() if life.terminating is not None}

    def wait_deleted(self) -> None:
        """Wait until all of them are deleted.

        Raises:
            AssertionError: some are not within `DELETED_SECONDS`.
        """
        until = time.monotonic() + DELETED_SECONDS
        while left := [name for name, life in self.terminated().items() if life.deleted is None]:
            assert time.monotonic() < until, f"still there after {DELETED_SECONDS:.0f} s: {', '.join(left)}"
            time.sleep(0.2)


@contextmanager
def watched(kubectl: Kubectl, selector: str) -> Iterator[Lives]:
    """The lives of these pods, updated while the body runs."""
    lives = Lives()
    with kubectl.watch("pods", selector, lives.record):
        yield lives
