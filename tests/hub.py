"""A small Hugging Face hub with one repository, as far as huggingface_hub asks: in a test, or by itself in a pod.

By itself it has the files of a directory, and a large one that no engine reads: `python3 hub.py DIRECTORY PORT HOST`,
where HOST is another name of it. It asks for the token in $HUB_TOKEN, sends a MiB of large files in $HUB_SECONDS, and
says at /sent what it has sent.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

REPO, COMMIT = "org/model", "c" * 40
MIB = 2**20
LARGE, LARGE_BYTES = "extras/large.bin", 30 * MIB
TORCH = re.compile(r"\.(safetensors|bin|gguf|pth)$")


class Hub(ThreadingHTTPServer):
    """What huggingface.co answers, for one repository; large files come from another host, as there."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, files: Mapping[str, bytes], address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, Handler)
        self.files = dict(files)
        self.elsewhere = f"localhost:{self.server_port}"  # where large files come from
        self.seconds = 0.0  # for a MiB of them
        self.sizes: dict[str, int] = {}  # said instead of the real ones
        self.refused: dict[str, tuple[int, str, str]] = {}  # by kind of request
        self.token = ""  # asked for where it is not empty
        self.stall_after = 0  # bytes of a large file, once
        self.stalled, self.go_on = threading.Event(), threading.Event()
        self.requests: list[str] = []
        self.ranges: list[str] = []
        self.sent: Counter[str] = Counter()
        self.leaked: list[str] = []  # tokens that came to the other host

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that were killed are no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_: object) -> None:
        self.server.requests.append(f"{self.command} {urlsplit(self.path).path}")

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, kind: str) -> bool:
        code, error, message = self.server.refused.get(kind, (0, "", ""))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.server.token and token != self.server.token:
            code, error, message = 401, "", "Invalid credentials in Authorization header"
            if not token:
                error, message = "RepoNotFound", "Repository not found"
        if code:
            self.answer(code, b"{}", X_Error_Code=error, X_Error_Message=message)
        return bool(code)

    def entry(self, name: str) -> dict[str, Any]:
        body = self.server.files[name]
        size = self.server.sizes.get(name, len(body))
        entry: dict[str, Any] = {"size": size, "oid": hashlib.sha1(body).hexdigest()}
        if TORCH.search(name):
            digest = hashlib.sha256(body).hexdigest()
            entry["lfs"] = {"sha256": digest, "oid": digest, "size": size, "pointerSize": 130}
        return entry

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path == "/sent":
            said = {"sent": self.server.sent, "ranges": self.server.ranges}
            self.answer(200, json.dumps(said).encode(), Content_Type="application/json")
        elif path.startswith("/cdn/"):
            self.large(path)
        elif path.startswith(f"/api/models/{REPO}/tree/"):
            if not self.refuse("tree"):
                tree = [{"type": "file", "path": name, **self.entry(name)} for name in self.server.files]
                self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        elif path.startswith(f"/api/models/{REPO}"):
            if path.endswith("/revision/gone"):
                self.answer(404, b"{}", X_Error_Code="RevisionNotFound", X_Error_Message="Invalid rev id: gone")
            elif not self.refuse("info"):
                files = [
                    {"rfilename": name, "blobId": self.entry(name)["oid"], **self.entry(name)}
                    for name in self.server.files
                ]
                info = {
                    "id": REPO,
                    "sha": COMMIT,
                    "siblings": files,
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                }
                self.answer(200, json.dumps(info).encode(), Content_Type="application/json")
        elif path.startswith(f"/{REPO}/resolve/"):
            if not self.refuse("file"):
                self.resolve(path.split("/", 5)[5])
        else:
            self.answer(404, b"{}", X_Error_Code="RepoNotFound", X_Error_Message="Repository not found")

    def resolve(self, name: str) -> None:
        entry, body = self.entry(name), self.server.files[name]
        headers = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if "lfs" not in entry:
            self.answer(200, body, ETag=f'"{entry["oid"]}"', **headers)
            if self.command == "GET":
                self.server.sent[name] += len(body)
            return
        digest = entry["lfs"]["sha256"]
        linked = {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(entry["size"])}
        self.answer(302, b"", Location=f"http://{self.server.elsewhere}/cdn/{name}", **linked, **headers)

    def large(self, path: str) -> None:
        server, name = self.server, path.removeprefix("/cdn/")
        body, asked = server.files[name], self.headers.get("Range")
        if "Authorization" in self.headers:
            server.leaked.append(path)
        start = 0
        if asked:
            server.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        while start < len(body):
            if server.stall_after and start >= server.stall_after and not server.go_on.is_set():
                server.stalled.set()
                server.go_on.wait()
                return
            piece = body[start : start + MIB]
            time.sleep(server.seconds)
            self.wfile.write(piece)
            start += len(piece)
            server.sent[name] += len(piece)


def main() -> None:
    directory, port, elsewhere = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    found = (path for path in directory.rglob("*") if path.is_file())
    files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}
    with Hub({**files, LARGE: bytes(LARGE_BYTES)}, ("", port)) as server:
        server.elsewhere = elsewhere
        server.token = os.environ.get("HUB_TOKEN", "")
        server.seconds = float(os.environ.get("HUB_SECONDS", "0"))
        server.serve_forever()


if __name__ == "__main__":
    main()
