"""A stand-in for vLLM 0.32: `vllm serve` and `python3 -m vllm.entrypoints.openai.api_server`.

As vLLM: its flags and its refusals (exit code 2); the port is bound at once and listens when the model is loaded; all
IPv4 addresses by default; `/health` and `/ping`; every served name; an unknown one 404; keys guard /v1, /v2,
/inference and /cohere only; it exits if HOME cannot be written, or VLLM_PORT was set by a Service.

On SIGTERM it aborts (open streams get an error event, then [DONE]); with `--shutdown-timeout N` requests in flight may
finish, and the process lives for N seconds however early they do. Until it exits, `/health` returns 200 and new
requests get 500.

Unlike vLLM: the model's name is accepted without a download, any tensor-parallel size without GPUs, and most flags have
no effect. On several nodes (`--nnodes`, see ranks.py) it serves when all ranks are there and ends when one goes: open
streams as on an abort, and then at once, where 0.32.0 took 11 seconds for rank 0 and about 30 for a headless one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .command_line import add_flags, with_config
from .core import Engine, JsonMap, QuietServer, RefusedError, bind, fixed, keyed, log, set_on_signal
from .metrics import Meter
from .ranks import Ranks, fault, first, follow
from .weights import fetch

VERSION = "0.32.0"
USAGE = "usage: vllm [-h] [-v] {serve} ...  (a stand-in)"
DEFAULT_MODEL = "Qwen/Qwen3-0.6B"
GUARDED = ("/v1", "/v2", "/inference", "/cohere")
ABORT_SECONDS = 0.4
"""From SIGTERM to the end of an open stream, as measured with 0.32.0."""


def words(args: Sequence[str]) -> list[str]:
    """The arguments in argparse's form: vLLM takes `_` for `-`, and `--flag.key value` for a part of a JSON value."""
    plain: list[str] = []
    parts: dict[str, JsonMap] = {}
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.partition("=")
        if not name.startswith("--"):
            plain.append(arg)
            continue
        head, dot, keys = name.partition(".")
        head = "--" + head[2:].replace("_", "-")
        if dot:
            _put(parts.setdefault(head, {}), keys.split("."), value if equals else next(rest, ""))
        else:
            plain.append(head + equals + value)
    return plain + [word for head, value in parts.items() for word in (head, json.dumps(value))]


def parse(args: Sequence[str], *, serve: bool) -> argparse.Namespace:
    """The settings; `args` are those behind `vllm serve`, or with `serve` false those of the older module.

    Raises:
        SystemExit: (2) an argument that vLLM refuses.
        ValueError: as vLLM for a served name without a model.
    """
    parser = argparse.ArgumentParser(
        prog="vllm serve" if serve else "api_server.py",
        usage="vllm serve [model_tag] [options]" if serve else None,
        description=f"A stand-in for vLLM {VERSION}.",
    )
    add_flags(parser, "vllm")
    given = list(args)
    if serve:
        given = _model_first(given)
        named = any(re.match(r"--served[-_]model[-_]name(=|$)", word) for word in given)
        if given and given[0].startswith("-") and named and not any(re.match("--config(=|$)", w) for w in given):
            raise ValueError(
                "`model` should be provided as the first positional argument when "
                "using `vllm serve`. i.e. `vllm serve <model> --<arg> <value>`."
            )
    parsed = parser.parse_args(words(with_config(given)))
    parsed.model = (parsed.model_tag if serve else None) or parsed.model or DEFAULT_MODEL
    if parsed.enable_auto_tool_choice and not parsed.tool_call_parser:
        raise TypeError("Error: --enable-auto-tool-choice requires --tool-call-parser")
    return parsed


class Vllm(Engine):
    """The server."""

    def __init__(self, settings: argparse.Namespace) -> None:
        self.settings = settings
        pooling = settings.runner == "pooling" or settings.convert == "embed"
        names = settings.served_model_name or [settings.model]
        meter = Meter(
            "vllm:",
            {"model_name": names[0], "engine": "0"},
            cache_usage="kv_cache_usage_perc",
            gauges=["engine_sleep_state"],
            counters=["num_preemptions", "prefix_cache_queries", "prefix_cache_hits"],
        )
        adapters = [each.partition("=")[0] for each in settings.lora_modules or ()] if settings.enable_lora else []
        super().__init__([*names, *adapters], meter, embeddings=pooling)
        app = self.with_openai(
            fixed("/health", Response()),
            fixed("/ping", Response(), "GET", "POST"),
            fixed("/version", JSONResponse({"version": f"{VERSION} (stand-in)"})),
            fixed("/metrics", Response()) if settings.disable_log_stats else Route("/metrics", self.metrics),
            Route("/v1/models/{model:path}", self.model),
        )
        keys = [key for key in settings.api_key or [os.environ.get("VLLM_API_KEY")] if key]
        self.app = keyed(app, keys, lambda path: path.startswith(GUARDED))

    def admit(self, body: JsonMap) -> None:
        name = body.get("model")
        if name and name not in self.names:
            served = ", ".join(self.names)
            message = f"The model `{name}` does not exist. Valid aliases: {served}."
            raise RefusedError(404, self.error(404, message, "NotFoundError", "model"))
        if self.exiting.is_set():
            message = "cannot schedule new futures after shutdown"
            raise RefusedError(500, self.error(500, message, "InternalServerError"))

    def card(self, name: str) -> JsonMap:
        return {**super().card(name), "owned_by": "vllm", "root": self.settings.model, "parent": None}

    async def serve(self) -> None:
        """Load, serve, and terminate on SIGTERM."""
        host, port = self.settings.host, self.settings.port or 8000
        listening = bind(host or "", port)
        ranks = Ranks(self.settings.nnodes or 1)
        if ranks.missing:
            await ranks.gather(self.settings.master_port)
        await asyncio.to_thread(self.load)
        _refuse_service_link()
        access_log = not self.settings.disable_uvicorn_access_log
        server = QuietServer(uvicorn.Config(self.app, host=host or "0.0.0.0", port=port, access_log=access_log))
        set_on_signal(self.exiting)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await first(self.exiting.wait(), ranks.lost.wait())
        if ranks.lost.is_set():
            self.exiting.set()
            self.aborted.set()
            await asyncio.sleep(ABORT_SECONDS)
            server.should_exit = True
            await serving
            sys.exit(1)
        timeout = self.settings.shutdown_timeout or 0
        log("vLLM", f"[shutdown] stopping engine client mode={'drain' if timeout else 'abort'} timeout={timeout}s")
        await asyncio.sleep(timeout)
        await asyncio.sleep(ABORT_SECONDS)
        self.aborted.set()
        await asyncio.sleep(float(os.environ.get("STANDIN_TEARDOWN_SECONDS", "1")))
        server.should_exit = True
        await serving


def _put(into: JsonMap, keys: Sequence[str], text: str) -> None:
    for key in keys[:-1]:
        into = into.setdefault(key, {})
    try:
        into[keys[-1]] = json.loads(text)
    except ValueError:
        into[keys[-1]] = text


def _model_first(words: list[str]) -> list[str]:
    """`--model X` as the positional argument of `vllm serve`, with vLLM's warning."""
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--model" and (equals or at + 1 < len(words)):
            log("vLLM", "With `vllm serve`, you should provide the model as a positional argument; `--model` will go.")
            return [value, *words[:at], *words[at + 1 :]] if equals else [words[at + 1], *words[:at], *words[at + 2 :]]
    return words


def _refuse_service_link() -> None:
    port = os.environ.get("VLLM_PORT", "")
    if port.startswith("tcp://"):
        raise ValueError(
            f"VLLM_PORT '{port}' appears to be a URI. This may be caused by a Kubernetes service discovery issue, "
            "check the warning in: https://docs.vllm.ai/en/stable/serving/env_vars.html"
        )
    if port:
        int(port)


def _prepare_directories() -> None:
    """vLLM writes to its cache and to /tmp; an image run as an unknown user gets a PermissionError here."""
    xdg = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    root = os.environ.get("VLLM_CACHE_ROOT") or str(Path(xdg) / "vllm")
    Path(root).expanduser().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory():
        pass


def run(args: Sequence[str], *, serve: bool) -> None:
    """Run the server until SIGTERM."""
    settings = parse(args, serve=serve)
    log("vLLM", f"this is a stand-in for vLLM {VERSION}; its tokens are a tiny demo model's")
    if why := fault(settings):
        sys.exit(f"vLLM stand-in: {why}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _prepare_directories()
    log("vLLM", fetch(settings.model))
    if settings.headless:
        sys.exit(asyncio.run(follow(settings.node_rank, settings.master_addr, settings.master_port)))
    asyncio.run(Vllm(settings).serve())


def api_server() -> None:
    """`python3 -m vllm.entrypoints.openai.api_server`."""
    log("vLLM", "The `python -m vllm.entrypoints.openai.api_server` command is deprecated.")
    run(sys.argv[1:], serve=False)


def main() -> None:
    """The `vllm` command."""
    args = sys.argv[1:]
    if args in (["--version"], ["-v"]):
        print(f"{VERSION} (stand-in)")
    elif args[:1] == ["serve"]:
        run(args[1:], serve=True)
    elif args in (["--help"], ["-h"]):
        print(USAGE)
    else:
        print(USAGE, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
