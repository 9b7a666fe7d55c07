"""The real gateway trusts a provider whose certificate is of a private CA if SSL_CERT_FILE names it, and else not."""

from __future__ import annotations

import json
import os
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import trustme

from harness.bench.contained import free_port
from harness.cluster.processes import wait_until
from harness.images import onwards
from harness.run import background
from tests.cluster.ready import READY_SECONDS, is_ready

ANSWER = {
    "id": "a",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
}


class Handler(BaseHTTPRequestHandler):
    """A provider of one answer."""

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        text = json.dumps(ANSWER).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[int]:
    """The port of a provider on loopback, with a certificate of a CA that is made up; ca.pem is that CA's."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("trusted", "status"), [(True, HTTPStatus.OK), (False, HTTPStatus.BAD_GATEWAY)])
def test_a_provider_of_a_private_ca(trusted: bool, status: int, provider: int, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    url = f"https://localhost:{provider}/v1"
    config.write_text(json.dumps({"strict_mode": True, "targets": {"m": {"providers": [{"url": url}]}}}))
    environment = {**os.environ, **({"SSL_CERT_FILE": str(tmp_path / "ca.pem")} if trusted else {})}
    port, metrics = free_port(), free_port()
    flags = ["--targets", str(config), "--port", str(port), "--metrics-port", str(metrics)]
    with (
        (tmp_path / "log").open("w") as log,
        background([onwards.binary(), *flags], env=environment, stdout=log, stderr=log),
    ):
        wait_until(lambda: is_ready(metrics), "the gateway", READY_SECONDS)
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body, timeout=30)
    assert answer.status_code == status
