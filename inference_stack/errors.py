"""The one exception for a failure that the person at the terminal can act on."""

from __future__ import annotations


class StackError(Exception):
    """What failed, and what to do next.

    Entry points catch it and print both parts; a traceback means an unexpected failure.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
