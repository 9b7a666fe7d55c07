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


def keep() -> tuple[set[str], set[str]]:
    """The adapters of the file that the engine has after this, and those it lacks, which are tried again next time."""
    wanted, has = json.loads(file.read_text()), loaded()
    for name in sorted(has):
        if wanted.get(name) != has[name]:
            change(f"unloading {name}", unload, lora_name=name)
    lacks = set()
    for name, source in sorted(wanted.items()):
        if has.get(name) != source and not change(
            f"loading {name} from {source}", load, lora_name=name, lora_path=source
        ):
            lacks.add(name)
    return wanted.keys() - lacks, lacks


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # process 1 would not end by itself
    ready.unlink(missing_ok=True)
    served: set[str] | None = None  # what a pod that was ready has had
    while True:
        try:
            has, lacks = keep()
            # One that was added since and cannot be loaded takes no pod out of service, nor a restarted engine.
            if not (lacks if served is None else lacks & served):
                served = (served or set()) | has
                ready.touch()
        except (URLError, OSError, ValueError, KeyError) as error:
            if ready.exists():
                print(f"the engine does not answer: {error}", flush=True)
            ready.unlink(missing_ok=True)  # it starts again, without adapters
        time.sleep(pause if ready.exists() else min(pause, 2))
