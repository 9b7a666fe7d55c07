"""Whether the gateway's program, started on loopback, is ready."""

from __future__ import annotations

import httpx

READY_SECONDS = 20.0


def is_ready(port: int) -> bool:
    """By the probe that its pods have, at the port of its metrics."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
