"""The one exception the harness raises for a failure that the person at the terminal can act on."""

from __future__ import annotations

from inference_stack.errors import StackError

HarnessError = StackError
"""What failed, and what to do next: the same as the users' tool raises."""
