"""Image archives written from plain files, byte for byte reproducible, without Docker.

The format is the docker-archive (what `docker save` writes) with gzipped layers: `crane push`, `ctr images import` and
`kind load image-archive` all take it, and none of them has to compress a layer again.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import HarnessError

EPOCH = "1970-01-01T00:00:00Z"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
COMPRESSION_LEVEL = 5


@dataclass(frozen=True)
class ImageArchive:
    """An image in a tar file; `reference` is its full name with registry and tag."""

    reference: str
    path: Path


@dataclass(frozen=True)
class File:
    """A regular file: a path to read, or the bytes themselves."""

    source: Path | bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Directory:
    """A directory of its own; parents of other entries are made without being named (root, 0755)."""

    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Symlink:
    """A symbolic link to `target`, which is not resolved."""

    target: str


Entry = File | Directory | Symlink
Files = Mapping[str, Entry | Path | bytes]
"""Path in the image -> what lies there.

A `Path` is copied: a directory with everything below it and its symbolic links as they are, a file as 0755 if its owner
may run it, else 0644 (modes such as the 0700 of a temporary directory must not become the image's). `bytes` are a 0644
file.
"""


@dataclass(frozen=True)
class Layer:
    """A gzipped layer on disk; several images may be built on it, and a registry stores it once."""

    path: Path
    diff_id: str


def accounts(*users: tuple[str, int, int, str]) -> dict[str, bytes]:
    """`/etc/passwd` and `/etc/group` with root, nobody and `users` (name, uid, gid, home)."""
    rows = [("root", 0, 0, "/root"), *users, ("nobody", 65534, 65534, "/nonexistent")]
    groups = {0: "root", **{gid: name for name, _, gid, _ in rows if gid}}
    return {
        "/etc/passwd": "".join(f"{n}:x:{u}:{g}:{n}:{home}:/bin/sh\n" for n, u, g, home in rows).encode(),
        "/etc/group": "".join(f"{name}:x:{gid}:\n" for gid, name in groups.items()).encode(),
    }


def write_layer(path: Path, files: Files) -> Layer:
    """Write one layer; the same files give the same bytes, whatever their owners, dates and order were."""
    with (
        replacing(path) as out,
        gzip.GzipFile("", "wb", COMPRESSION_LEVEL, out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, entry in _with_parents(_flat(files)):
            _add(tar, name, entry)
    with gzip.open(path) as plain:  # a layer's identity is that of its uncompressed tar
        return Layer(path, f"sha256:{hashlib.file_digest(plain, 'sha256').hexdigest()}")


def write_archive(
    path: Path,
    reference: str,
    files: Files,
    *,
    base: Sequence[Layer] = (),
    entrypoint: Sequence[str] = (),
    cmd: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    user: str = "",
    workdir: str = "/",
) -> ImageArchive:
    """Write an image: the layers of `base`, and `files` on top.

    `reference` has a registry and a tag. `env` is added to the usual `PATH`. `user` is as in a Dockerfile ("" is root).
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        top = write_layer(Path(work, "top.tar.gz"), files)
        layers = [*base, top]
        settings = {
            "Env": [f"{k}={v}" for k, v in {"PATH": SEARCH_PATH, **(env or {})}.items()],
            "WorkingDir": workdir,
            "Entrypoint": list(entrypoint),
            "Cmd": list(cmd),
            "User": user,
        }
        config = _json(
            {
                "architecture": architecture(),
                "os": "linux",
                "created": EPOCH,
                "config": {key: value for key, value in settings.items() if value},
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
                "history": [{"created": EPOCH, "created_by": "harness.images"} for _ in layers],
            }
        )
        names = [f"{layer.diff_id.removeprefix('sha256:')}.tar.gz" for layer in layers]
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        manifest = _json([{"Config": config_name, "RepoTags": [reference], "Layers": names}])
        with replacing(path) as out, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, "manifest.json", File(manifest))
            _add(tar, config_name, File(config))
            # Two layers may be the same (an empty one, say); a name is written once.
            for name, layer in dict(zip(names, layers, strict=True)).items():
                _add(tar, name, File(layer.path))
    return ImageArchive(reference, path)


def architecture() -> str:
    """The name that images give to this machine's architecture.

    Raises:
        HarnessError: no image can be built from this machine's files.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ARCHITECTURES:
        raise HarnessError(
            f"Images are made of this machine's programs, and {system} on {machine} has none that a node could run.",
            "Use Linux on amd64 or arm64.",
        )
    return ARCHITECTURES[machine]


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when it is complete."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w+b") as out:
            yield out
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _flat(files: Files) -> dict[str, Entry]:
    """Every entry by its relative path, directories walked."""
    flat: dict[str, Entry] = {}
    for dest, source in files.items():
        name = str(PurePosixPath("/", dest).relative_to("/"))
        if isinstance(source, bytes):
            flat[name] = File(source)
        elif isinstance(source, Path):
            if not source.exists():
                raise HarnessError(f"{source}: not there, so it cannot be put into an image.")
            root = source.resolve()
            for item in (root, *root.rglob("*")):
                flat[str(PurePosixPath(name, item.relative_to(root)))] = _copied(item)
        else:
            flat[name] = source
    flat.pop(".", None)  # the image's root: an unpacker makes it, 0755
    return flat


def _copied(path: Path) -> Entry:
    if path.is_symlink():
        return Symlink(str(path.readlink()))
    if path.is_dir():
        return Directory()
    return File(path, 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _with_parents(entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """The entries in order, each directory before what it holds, none twice."""
    parents = {str(p): Directory() for name in entries for p in PurePosixPath(name).parents if str(p) != "."}
    # Sorted by parts, so that "a/b" stands behind "a" and before "a-b".
    yield from sorted({**parents, **entries}.items(), key=lambda item: PurePosixPath(item[0]).parts)


def _add(tar: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(name)
    if isinstance(entry, Symlink):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
        tar.addfile(info)
        return
    info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
    if isinstance(entry, Directory):
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif isinstance(entry.source, bytes):
        info.size = len(entry.source)
        tar.addfile(info, io.BytesIO(entry.source))
    else:
        with entry.source.open("rb") as data:
            info.size = os.fstat(data.fileno()).st_size
            tar.addfile(info, data)
