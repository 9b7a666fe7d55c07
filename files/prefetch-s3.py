"""Fetch a model of an object store before the engine starts: `prefetch-s3.py s3://BUCKET/PREFIX DIRECTORY`."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
except ImportError:
    sys.exit("the image has no boto3, which reads s3://: take one that has it, or a model of the hub")

PIECE, GIB, SPACE = 2**23, 2**30, "enlarge the volume, or delete from it what is not used"
KEYS = "refuses the keys: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the rights of the service account"
WHY = {
    "NoSuchBucket": "has no such bucket: correct modelName",
    "404": "has no such bucket: correct modelName",
    "PreconditionFailed": "changed meanwhile: the next start fetches it anew",
}


def say(text: str, code: int = -1) -> None:
    print(" ".join(text.split()), file=sys.stderr if code > 0 else sys.stdout, flush=True)
    if code >= 0:
        os._exit(code)  # at once, whatever threads still do: the next start goes on from there


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def partial(path: Path, etag: str) -> Path:
    """Where an object is while it comes; one that was replaced in the store has another name."""
    return path.with_name(f".{path.name}.{hashlib.sha256(etag.encode()).hexdigest()[:8]}.incomplete")


def fetch(client: Any, bucket: str, key: str, found: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part, etag, digest = partial(path, found["ETag"]), found["ETag"].strip('"'), hashlib.md5(usedforsecurity=False)
    with part.open("ab+") as out:
        if (start := out.seek(0, os.SEEK_END)) < found["Size"]:
            body = client.get_object(Bucket=bucket, Key=key, IfMatch=found["ETag"], Range=f"bytes={start}-")["Body"]
            for piece in body.iter_chunks(PIECE):
                out.write(piece)
        out.seek(0)
        while start and (piece := out.read(PIECE)):  # a node that went down may have left holes in what was there
            digest.update(piece)
        whole = start and len(etag) == 32 and "-" not in etag  # the MD5 of an object that was uploaded in one
        if out.seek(0, os.SEEK_END) != found["Size"] or (whole and digest.hexdigest() != etag):
            out.truncate(0)
            say(f"{key} of {bucket} came damaged: emptied, the next start fetches it anew", 1)
    part.replace(path)


def prefetch(address: str, directory: Path) -> None:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    marker = directory / ".prefetch.json"

    def finish(said: str, sizes: dict[str, int]) -> None:
        if all(size(directory / name) == wanted for name, wanted in sizes.items()):
            marker.write_text(json.dumps({"address": address, "sizes": sizes}))
            say(f"{address} is {said}", 0)

    directory.mkdir(parents=True, exist_ok=True)
    held = (directory / ".prefetch.lock").open("ab")  # open until the process ends
    signal.signal(signal.SIGALRM, lambda *_: say(f"another pod downloads {address}: waiting"))
    signal.setitimer(signal.ITIMER_REAL, 1, 30)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise
    signal.alarm(0)
    if marker.exists() and (known := json.loads(marker.read_text()))["address"] == address:
        finish("there", known["sizes"])
    client = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=30))
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = {each["Key"].removeprefix(prefix): each for page in pages for each in page.get("Contents", ())}
    objects = {name: each for name, each in objects.items() if name and not name.endswith("/")}
    if not objects:
        say(f"404: nothing is under {address}: correct modelName", 1)
    total, had = sum(each["Size"] for each in objects.values()), 0

    def progress(*timer: object) -> None:
        nonlocal had
        places = {name: (directory / name, partial(directory / name, each["ETag"])) for name, each in objects.items()}
        before, had = had, sum(max(0, *map(size, both)) for both in places.values())
        speed = f", {(had - before) / 1e7:.0f} MB/s" if timer else ""
        say(f"{had / GIB:.1f} of {total / GIB:.1f} GiB, {100 * had // max(total, 1)} %{speed}")

    for name, each in objects.items():  # of the model that was here before, or replaced in the store
        if size(directory / name) not in (-1, each["Size"]):
            (directory / name).unlink()
    progress()
    if total - had > (free := shutil.disk_usage(directory).free):
        say(f"{address} needs {(total - had) / GIB:.1f} GiB, {free / GIB:.1f} GiB are free on {directory}: {SPACE}", 1)
    signal.signal(signal.SIGALRM, progress)
    signal.setitimer(signal.ITIMER_REAL, 10, 10)
    lacking = {name: each for name, each in objects.items() if size(directory / name) < 0}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda of: fetch(client, bucket, prefix + of[0], of[1], directory / of[0]), lacking.items()))
    finish("complete", {name: each["Size"] for name, each in objects.items()})


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))  # process 1 would not end by itself
    address = sys.argv[1]
    try:
        prefetch(address, Path(sys.argv[2]))
    except NoCredentialsError:
        say(f"403: {address} has no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give it an account", 1)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "error")
        code = error.response.get("Error", {}).get("Code", "")
        say(f"{status}: the store of {address} {WHY.get(code, KEYS if status == 403 else f'answers {error}')}", 1)
    except BotoCoreError as error:
        say(f"error: {address} cannot be read ({error}): see AWS_ENDPOINT_URL, proxy and network policy", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        say(f"{sys.argv[2]} is full: {SPACE}", 1)
