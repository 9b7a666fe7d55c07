"""files/adapters.py as its container runs it, beside a small engine on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.cluster.processes import wait_until
from harness.paths import ROOT

SECONDS = 60


class Engine(ThreadingHTTPServer):
    """An engine that has adapters as vLLM and SGLang have them, and refuses those from "nowhere"."""

    daemon_threads = True

    def __init__(self) -> None:
        self.adapters: dict[str, str] = {}
        self.answers = True
        self.asked: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Asked)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Asked(BaseHTTPRequestHandler):
    server: Engine

    def log_message(self, *arguments: object) -> None: ...

    def reply(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if not self.server.answers or self.headers["Authorization"] != "Bearer made-up":
            return self.reply(401, {})
        base = {"id": "base", "root": "/models/base", "parent": None}
        cards = [{"id": name, "root": root, "parent": "base"} for name, root in self.server.adapters.items()]
        return self.reply(200, {"data": [base, *cards]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        if self.path == "/unload":
            del self.server.adapters[body["lora_name"]]
        elif body["lora_path"] == "nowhere" or body["lora_name"] in self.server.adapters:
            return self.reply(400, {"error": "cannot be loaded"})
        else:
            self.server.adapters[body["lora_name"]] = body["lora_path"]
        return self.reply(200, {})


class Loader:
    """The script as its container runs it."""

    def __init__(self, directory: Path, engine: Engine, **adapters: str) -> None:
        self.file, self.ready, self.log = (directory / name for name in ("adapters.json", "ready", "log"))
        self.want(**adapters)
        command = [
            sys.executable,
            "-c",
            (ROOT / "files/adapters.py").read_text(),
            str(self.file),
            engine.url,
            "/load",
            "/unload",
        ]
        env = {
            "PATH": os.environ["PATH"],
            "ENGINE_KEY": "made-up",
            "READY_FILE": str(self.ready),
            "PAUSE_SECONDS": "0.1",
            "http_proxy": "http://127.0.0.1:1",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)

    def want(self, **adapters: str) -> None:
        self.file.write_text(json.dumps(adapters))


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def start(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., Loader]]:
    """Starts the loader with these adapters in its file."""
    started: list[Loader] = []

    def starts(**adapters: str) -> Loader:
        started.append(Loader(tmp_path, engine, **adapters))
        return started[-1]

    yield starts
    for each in started:
        each.process.terminate()
        assert each.process.wait(timeout=30) == 0


Start = Callable[..., Loader]


def test_adapters_follow_the_file(start: Start, engine: Engine) -> None:
    loader = start()
    wait_until(loader.ready.exists, "the file of a ready pod", SECONDS)
    loader.want(sql="org/sql", support="/mnt/support")
    wait_until(lambda: engine.adapters == {"sql": "org/sql", "support": "/mnt/support"}, "two adapters", SECONDS)
    loader.want(sql="org/other")
    wait_until(lambda: engine.adapters == {"sql": "org/other"}, "the other adapter", SECONDS)
    assert [path for path, _ in engine.asked] == ["/load", "/load", "/unload", "/unload", "/load"]


def test_one_that_cannot_be_loaded_is_said_and_keeps_the_others(start: Start, engine: Engine) -> None:
    loader = start()
    wait_until(loader.ready.exists, "the file of a ready pod", SECONDS)
    loader.want(bad="nowhere", sql="org/sql")
    wait_until(lambda: "sql" in engine.adapters, "the adapter", SECONDS)
    assert loader.ready.exists()
    assert 'loading bad from nowhere: 400 {"error": "cannot be loaded"}' in loader.log.read_text()


def test_a_pod_is_ready_when_the_first_ones_are_loaded(start: Start, engine: Engine) -> None:
    loader = start(bad="nowhere")
    wait_until(lambda: len(engine.asked) > 1, "two tries", SECONDS)
    assert not loader.ready.exists()
    loader.want(sql="org/sql")
    wait_until(loader.ready.exists, "the file of a ready pod", SECONDS)
    assert engine.adapters == {"sql": "org/sql"}


def test_an_engine_that_starts_again_gets_them_again(start: Start, engine: Engine) -> None:
    loader = start(sql="org/sql")
    wait_until(loader.ready.exists, "the file of a ready pod", SECONDS)
    loader.want(sql="org/sql", bad="nowhere")
    wait_until(lambda: any(body["lora_name"] == "bad" for _, body in engine.asked), "a try", SECONDS)
    engine.answers = False
    wait_until(lambda: not loader.ready.exists(), "the end of the file", SECONDS)
    engine.adapters.clear()
    engine.answers = True
    wait_until(loader.ready.exists, "the file of a ready pod", SECONDS)
    assert engine.adapters == {"sql": "org/sql"}
