"""What stands in for the download of a model: the cache that the engine would fill, without the weights."""

from __future__ import annotations

import os
from pathlib import Path


def cache_home() -> Path:
    """The Hugging Face cache: `HF_HUB_CACHE`, `HF_HOME`/hub or, below `XDG_CACHE_HOME` or ~/.cache, huggingface/hub."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named)
    home = os.environ.get("HF_HOME")
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return (Path(home) if home else Path(cache).expanduser() / "huggingface") / "hub"


def fetch(model: str) -> str:
    """Find or "download" `model` as the engine would; a line for its log.

    A path must hold a model. Any other name is one of Hugging Face's: it is read from the cache, or written there as an
    empty entry, without the network.

    Raises:
        OSError: the path holds no model; or the cache lacks it and may not be written, or HF_HUB_OFFLINE is set.
    """
    path = Path(model)
    if path.exists():
        if path.is_dir() and not (path / "config.json").is_file():
            raise OSError(f"{model} does not appear to have a file named config.json.")
        return f"model found at {path}"
    if path.is_absolute() or model.count("/") > 1:
        raise OSError(f"Repo id must be in the form 'repo_name' or 'namespace/repo_name': '{model}'.")
    entry = cache_home() / f"models--{model.replace('/', '--')}" / "refs" / "main"
    if entry.exists():
        return f"model found in {cache_home()}"
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        raise OSError(
            f"We couldn't connect to 'https://huggingface.co' to load {model} and couldn't find it in the cache."
        )
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_text("0" * 40)
    return f"model 'downloaded' to {cache_home()} (a stand-in has no weights)"
