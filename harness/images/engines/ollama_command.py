"""The `ollama` command of its stand-in: `serve`, and `pull` and `list`, which ask the server.

As Ollama's: it makes a key below `$HOME/.ollama`, panics without HOME, and exits with 1 where no server answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path

from .core import JsonMap, log
from .ollama import VERSION, Ollama, address

USAGE = "usage: ollama serve | pull MODEL | list  (a stand-in)"


def ask(path: str, body: JsonMap | None = None) -> JsonMap:
    """What the server answers.

    Raises:
        SystemExit: (1) there is none, as `ollama` exits.
    """
    host, port = address()
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}{path}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
            return dict(json.load(answer))
    except urllib.error.URLError as error:
        sys.exit(f"Error: ollama server not responding - {error.reason}")


def main() -> None:
    """The `ollama` command."""
    match sys.argv[1:]:
        case ["serve"]:
            if not os.environ.get("HOME"):
                sys.exit("panic: $HOME is not defined")
            key = Path("~/.ollama/id_ed25519").expanduser()
            key.parent.mkdir(parents=True, exist_ok=True)
            key.write_text(secrets.token_hex())
            log("Ollama", f"this is a stand-in for Ollama {VERSION}; its tokens are a tiny demo model's")
            asyncio.run(Ollama().serve())
        case ["pull", name]:
            print(ask("/api/pull", {"model": name})["status"])
        case ["list"]:
            print("NAME", *(model["name"] for model in ask("/api/tags")["models"]), sep="\n")
        case ["--help"] | ["-h"]:
            print(USAGE)
        case _:
            sys.exit(USAGE)


if __name__ == "__main__":
    main()
