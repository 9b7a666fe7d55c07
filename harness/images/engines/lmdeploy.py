"""A stand-in for LMDeploy 0.18: `lmdeploy serve api_server`.

As LMDeploy: its flags, with `_` for `-`, and its refusals (exit code 2); 0.0.0.0:23333; it listens when the model is
loaded; one served name, which a request must ask for, or an adapter's; keys guard all but `/health`, metrics included,
which `--disable-metrics` turns off; SIGTERM closes the listener and finishes what is open.

Unlike LMDeploy: the model's name is accepted without a download, any size without GPUs, an adapter changes nothing, and
most flags have no effect.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from starlette.responses import JSONResponse
from starlette.routing import Route

from .command_line import add_flags
from .core import Engine, JsonMap, RefusedError, fixed, keyed, log
from .metrics import Meter
from .vllm import words
from .weights import fetch

USAGE = "usage: lmdeploy serve api_server MODEL  (a stand-in)"


class Lmdeploy(Engine):
    """The server."""

    def __init__(self, settings: argparse.Namespace) -> None:
        name = settings.model_name or settings.model_path
        meter = Meter("lmdeploy:", {"model_name": name, "engine": "0"}, cache_usage="gpu_cache_usage_perc")
        super().__init__([name, *(each.partition("=")[0] for each in settings.adapters or ())], meter)
        metrics = [] if settings.disable_metrics else [Route("/metrics", self.metrics)]
        app = self.with_openai(fixed("/health", JSONResponse({"status": "healthy"})), *metrics)
        self.app = keyed(app, [key for key in settings.api_keys or () if key], lambda path: path != "/health")

    def admit(self, body: JsonMap) -> None:
        if body.get("model") not in self.names:
            message = f"The model {body.get('model')!r} does not exist."
            raise RefusedError(404, {"message": message, "type": "invalid_request_error", "code": 404})


def main() -> None:
    """The `lmdeploy` command."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(USAGE)
        return
    if sys.argv[1:3] != ["serve", "api_server"]:
        sys.exit(USAGE)
    parser = argparse.ArgumentParser(prog="lmdeploy serve api_server")
    add_flags(parser, "lmdeploy")
    settings = parser.parse_args(words(sys.argv[3:]))
    for model in (settings.model_path, *(each.partition("=")[2] for each in settings.adapters or ())):
        log("LMDeploy", f"a stand-in for LMDeploy 0.18.0; {fetch(model)}")
    asyncio.run(Lmdeploy(settings).serve_and_finish(settings.server_name or "0.0.0.0", settings.server_port or 23333))


if __name__ == "__main__":
    main()
