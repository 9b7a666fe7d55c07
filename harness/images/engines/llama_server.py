"""The llama.cpp server (a real engine, from the wheel `xllamacpp`) behind the command line of `llama-server`.

As llama-server: 127.0.0.1:8080 by default, the variables `LLAMA_ARG_*` and `LLAMA_API_KEY` for what the command line
does not set, `--alias a,b`, and an error for a flag that it does not have (exit code 1). SIGTERM cuts open streams, and
if a connection was open the process exits only after `--sse-ping-interval` seconds (30; never if -1). `-m` must name a
file.

Unlike llama-server: `-hf` and `--model-url` are accepted without a download and give the tiny model; the port is not
open while the model loads (a second); flags for GPUs, LoRA adapters, drafts and the like have no effect.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import xllamacpp

from .backend import model_path
from .command_line import add_flags, with_variables
from .core import log

FROM_ENVIRONMENT = {
    "api_key": "LLAMA_API_KEY",
    "metrics": "LLAMA_ARG_ENDPOINT_METRICS",
    "parallel": "LLAMA_ARG_N_PARALLEL",
    "predict": "LLAMA_ARG_N_PREDICT",
    "temp": "LLAMA_ARG_TEMPERATURE",
}
"""The variables that are not named as their flag is."""


class Parser(argparse.ArgumentParser):
    """llama-server's way to refuse: a line, and exit code 1."""

    def error(self, message: str) -> NoReturn:
        print(f"error: invalid argument: {message.removeprefix('unrecognized arguments: ')}", file=sys.stderr)
        sys.exit(1)


def parse(args: Sequence[str]) -> argparse.Namespace:
    """The settings: the command line's, else the environment's.

    Raises:
        SystemExit: (1) an argument that llama-server refuses.
    """
    parser = Parser(prog="llama-server", allow_abbrev=False)
    add_flags(parser, "llama-server")
    return with_variables(parser, args, lambda name: FROM_ENVIRONMENT.get(name, f"LLAMA_ARG_{name.upper()}"))


def parameters(settings: argparse.Namespace) -> xllamacpp.CommonParams:
    """The server's parameters.

    Raises:
        SystemExit: (1) no model is named, or the file is not there.
    """
    params = xllamacpp.CommonParams()
    if settings.model and not settings.hf_repo and not settings.model_url:
        if not Path(settings.model).is_file():
            sys.exit(f"error: failed to open GGUF file '{settings.model}'")
        params.model.path = settings.model
    elif settings.hf_repo or settings.model_url:
        log("llama-server", f"the tiny model stands in for {settings.hf_repo or settings.model_url}")
        params.model.path = str(model_path())
    else:
        sys.exit("error: no model: use -m, -hf or --model-url")
    if settings.alias:
        params.model_alias = {name.strip() for name in settings.alias.split(",")}
    params.hostnames = [settings.host or "127.0.0.1"]
    params.port = 8080 if settings.port is None else settings.port
    params.endpoint_metrics = settings.metrics
    params.embedding = settings.embeddings
    params.n_parallel = 4  # llama-server's own default
    params.use_jinja = settings.jinja is not False  # its own default too; without it tools are left out of a prompt
    if settings.chat_template:
        params.chat_template = settings.chat_template
    if settings.chat_template_file:
        params.chat_template = Path(settings.chat_template_file).read_text()
    params.ctx_shift = bool(settings.context_shift)
    if settings.pooling:
        params.pooling_type = getattr(xllamacpp.llama_pooling_type, f"LLAMA_POOLING_TYPE_{settings.pooling.upper()}")
    keys = settings.api_key.split(",") if settings.api_key else []
    if settings.api_key_file:
        keys += Path(settings.api_key_file).read_text().split()
    params.api_keys = keys
    for name, field in (("ctx_size", "n_ctx"), ("parallel", "n_parallel"), ("predict", "n_predict")):
        if (value := getattr(settings, name)) is not None:
            setattr(params, field, value)
    if settings.threads is not None:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    if settings.temp is not None:
        params.sampling.temp = settings.temp
    if settings.sse_ping_interval is not None:
        params.sse_ping_interval = settings.sse_ping_interval
    return params


def main() -> None:
    """The `llama-server` command."""
    settings = parse(sys.argv[1:])
    if settings.version:
        print(f"llama.cpp server of xllamacpp {xllamacpp.__version__}")
        return
    params = parameters(settings)
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # in the server's threads too: this one waits for them
    server = xllamacpp.Server(params)
    log("llama-server", f"the llama.cpp server listens on {server.listening_address}")
    signal.sigwait(signals)
    if _cut_connections():
        threading.Event().wait(params.sse_ping_interval if params.sse_ping_interval >= 0 else None)
    # Not a return: that would let the server finish its streams, which llama-server does not.
    os._exit(0)


def _cut_connections() -> int:
    """Shut the connections of this process; how many there were."""
    cut = 0
    for entry in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as connection:
            connection.getpeername()  # only a connection has a peer
            connection.shutdown(socket.SHUT_RDWR)
            cut += 1
    return cut


if __name__ == "__main__":
    main()
