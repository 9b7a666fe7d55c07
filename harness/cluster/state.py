"""The record of a cluster that was started, so that any later process can end it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.cluster import Cluster
from harness.cluster.processes import Process
from harness.errors import HarnessError
from harness.images.archive import replacing
from harness.paths import cache_dir

RECORD = "cluster.json"
KIND, NAMESPACES = "kind", "namespaces"
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass
class Record:
    """One started cluster, written before anything of it exists.

    `nodes` are their PID 1s as this machine sees them, `boot` is the kernel's boot id, since which they have run.
    `programs` is the directory of what the nodes run: another checkout may have built newer ones since. `ready` is set
    once `up` is complete.
    """

    provider: str
    nodes: list[Process] = field(default_factory=list)
    boot: str = ""
    subnet: str = ""
    programs: str = ""
    ready: bool = False


class State:
    """The directory of one cluster: its record, keys, configuration and data. It is removed with the cluster."""

    def __init__(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise HarnessError(
                f"{name!r} cannot name a cluster",
                "Use up to 40 lower-case letters, digits and hyphens, a letter or digit at both ends.",
            )
        self.name = name
        self.directory = _clusters() / name

    @property
    def id(self) -> str:
        """8 hex digits that are the same as long as name and cache are, and no other cluster's on this machine."""
        return hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    def exists(self) -> bool:
        return self.directory.is_dir()

    def read(self) -> Record | None:
        """The record; None if there is none that can be read."""
        try:
            read = json.loads((self.directory / RECORD).read_text())
            return Record(**{**read, "nodes": [Process(**each) for each in read["nodes"]]})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, record: Record) -> None:
        """Write the record, completely or not at all."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # there are private keys below it
        with replacing(self.directory / RECORD) as out:
            out.write(json.dumps(asdict(record), indent=1).encode())

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        if self.exists():
            shutil.rmtree(self.directory)  # something was still being written; what fails now is worth an error


def started_by_us() -> list[Cluster]:
    """Every cluster that was started with this cache and has not been ended."""
    from harness.cluster.kind import Kind
    from harness.cluster.namespaces import Namespaces

    found: list[Cluster] = []
    for directory in sorted(_clusters().iterdir()):
        if directory.is_dir() and NAME.fullmatch(directory.name):
            record = State(directory.name).read()
            # Without a record, nothing but the directory can be left of a cluster; Namespaces looks for all the rest.
            found.append(Kind(directory.name) if record and record.provider == KIND else Namespaces(directory.name))
    return found


def _clusters() -> Path:
    return cache_dir("clusters").resolve()
