"""The script of the preStop hooks, run as they run it, against a stand-in for a server's metrics."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.paths import ROOT
from harness.run import Completed, run

SCRIPT = (ROOT / "files" / "drain.sh").read_text().replace("sleep 1", "sleep 0.1")
MOST = 2
"""Seconds to wait at most."""
OVER = "Requests may still be in flight; the wait is over."


@contextmanager
def serving(status: int, body: str, *, kind: str = "text/plain; version=0.0.4", key: str = "") -> Iterator[int]:
    """A server that answers like this at /metrics, with 401 without its key, and with 404 at any other path."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = not key or self.headers.get("Authorization") == f"Bearer {key}"
            code = (status if allowed else 401) if self.path == "/metrics" else 404
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def drain(
    port: int | str, *gauges: str, key: str = "", path: str = "/metrics", most: int = MOST, **env: str
) -> Completed:
    words = [str(port), path, "0", str(most), key, *gauges]
    return run(["bash", "-c", SCRIPT, "drain", *words], env=env, timeout=60)


@pytest.mark.parametrize(
    "body",
    [
        "g 0\n",
        "# HELP g of it\n# TYPE g gauge\ng 0.0\nh 0\n",
        'g{model="a} b",engine="0"} 0\ng{model="a",engine="1"} 0e+00\n',
        "g 0\ng_by_reason 7\nother 3\n",
    ],
    ids=["one", "two", "labels", "longer-names"],
)
def test_a_server_whose_gauges_are_0_is_idle(body: str) -> None:
    with serving(200, body) as port:
        assert drain(port, "g", "h", most=50).stderr == ""  # it does not wait so long, but the machine may


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (200, "g 2\n", "text/plain", "g is 2."),
        (200, 'g{engine="0"} 0\ng{engine="1"} 1.0\n', "text/plain", "g is 1.0."),
        (200, "g 0\nh 3\n", "text/plain", "h is 3."),
        (200, "h 0\n", "text/plain", "g is not there."),
        (200, "<html>\n", "text/html", "g is not there."),
        (401, "g 0\n", "text/plain", "the answer is HTTP/1.0 401 Unauthorized."),
        (404, "g 0\n", "text/plain", "the answer is HTTP/1.0 404 Not Found."),
        (503, "Loading model\n", "text/plain", "the answer is HTTP/1.0 503 Service Unavailable."),
    ],
    ids=["running", "one-of-two-ranks", "waiting", "no-gauge", "html", "no-key", "no-metrics", "loading"],
)
def test_anything_else_is_waited_for_until_the_time_is_over(status: int, body: str, kind: str, reason: str) -> None:
    with serving(status, body, kind=kind) as port:
        shown, over = drain(port, "g", "h").stderr.splitlines()
    assert shown.endswith(f"http://127.0.0.1:{port}/metrics, {reason}")
    assert over == OVER


def test_a_server_that_hangs_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        shown, over = drain(server.getsockname()[1], "g").stderr.splitlines()
    assert shown.endswith("no answer within 5 seconds.")
    assert over == OVER


def test_a_server_that_does_not_listen_has_no_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert drain(port, "g", most=50).stderr == ""


def test_the_server_may_be_another_pods() -> None:
    with serving(200, "g 1\n") as port:
        assert f"http://localhost:{port}/metrics, g is 1." in drain(f"PEER:{port}", "g", PEER="localhost").stderr


def test_the_key_is_the_value_of_a_variable() -> None:
    with serving(200, "g 0\n", key="made-up") as port:
        assert drain(port, "g", key="KEY", most=50, KEY="made-up").stderr == ""
        assert "401" in drain(port, "g", key="KEY", KEY="other").stderr
        assert "401" in drain(port, "g", key="MISSING").stderr


def test_a_gauge_may_be_absent_until_the_first_request() -> None:
    """As the gateway's; but only from a page of metrics."""
    with serving(200, "") as port:
        assert drain(port, "g?", most=50).stderr == ""
    with serving(200, "g 1\n") as port:
        assert "g is 1." in drain(port, "g?").stderr
    with serving(200, "", kind="text/html") as port:
        assert "g is not there." in drain(port, "g?").stderr


def test_it_ends_as_soon_as_the_server_is_idle() -> None:
    """Idle three times in a row; a request in between starts the count again."""
    answers = iter(["g 1\n", "g 0\n", "g 0\n", "g 1\n", "g 0\n", "g 0\n", "g 0\n"])
    seen = []

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(next(answers))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(seen[-1].encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    words = [str(server.server_port), "/metrics", "0", "30", "", "g"]
    done = run(["bash", "-c", SCRIPT, "drain", *words], timeout=60)
    server.shutdown()
    server.server_close()
    assert len(seen) == 7
    assert done.stderr.count("g is 1.") == 1
