"""A stand-in for Triton's OpenAI frontend: `openai_frontend/main.py`.

As its source (2025): its flags, and exit code 2 for others; all addresses at 9000; each directory of its repository is
a model, served under its name, and 404 answers any other; `/health/ready` and `/metrics` are there when all are loaded;
no key; SIGTERM ends it.

Unlike it: a model's files are not looked at, and most flags have no effect.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route

from .core import Engine, JsonMap, RefusedError, fixed, log
from .metrics import Meter


class Frontend(Engine):
    """The server."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names, Meter("nv_", {}, cache_usage="unused", waiting="inference_pending_request_count"))
        self.app = self.with_openai(fixed("/health/ready", Response()), Route("/metrics", self.metrics))

    def admit(self, body: JsonMap) -> None:
        if body.get("model") not in self.names:
            raise RefusedError(404, {"detail": f"Unknown model: {body.get('model')}"})


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="main.py")
    parser.add_argument("--model-repository", required=True, type=Path)
    for flag in ("--tokenizer", "--backend", "--lora-separator", "--uvicorn-log-level"):
        parser.add_argument(flag)
    for flag in ("--tritonserver-log-verbose-level", "--kserve-http-port", "--kserve-grpc-port"):
        parser.add_argument(flag, type=int)
    parser.add_argument("--enable-kserve-frontends", action="store_true")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--openai-port", type=int, default=9000)
    settings = parser.parse_args()
    names = sorted(path.name for path in settings.model_repository.iterdir() if path.is_dir())
    log("Triton", f"a stand-in for Triton's OpenAI frontend, with the models {names}")
    asyncio.run(Frontend(names).serve_and_finish(settings.host, settings.openai_port))


if __name__ == "__main__":
    main()
