"""A stand-in for Text Embeddings Inference 1.9: `text-embeddings-router`.

As its source: its flags, each also a variable of its name, and its refusals (exit code 2), so a Service named
`prometheus` ends it; port 3000, 80 in its images; it listens when the model is loaded; `/health`, `/ping`, `/`,
`/metrics` are open, the key guards the rest; it answers whatever model a request names, and has no `/v1/models`; more
inputs than `--max-client-batch-size` are refused; SIGTERM closes the listener and finishes what is open.

Unlike it: the model's name is accepted without a download, and most flags have no effect.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from .command_line import Clap
from .core import Engine, JsonMap, RefusedError, fixed, keyed, log
from .metrics import Meter
from .weights import fetch


class Tei(Engine):
    """The server."""

    def __init__(self, name: str, key: str | None, most: int) -> None:
        super().__init__([name], Meter("te_", {}, cache_usage="batch_next_size", waiting="queue_size"), embeddings=True)
        self.most = most
        opened = [fixed(path, Response()) for path in ("/", "/health", "/ping")]
        models = Route("/v1/models", lambda _: Response(status_code=404))
        app = self.with_openai(*opened, models, Route("/metrics", self.metrics))
        self.app = keyed(app, [key] if key else [], lambda path: path not in ("/", "/health", "/ping", "/metrics"))

    def admit(self, body: JsonMap) -> None:
        if isinstance(body["input"], list) and len(body["input"]) > self.most:
            message = f"batch size {len(body['input'])} > maximum allowed batch size {self.most}"
            raise RefusedError(413, {"message": message, "code": 413, "type": "Validation"})


def main() -> None:
    """The `text-embeddings-router` command."""
    settings = (parser := Clap("text-embeddings-router", "tei")).settings()
    if not settings.model_id:
        parser.error("the following required arguments were not provided: --model-id <MODEL_ID>")
    log("TEI", f"a stand-in for Text Embeddings Inference; {fetch(settings.model_id)}")
    name = settings.served_model_name or settings.model_id
    engine = Tei(name, settings.api_key, settings.max_client_batch_size or 32)
    asyncio.run(engine.serve_and_finish(settings.hostname, settings.port or 3000))


if __name__ == "__main__":
    main()
