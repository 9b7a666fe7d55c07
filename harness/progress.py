"""What a person sees while something takes long: one line a step, with its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

HEARTBEAT_SECONDS = 15.0

console = Console(highlight=False)


class Step:
    """A running step; `detail` says how far it is."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self._detail = ""
        self._done = threading.Event()
        self._status: Status | None = None

    def detail(self, text: str) -> None:
        """Say how far the step is; the newest text is shown."""
        self._detail = text

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def _line(self) -> str:
        detail = f" [dim]{escape(self._detail)}[/dim]" if self._detail else ""
        return f"{escape(self.title)} [dim]{self.seconds:.0f} s[/dim]{detail}"

    def _show(self) -> None:
        """Until the step ends: a spinner on a terminal, a line now and then elsewhere (a CI log)."""
        interval = 0.5 if self._status else HEARTBEAT_SECONDS
        while not self._done.wait(interval):
            if self._status:
                self._status.update(self._line())
            else:
                console.print(f"  … {self._line()}", soft_wrap=True)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while its body runs, then what it took; a failure is shown as one and re-raised."""
    current = Step(title)
    if console.is_terminal:
        current._status = console.status(escape(title))
        current._status.start()
    else:
        console.print(f"  … {escape(title)}", soft_wrap=True)
    thread = threading.Thread(target=current._show, daemon=True)
    thread.start()
    mark = "[red]✗[/red]"
    try:
        yield current
        mark = "[green]✓[/green]"
    finally:
        current._done.set()
        thread.join()
        if current._status:
            current._status.stop()
        detail = f" [dim]{escape(current._detail)}[/dim]" if current._detail else ""
        console.print(f"{mark} {escape(title)} [dim]{current.seconds:.1f} s[/dim]{detail}", soft_wrap=True)
