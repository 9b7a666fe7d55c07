"""The control group that holds every process of one cluster, in each hierarchy.

Version 1 has a hierarchy for each controller, version 2 has one.
Version 2 is written by its documentation and has not been run.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from harness.cluster.processes import kill, wait_until
from harness.errors import HarnessError

MOUNT = Path("/sys/fs/cgroup")
CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")


def hierarchies(mount: Path = MOUNT) -> list[Path]:
    """The root groups: one for version 2, one for each controller of version 1.

    Raises:
        HarnessError: none is mounted.
    """
    if (mount / "cgroup.controllers").exists():
        return [mount]
    # Version 1 often has links beside the real directories, such as cpu -> cpu,cpuacct.
    found = sorted(p.parent for p in mount.glob("*/cgroup.procs") if not p.parent.is_symlink())
    if not found:
        raise HarnessError(
            f"No control groups are mounted at {mount}",
            "Mount them (`mount -t cgroup2 cgroup /sys/fs/cgroup`), or start Docker, or name a kubeconfig.",
        )
    return found


def create(name: str, mount: Path = MOUNT) -> list[Path]:
    """Make the group `name`, and those above it if it has slashes, in every hierarchy."""
    return [_create(root, Path(name)) for root in hierarchies(mount)]


def _create(root: Path, name: Path) -> Path:
    parent = _create(root, name.parent) if name.parent.name else root
    if (parent / "cgroup.controllers").exists():
        _hand_down(parent)
    group = parent / name.name
    group.mkdir(exist_ok=True)
    for file in CPUSET_FILES:  # a cpuset of version 1 takes no process before it has CPUs and memory nodes
        if (parent / file).exists() and (group / file).exists():
            (group / file).write_text((parent / file).read_text())
    return group


def _hand_down(root: Path) -> None:
    """Version 2: let the children of `root` use every controller it has; one that cannot be is the node's to report."""
    for controller in (root / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (root / "cgroup.subtree_control").write_text(f"+{controller}")


def processes(name: str, mount: Path = MOUNT) -> set[int]:
    """Every process in the group `name` and in those below it."""
    found: set[int] = set()
    for group in _groups(name, mount):
        for directory, _, _ in os.walk(group):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                found.update(map(int, Path(directory, "cgroup.procs").read_text().split()))
    return found - {0}  # 0 stands for a process that cannot be seen from here


def remove(name: str, mount: Path = MOUNT) -> None:
    """End whatever is left in the group and remove it from every hierarchy.

    Raises:
        HarnessError: it cannot be removed.
    """

    def gone() -> bool:
        for pid in processes(name, mount):
            kill(pid)
        for group in _groups(name, mount):
            for directory, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):  # a process in it has not ended yet
                    Path(directory).rmdir()
        return not _groups(name, mount)

    wait_until(gone, f"Removing the control group {name}")


def _groups(name: str, mount: Path) -> list[Path]:
    roots = [mount, *mount.glob("*/")]
    return [root / name for root in roots if not root.is_symlink() and (root / name).is_dir()]
