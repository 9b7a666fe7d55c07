"""`python -m inference_stack plan|preflight`: what to know before an install; it changes nothing."""

from __future__ import annotations

import sys

if sys.version_info < (3, 9):  # noqa: UP036 (whatever python3 is on PATH runs this)
    sys.exit("inference-stack: Python 3.9 or newer is needed")

from inference_stack.cli import main

if __name__ == "__main__":
    sys.exit(main())
