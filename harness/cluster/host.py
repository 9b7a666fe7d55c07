"""What a node in namespaces needs of this machine. Every check says what to do when it fails."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.cluster import KUBECONFIG_VARIABLE, cgroups
from harness.errors import HarnessError
from harness.paths import cache_dir
from harness.run import CommandError, run
from harness.tools import apt_install

PROGRAMS = {
    "bash": "bash",
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "runc": "runc",
    "unshare": "util-linux",
}
"""Programs a node runs, and the Debian packages that have them."""

INSIDE = Path("/mnt")
"""Where a node sees its programs and its state; whatever this machine has there is hidden from the node."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--propagation", "private")
RUN_GIB = 2.0  # a node wants this much for images and data before it begins to evict pods
OTHERWISE = f"Without that: start Docker and install kind, or name a cluster's kubeconfig with {KUBECONFIG_VARIABLE}."


def check() -> None:
    """Make sure that a node can run here; missing programs are installed where that is possible.

    Raises:
        HarnessError: it cannot, and why.
    """
    if platform.system() != "Linux":
        raise HarnessError(f"A cluster in namespaces needs Linux; this is {platform.system()}.", OTHERWISE)
    require_root()
    check_place(cache_dir())
    cgroups.hierarchies()
    apt_install(PROGRAMS)
    require_space([cache_dir()], RUN_GIB)
    # Where PATH has no sbin, Python finds no program there either.
    os.environ["PATH"] = node_path()
    try:
        run(["unshare", *NAMESPACES, "true"])
    except CommandError as error:
        raise HarnessError(
            f"This root may not make namespaces (a container without --privileged?)\n{error.message}",
            f"Run it on the machine itself or in a privileged container. {OTHERWISE}",
        ) from error


def require_root() -> None:
    """Raises: HarnessError if this is not root."""
    if os.geteuid() != 0:
        raise HarnessError(
            "A cluster in namespaces needs root, for its namespaces, mounts and control groups.",
            f"Run this as root (sudo). {OTHERWISE}",
        )


def check_place(cache: Path) -> None:
    """Raises: HarnessError if the node could not see the cache."""
    if not INSIDE.is_dir():
        raise HarnessError(f"{INSIDE} is not there; a node keeps its own view of things in it.", f"mkdir {INSIDE}")
    if cache.resolve().is_relative_to(INSIDE):
        raise HarnessError(
            f"The cache {cache} lies under {INSIDE}, which a node covers with its own files.",
            f"Point INFERENCE_STACK_CACHE at a directory that is not under {INSIDE}.",
        )


def require_space(directories: Iterable[Path], gibibytes: float) -> None:
    """Raises: HarnessError if one of the disks below `directories` has less free space than that."""
    for directory in directories:
        existing = next(p for p in (directory, *directory.parents) if p.exists())
        free = shutil.disk_usage(existing).free / 2**30
        if free < gibibytes:
            raise HarnessError(
                f"{directory}: {free:.1f} GiB free, {gibibytes:.0f} GiB needed",
                "Make room there, or point INFERENCE_STACK_CACHE (GOCACHE and GOMODCACHE for Go's own) elsewhere.",
            )


def node_path() -> str:
    """PATH with the places where the system keeps root's programs; what the user named comes first."""
    parts = [*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_PATH.split(os.pathsep)]
    return os.pathsep.join(dict.fromkeys(filter(None, parts)))
