"""Where a model's config.json comes from: a file the user names, what is known, or a hub."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inference_stack import known
from inference_stack.errors import StackError
from inference_stack.models import Model, from_config

HUB = "https://huggingface.co"
SECONDS = 20
NAME = re.compile(r"[\w.-]+/[\w.-]+")
INDEX = "model.safetensors.index.json"


def model(name: str, files: Mapping[str, Path], online: bool) -> Model:
    """The model of that name. `files` are the user's own: a config.json, or the directory that has it, by name.

    Raises:
        StackError: it is nowhere, or its config.json does not have what is needed.
    """
    if name in files or Path(name).is_dir():
        return local(name, files.get(name, Path(name)))
    config = known.config(name)
    if config:
        return from_config(config, name, known.SOURCE)
    if not NAME.fullmatch(name):
        raise StackError(f"The sizes of {name or 'a model without a name'} are not known.", _hint(name))
    if not online:
        raise StackError(f"The sizes of {name} are not known here.", f"{_hint(name)} --hub asks the hub.")
    return remote(name)


def _hint(name: str) -> str:
    return f"Give its config.json: --model {name or 'NAME'}=PATH."


def local(name: str, path: Path) -> Model:
    """A model from its config.json on this machine, with the sizes of the weights that lie beside it."""
    file = path / "config.json" if path.is_dir() else path
    try:
        config = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise StackError(f"{file} cannot be read as JSON: {error}", _hint(name)) from error
    found = from_config(config, name, str(file))
    index = file.parent / INDEX
    if index.is_file():
        return found.with_files(int(json.loads(index.read_text())["metadata"]["total_size"]), INDEX)
    weights = sorted(file.parent.glob("*.safetensors"))
    return found.with_files(sum(each.stat().st_size for each in weights), "*.safetensors") if weights else found


def remote(name: str) -> Model:
    """A model from the hub that HF_ENDPOINT names, else Hugging Face, with the size of its weights if it says it."""
    address = f"{hub()}/{name}/resolve/main"
    config = fetch(f"{address}/config.json")
    found = from_config(config, name, f"{address}/config.json")
    try:
        return found.with_files(int(fetch(f"{address}/{INDEX}")["metadata"]["total_size"]), INDEX)
    except (StackError, KeyError):
        return found  # one file, or none that is safetensors: the parameters are counted


def hub() -> str:
    """The address of the hub."""
    return os.environ.get("HF_ENDPOINT", HUB).rstrip("/")


def fetch(address: str) -> Any:
    """The JSON at an address."""
    return stream(address, json.load)


def stream(address: str, read: Callable[[Any], Any]) -> Any:
    """What is read of an address, which asks for no more than that."""
    request = urllib.request.Request(address, headers={"User-Agent": "inference-stack"})
    token = os.environ.get("HF_TOKEN")
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return read(answer)
    except (OSError, ValueError) as error:
        gated = isinstance(error, urllib.error.HTTPError) and error.code in (401, 403)
        hint = "It needs a token: set HF_TOKEN." if gated else "Name its file with --model NAME=PATH."
        raise StackError(f"{address} cannot be read: {error}", hint) from error
