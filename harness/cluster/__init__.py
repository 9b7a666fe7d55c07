"""A Kubernetes to install on: one the user names, kind in Docker, or one made of this machine's namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.run import CommandError, run

__all__ = ["DEFAULT_NAME", "Cluster", "Status", "choose"]

DEFAULT_NAME = "inference-stack"
KUBECONFIG_VARIABLE = "INFERENCE_STACK_KUBECONFIG"
DOCKER_SECONDS = 10.0


@dataclass(frozen=True)
class Status:
    """What a cluster says of itself; `server_version` is like `v1.37.2`, and empty while nothing answers."""

    provider: str
    name: str
    running: bool
    server_version: str = ""
    nodes: int = 0
    gpus: int = 0
    detail: str = ""


class Cluster(Protocol):
    """A Kubernetes cluster, whoever provides it."""

    name: str

    def up(self) -> None:
        """Start it, unless it runs already; it goes on when this process ends."""

    def down(self) -> None:
        """End it and remove everything that `up` has made; nothing happens if there is nothing."""

    def status(self) -> Status:
        """Whether it runs, and what is in it."""

    @property
    def kubeconfig(self) -> Path:
        """The file that kubectl and Helm reach it with; there once it is up."""

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Make the images answer in the cluster under their own names; those already there are skipped."""

    def advertise_gpus(self, count: int, resource: str = "nvidia.com/gpu") -> None:
        """Let every node offer `count` devices that are not there, so that pods asking for them are scheduled."""

    @property
    def registry(self) -> str | None:
        """`host:port` of an OCI registry that answers from here over plain HTTP; None if the cluster has none."""


def choose(name: str = DEFAULT_NAME, *, kubeconfig: Path | None = None) -> Cluster:
    """The cluster to use: the kubeconfig (or the one `$INFERENCE_STACK_KUBECONFIG` names), else kind, else namespaces.

    Kind is taken where a Docker engine answers and kind is there, or could be: without root, nothing else is left.

    Raises:
        HarnessError: the kubeconfig is not a file.
    """
    # Imported here: each of them needs this module's Status.
    from harness.cluster.given import Given
    from harness.cluster.kind import Kind
    from harness.cluster.namespaces import Namespaces

    named = kubeconfig or (Path(text) if (text := os.environ.get(KUBECONFIG_VARIABLE)) else None)
    if named is not None:
        if not named.is_file():
            raise HarnessError(
                f"{named}: no such file", f"Name an existing kubeconfig, or unset {KUBECONFIG_VARIABLE}."
            )
        return Given(name, named.absolute())
    if docker_answers() and (shutil.which("kind") or os.geteuid() != 0):
        return Kind(name)
    return Namespaces(name)


def docker_answers() -> bool:
    """Whether a Docker engine can be reached."""
    if shutil.which("docker") is None:
        return False
    try:
        return run(["docker", "info"], check=False, timeout=DOCKER_SECONDS).returncode == 0
    except CommandError:
        return False
