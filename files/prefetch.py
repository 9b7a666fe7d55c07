"""Fetch one model into HF_HOME before the engine starts: `prefetch.py REPO REVISION`, with "" for main."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

for each in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_ENABLE_HF_TRANSFER"):
    os.environ.pop(each, None)  # the first two are meant for the engine; hf_transfer cannot go on where it stopped
os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")  # nor can Xet
from huggingface_hub import HfApi, constants, errors, file_download as hub, get_token, snapshot_download  # noqa: E402,I001

# The weights again, left out where safetensors are in the same directory, or at the root for those of ELSEWHERE.
AGAIN, ELSEWHERE = ("*.bin", "*.pth", "*.pt", "*.gguf", "consolidated*"), ("original/*", "metal/*")
PARTIAL, GIB, SPACE = ".prefetch.incomplete", 2**30, "enlarge the volume, or delete from it what is not used"
TOKEN = ("asks for a token, or does not exist: set hub.token of the release", "refuses the token: correct hub.token")
WHY = {  # the first class that fits; 401 has TOKEN instead
    errors.RevisionNotFoundError: "has no revision {revision}: correct the revision",
    errors.GatedRepoError: "is gated: ask for access on that page with the account of hub.token",
    errors.RepositoryNotFoundError: "does not exist, or is hidden from the token: correct the model or hub.token",
    Exception: "cannot be read ({error}): see hub.endpoint, the name of the model, proxy and network policy",
}
# What the HTTP client raises, requests in old versions and httpx in new ones: huggingface_hub's errors inherit from it.
HTTP: Any = tuple(c for c in errors.HfHubHTTPError.__mro__ if c.__module__.startswith(("requests", "httpx")))


def say(text: str, code: int = -1) -> None:
    print(" ".join(text.split()), file=sys.stderr if code > 0 else sys.stdout, flush=True)
    if code >= 0:
        os._exit(code)  # at once, whatever threads still do: the next start goes on from there


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{os.uname().nodename}.tmp").write_text(text)
        path.with_name(f".{os.uname().nodename}.tmp").replace(path)


def fetch(repo: str, commit: str, f: Any, blobs: Path) -> None:
    """Put a large file where huggingface_hub looks for it: since 1.17 or so, that itself begins anew at each start."""
    url = hub.hf_hub_url(repo, f.rfilename, revision=commit)
    etag = hub.get_hf_file_metadata(url).etag or f.lfs.sha256
    path, digest = blobs / f"{etag}{PARTIAL}", hashlib.sha256()
    with path.open("ab+") as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # another revision may have the same file
        if size(blobs / etag) >= 0:
            path.unlink(missing_ok=True)
            return
        if (start := out.seek(0, os.SEEK_END)) < f.size:
            hub.http_get(url, out, resume_size=start, headers={**hub.build_hf_headers(), "accept-encoding": "identity"})
        out.seek(0)
        while start and (piece := out.read(2**24)):  # a node that went down may have left holes in what was there
            digest.update(piece)
        if out.seek(0, os.SEEK_END) != f.size or (start and digest.hexdigest() != f.lfs.sha256):
            out.truncate(0)
            say(f"{f.rfilename} of {repo} came damaged: emptied, the next start fetches it anew", 1)
        path.replace(blobs / etag)


def prefetch(repo: str, revision: str) -> None:
    key = hashlib.sha256(f"{constants.ENDPOINT} {repo} {revision}".encode()).hexdigest()
    marker = Path(constants.HF_HOME, ".prefetch", f"{key}.json")
    folder = Path(constants.HF_HUB_CACHE, "models--" + repo.replace("/", "--"))
    blobs, snapshots = folder / "blobs", folder / "snapshots"

    def finish(said: str, commit: str, sizes: dict[str, int]) -> None:
        if all(size(snapshots / commit / name) == wanted for name, wanted in sizes.items()):
            if revision != commit:  # downloaded by its commit, a branch would not be known offline
                write(folder / "refs" / revision, commit)
            write(marker, json.dumps([commit, sizes]))
            say(f"{repo} is {said}", 0)

    marker.parent.mkdir(parents=True, exist_ok=True)
    held, locked = marker.with_suffix(".lock").open("ab"), True  # open until the process ends
    signal.signal(signal.SIGALRM, lambda *_: say(f"another pod downloads {repo}: waiting"))
    signal.setitimer(signal.ITIMER_REAL, 1, 30)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise
        locked = False
    signal.alarm(0)
    if marker.exists():
        finish("there", *json.loads(marker.read_text()))
    info: Any = HfApi().repo_info(repo, revision=revision, files_metadata=True, timeout=30)
    names = [f.rfilename for f in info.siblings]
    root = {n: Path() if any(fnmatch(n, p) for p in ELSEWHERE) else Path(n).parent for n in names}
    twice = {n for n in names if any(fnmatch(n, p) for p in AGAIN + ELSEWHERE)}
    again = {n for n in twice if root[n] in {root[m] for m in names if m.endswith(".safetensors") and m not in twice}}
    files = {f.rfilename: f for f in info.siblings if f.rfilename not in again}
    large = {f.lfs.sha256: f for f in files.values() if f.lfs and f.size}
    snapshot, total, had = snapshots / info.sha, sum(f.size or 0 for f in files.values()), 0

    def progress(*timer: object) -> None:
        nonlocal had
        paths = {sha: (snapshot / f.rfilename, blobs / sha, blobs / f"{sha}{PARTIAL}") for sha, f in large.items()}
        before, had = had, sum(min(large[sha].size, max(0, *map(size, paths[sha]))) for sha in large)
        speed = f", {(had - before) / 1e7:.0f} MB/s" if timer else ""
        say(f"{had / GIB:.1f} of {total / GIB:.1f} GiB, {100 * had // max(total, 1)} %{speed}")

    blobs.mkdir(parents=True, exist_ok=True)
    say(f"{repo} at {info.sha}" + (f", left out: {', '.join(sorted(again))}" if again else ""))
    progress()
    if total - had > (free := shutil.disk_usage(blobs).free):
        lack = f"{(total - had) / GIB:.1f} GiB, {free / GIB:.1f} GiB are free on {constants.HF_HOME}"
        say(f"{repo} needs {lack}: {SPACE}", 1)
    signal.signal(signal.SIGALRM, progress)
    signal.setitimer(signal.ITIMER_REAL, 10, 10)
    if locked and hub.are_symlinks_supported(constants.HF_HUB_CACHE):  # else each would be copied
        list(ThreadPoolExecutor(8).map(lambda f: fetch(repo, info.sha, f, blobs), large.values()))
    snapshot_download(repo, revision=info.sha, ignore_patterns=list(again))
    # Offline, new versions refuse a snapshot that lacks a file of this list.
    (folder / "trees" / f"{info.sha}.json").unlink(missing_ok=True)
    sizes = {name: size(snapshot / name) if f.size is None else f.size for name, f in files.items()}
    finish("complete", info.sha, sizes)
    for name in [name for name in sizes if size(snapshot / name) != sizes[name]]:
        (snapshot / name).resolve().unlink(missing_ok=True)
    say(f"{repo} has files of other sizes than the hub says: deleted, the next start fetches them anew", 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))  # process 1 would not end by itself
    repo, revision = sys.argv[1], sys.argv[2] or "main"
    try:
        prefetch(repo, revision)
    except (*HTTP, errors.LocalEntryNotFoundError, errors.FileMetadataError, errors.HFValidationError) as error:
        code = getattr(getattr(error, "response", None), "status_code", "error")
        why = TOKEN[bool(get_token())] if code == 401 else next(WHY[kind] for kind in WHY if isinstance(error, kind))
        say(f"{code}: {constants.ENDPOINT}/{repo} {why.format(revision=revision, error=error.__cause__ or error)}", 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        say(f"{constants.HF_HOME} is full: {SPACE}", 1)
