"""Where things lie: the checkout, and the cache that every checkout of one user shares."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout; it is also the chart."""


def cache_dir(*parts: str) -> Path:
    """A directory below the cache, made if missing.

    The cache is `$INFERENCE_STACK_CACHE`, else `$XDG_CACHE_HOME/inference-stack`, else `~/.cache/inference-stack`.
    Everything in it can be made again: deleting it costs time, never data.
    """
    named = os.environ.get("INFERENCE_STACK_CACHE")
    xdg = os.environ.get("XDG_CACHE_HOME")
    if named:
        base = Path(named)
    elif xdg:
        base = Path(xdg) / "inference-stack"
    else:
        base = Path.home() / ".cache" / "inference-stack"
    path = base.absolute().joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def ci_values() -> list[Path]:
    """The values files that chart-testing lints and installs."""
    return sorted((ROOT / "ci").glob("*-values.yaml"))


def examples() -> list[Path]:
    """The values files that come with the chart, in the order of their names."""
    return sorted((ROOT / "examples").glob("*.yaml"))
