"""The layer that the engine images share: a shell, Python, and what the engines' programs import."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from harness.images import host
from harness.images.archive import Entry, Layer, Symlink, write_layer
from harness.progress import Step
from harness.run import run

PACKAGES = {
    "PyYAML": "6.0.3",
    "anyio": "4.16.0",
    "certifi": "2026.10.18",
    "click": "8.5.1",
    "h11": "0.16.0",
    "httpcore": "1.0.9",
    "httpx": "0.28.1",
    "idna": "3.20",
    "prometheus-client": "0.26.0",
    "starlette": "1.10.0",
    "typing-extensions": "4.16.0",
    "uvicorn": "0.54.0",
    "xllamacpp": "2026.10.11549",
}
"""Every package with its version: nothing else is installed. A test compares them with pyproject.toml."""

UNUSED = (
    *("__pycache__", "_test*", "_tkinter*", "config-*", "dist-packages", "ensurepip", "idlelib", "lib2to3"),
    *("pydoc_data", "site-packages", "test", "tests", "tkinter", "turtledemo"),
)
"""Parts of Python's library that no engine imports."""

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""The interpreter's name in the images: this machine's."""
SITE_PACKAGES = f"/usr/local/lib/{PYTHON}/site-packages"


def identity() -> str:
    """Changes when the layer must be made again."""
    interpreter = Path(sys.executable).resolve()
    return repr((sys.version, interpreter.stat().st_mtime_ns, PACKAGES, UNUSED, host.fingerprint()))


def byte_code(directory: Path) -> None:
    """Compile every module below it, unchecked: files get other dates in an image, whose root may be read-only."""
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(directory, quiet=2, workers=2, invalidation_mode=unchecked, stripdir=directory)


def write_base(path: Path, shown: Step) -> Layer:
    """Write the layer to `path` (about 70 MB)."""
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        library = Path(work, "lib")
        shown.detail("Python's library")
        stdlib = Path(sysconfig.get_path("stdlib"))
        shutil.copytree(stdlib, library, ignore=shutil.ignore_patterns(*UNUSED), symlinks=False)
        packages = library / "site-packages"
        shown.detail("packages")
        pins = [f"{name}=={version}" for name, version in PACKAGES.items()]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run(
            [*pip, "--target", packages, "--no-deps", "--no-compile", "--only-binary=:all:", *pins],
            hint="The packages come from the Python index: check the network and try again.",
        )
        shutil.rmtree(packages / "bin", ignore_errors=True)
        shown.detail("byte code")
        byte_code(library)
        shown.detail("libraries")
        interpreter = Path(sys.executable).resolve()
        extensions = [p for p in library.rglob("*.so*") if p.is_file()]
        files: dict[str, Path | bytes | Entry] = {
            **host.libraries([interpreter, *extensions]),
            **host.programs(host.PROGRAMS),
            **host.LAYOUT,
            f"/usr/local/bin/{PYTHON}": interpreter,
            "/usr/local/bin/python3": Symlink(PYTHON),
            "/usr/local/bin/python": Symlink(PYTHON),
            f"/usr/local/lib/{PYTHON}": library,
            # Debian's Python looks for packages under this name.
            f"/usr/local/lib/{PYTHON}/dist-packages": Symlink("site-packages"),
            "/etc/ssl/certs/ca-certificates.crt": host.certificates(),
        }
        shown.detail("archive")
        return write_layer(path, files)
