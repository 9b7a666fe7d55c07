"""A server of HTTP on loopback, as a test's own handler answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(handler: Callable[[Any, Any, ThreadingHTTPServer], BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port on 127.0.0.1 at which the handler answers while the body runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
