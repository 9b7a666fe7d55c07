"""What a person sees while something takes long: one line a step, with its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

HEARTBEAT_SECONDS = 15.0

console = Console(highlight=False)


class Step:
    """A running step; `detail` says how far it is."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._started = time.monotonic()
        self._detail = ""

    def detail(self, text: str) -> None:
        """Say how far the step is; the newest text is shown."""
        self._detail = text

    def line(self) -> str:
        """Title, seconds and detail, as rich's markup."""
        detail = f" [dim]{escape(self._detail)}[/dim]" if self._detail else ""
        return f"{escape(self.title)} [dim]{time.monotonic() - self._started:.1f} s[/dim]{detail}"


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while its body runs, then what it took; a failure is shown as one and re-raised.

    Meanwhile there is a spinner on a terminal, and a line now and then elsewhere (a CI log).
    """
    current, done = Step(title), threading.Event()

    def show() -> None:
        while not done.wait(0.5 if console.is_terminal else HEARTBEAT_SECONDS):
            if console.is_terminal:
                status.update(current.line())
            else:
                console.print(f"  … {current.line()}", soft_wrap=True)

    if not console.is_terminal:
        console.print(f"  … {escape(title)}", soft_wrap=True)
    thread = threading.Thread(target=show, daemon=True)
    mark = "[red]✗[/red]"
    try:
        with console.status(escape(title)) as status:  # prints nothing where there is no terminal
            thread.start()
            yield current
        mark = "[green]✓[/green]"
    finally:
        done.set()
        thread.join()
        console.print(f"{mark} {current.line()}", soft_wrap=True)
