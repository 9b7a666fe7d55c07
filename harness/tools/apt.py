"""Programs that only the system's package manager has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import cache_dir
from harness.progress import Step, step
from harness.run import run
from harness.tools.store import advice, make_once

SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on every user's PATH


def installed(program: str) -> bool:
    """Whether the program is on PATH or where the system keeps those of root."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_DIRECTORIES))) is not None


def apt_install(programs: Mapping[str, str]) -> None:
    """Install the Debian packages of those programs that are missing: `{program: package}`.

    The package lists are refreshed only if apt does not get along with the ones it has.

    Raises:
        HarnessError: a program is missing and this is not root, not a system with apt, or apt failed.
    """
    missing = {program: package for program, package in programs.items() if not installed(program)}
    if not missing:
        return
    packages = sorted(set(missing.values()))
    command = f"apt-get install -y {' '.join(packages)}"
    if os.geteuid() != 0 or not installed("apt-get"):
        other = f"Install them with this system's package manager (Debian calls the packages {', '.join(packages)})."
        hint = f"Run: sudo {command}" if installed("apt-get") else other
        raise HarnessError(f"Not installed: {', '.join(sorted(missing))}", hint)
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]  # another apt may be at work: wait, s
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    with step(f"Installing {', '.join(packages)}") as shown:
        if run(install, env=quiet, stdin="", check=False).returncode == 0:
            return
        shown.detail("after refreshing the package lists")
        for words in ([*apt, "update"], install):
            run(words, env=quiet, stdin="", hint=lambda message: advice(message, f"Run: {command}"))


def apt_extract(package: str, file: str) -> Path:
    """A file of a Debian package, which need not be installed; fetched once.

    Raises:
        HarnessError: this system has no apt, or the package is not available.
    """
    if not installed("apt-get"):
        raise HarnessError(f"Not installed: {Path(file).name}", "Install it with this system's package manager.")

    def make(directory: Path, _: Step) -> None:
        run(["apt-get", "-q", "download", package], cwd=directory, hint=advice)
        run(["dpkg-deb", "--extract", *directory.glob("*.deb"), directory])

    return make_once(cache_dir("apt") / package, f"Fetching {package}", make) / file
