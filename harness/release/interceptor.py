"""A man in the middle: a proxy before a registry that hands out one blob with a changed byte."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@contextmanager
def intercepted(registry: str, blob: str) -> Iterator[str]:
    """The proxy's `host:port` while the body runs; `registry` is the real one's, `blob` the SHA-256 of what changes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = {"Accept": self.headers.get("Accept", "*/*")}
            answer = httpx.request(self.command, f"http://{registry}{self.path}", headers=wanted)
            body = answer.content
            if body and self.path.endswith(f"/blobs/sha256:{blob}"):
                body = body[:-1] + bytes([body[-1] ^ 1])
            self.send_response(answer.status_code)
            for name in ("Content-Type", "Content-Length", "Docker-Content-Digest"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that the base class calls

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Nothing: requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
