"""SeaweedFS, an object store that speaks S3, as a process on loopback; and a way to it that stops after some bytes."""

from __future__ import annotations

import os
import secrets
import socket
import socketserver
import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from harness.cluster.processes import wait_until

PROGRAM = Path(sysconfig.get_path("scripts")) / "weed"
START_SECONDS = 60


@dataclass
class Store:
    """A running store: its address, and the keys that it accepts."""

    url: str
    key: str
    secret: str

    def environment(self) -> dict[str, str]:
        """Variables by which boto3 finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        """A client with its keys."""
        quick = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30)
        keys = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret, "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.url, config=quick, **keys)

    def put(self, bucket: str, objects: dict[str, bytes]) -> None:
        """Make a bucket with these objects."""
        client = self.client()
        client.create_bucket(Bucket=bucket)
        for key, content in objects.items():
            client.put_object(Bucket=bucket, Key=key, Body=content)


def _ports(number: int) -> list[int]:
    """Free ports of loopback below 55535: each server's own API has the port 10,000 above."""
    found: list[int] = []
    while len(found) < number:
        port = 20000 + secrets.randbelow(30000)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
            found.append(port)
    return found


@contextmanager
def object_store(directory: Path) -> Iterator[Store]:
    """Run a store whose files are in a directory; its keys are made up."""
    servers = ("s3", "master", "volume", "filer")
    ports = dict(zip(servers, _ports(len(servers)), strict=True))
    store = Store(f"http://127.0.0.1:{ports['s3']}", f"made-up-{secrets.token_hex(4)}", secrets.token_hex(16))
    options = [f"-{server}.port={port}" for server, port in ports.items()]
    quiet = ["-webdav=false", "-admin.ui=false", f"-admin.port={_ports(1)[0]}"]
    command = [str(PROGRAM), "mini", f"-dir={directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *options, *quiet]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **store.environment()}, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(process, store, directory / "log"), "SeaweedFS", START_SECONDS)
            yield store
        finally:
            process.terminate()
            process.wait()


def _answers(process: subprocess.Popen[bytes], store: Store, log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-2000:]
    return listens(store)


def listens(store: Store) -> bool:
    """Whether it answers to its keys."""
    try:
        store.client().list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True


class Way(socketserver.ThreadingTCPServer):
    """Passes connections on to a store; what comes back stops after `limit` bytes until `go_on` is set."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, store: Store, limit: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.to = int(store.url.rpartition(":")[2])
        self.limit, self.passed, self.stopped, self.go_on = limit, 0, threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Connection(socketserver.BaseRequestHandler):
    server: Way

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.to)) as store:
            threading.Thread(target=self._send, args=(store,), daemon=True).start()
            while piece := store.recv(65536):
                self.server.passed += len(piece)
                if self.server.passed > self.server.limit:
                    self.server.stopped.set()
                    self.server.go_on.wait()
                try:
                    self.request.sendall(piece)
                except OSError:
                    return

    def _send(self, store: socket.socket) -> None:
        try:
            while piece := self.request.recv(65536):
                store.sendall(piece)
            store.shutdown(socket.SHUT_WR)
        except OSError:
            return


@contextmanager
def way(store: Store, limit: int) -> Iterator[Way]:
    """The way to a store while the body runs."""
    with Way(store, limit) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()
