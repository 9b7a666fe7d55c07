"""A stand-in for an NVIDIA NIM, that of Llama 3.1 8B.

As NVIDIA's documentation says: no command line; port 8000 or `NIM_SERVER_PORT`; `/v1/health/live` at once,
`/v1/health/ready` when the model is loaded, metrics at `/v1/metrics`; the image's model is served under its name, or
under `NIM_SERVED_MODEL_NAME`, and no other; it ends without `NGC_API_KEY`, by which it downloads, unless it finds a
model in `NIM_CACHE_PATH`, and where it cannot write there; no key is asked for. How it ends is not documented: SIGTERM
cuts.

Unlike it: it downloads nothing, and no other variable has an effect.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .core import Engine, JsonMap, RefusedError, bind, fixed, log
from .metrics import Meter

MODEL = "meta/llama-3.1-8b-instruct"


class Nim(Engine):
    """The server."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names, Meter("vllm:", {"model_name": names[0]}, cache_usage="gpu_cache_usage_perc"))
        live, ready = fixed("/v1/health/live", Response()), Route("/v1/health/ready", self.ready)
        self.app = self.with_openai(live, ready, Route("/v1/metrics", self.metrics))

    def admit(self, body: JsonMap) -> None:
        if body.get("model") not in self.names or not self._backend:
            message = f"The model `{body.get('model')}` does not exist."
            raise RefusedError(404, self.error(404, message, "NotFoundError"))

    async def ready(self, _: Request) -> Response:
        return Response(status_code=200 if self._backend else 503)

    async def serve(self, port: int) -> None:
        """Listen at once, and load meanwhile."""
        loading = asyncio.create_task(asyncio.to_thread(self.load))
        config = uvicorn.Config(self.app, host="0.0.0.0", port=port, timeout_graceful_shutdown=0)
        await uvicorn.Server(config).serve(sockets=[bind("0.0.0.0", port)])
        await loading


def main() -> None:
    """The entrypoint."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(f"usage: nim, a stand-in for the NIM of {MODEL}; its settings are variables")
        return
    cache = Path(os.environ.get("NIM_CACHE_PATH", "/opt/nim/.cache"))
    if not (os.environ.get("NGC_API_KEY") or any(cache.glob("*"))):
        sys.exit("NIM stand-in: NGC_API_KEY is not set, and there is no model in the cache")
    (cache / "model").mkdir(parents=True, exist_ok=True)
    log("NIM", f"a stand-in for the NIM of {MODEL}")
    names = os.environ.get("NIM_SERVED_MODEL_NAME", MODEL).split(",")
    asyncio.run(Nim(names).serve(int(os.environ.get("NIM_SERVER_PORT", "8000"))))


if __name__ == "__main__":
    main()
