"""Keep an engine's adapters those of a file: `adapters.py FILE URL LOAD UNLOAD`, with the paths of its API."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

file, url, load, unload = Path(sys.argv[1]), *sys.argv[2:5]
pause = float(os.environ.get("PAUSE_SECONDS", "10"))
ready = Path(os.environ.get("READY_FILE", "/dev/shm/adapters-loaded"))
open_direct = build_opener(ProxyHandler({})).open  # whatever proxy the engine has for its downloads


def ask(path: str, body: dict[str, Any] | None = None) -> bytes:
    key = os.environ.get("ENGINE_KEY")
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    data = None if body is None else json.dumps(body).encode()
    with open_direct(Request(url + path, data, headers), timeout=900) as answer:  # a load may be a download
        return bytes(answer.read())


def loaded() -> dict[str, str]:
    """Name -> source of the adapters that the engine has."""
    models = json.loads(ask("/v1/models"))["data"]
    return {model["id"]: model["root"] for model in models if model.get("parent")}


def change(said: str, path: str, **body: Any) -> bool:
    try:
        ask(path, body)
    except HTTPError as error:
        print(f"{said}: {error.code} {' '.join(error.read().decode(errors='replace').split())[:500]}", flush=True)
        return False
    print(said, flush=True)
    return True


def keep() -> bool:
    """Whether the engine has every adapter of the file after this; one that it cannot load is tried again next time."""
    wanted, has = json.loads(file.read_text()), loaded()
    for name in sorted(has):
        if wanted.get(name) != has[name]:
            change(f"unloading {name}", unload, lora_name=name)
    fits = True
    for name, source in sorted(wanted.items()):
        if has.get(name) != source:
            fits &= change(f"loading {name} from {source}", load, lora_name=name, lora_path=source)
    return fits


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # process 1 would not end by itself
    ready.unlink(missing_ok=True)
    while True:
        try:
            # Once ready, an adapter that cannot be loaded takes no pod out of service.
            if keep() and not ready.exists():
                ready.touch()
        except (URLError, OSError, ValueError, KeyError) as error:
            if ready.exists():
                print(f"the engine does not answer: {error}", flush=True)
            ready.unlink(missing_ok=True)  # it starts again, without adapters
        time.sleep(pause if ready.exists() else min(pause, 2))
