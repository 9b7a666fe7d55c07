"""SGLang from PyPI on CPU: its own server, with a stand-in for its kernels (sgl_kernel.py), beside vLLM's packages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.images import host
from harness.images.archive import Directory, Entry, File
from harness.images.base import PYTHON
from harness.images.real import HERE, fetched, pinned
from harness.images.real import PACKAGES as SHARED

PACKAGES = "/opt/sglang"
"""Where they lie in the image, in front of vLLM's."""
LOCK = HERE / "sglang.txt"
KERNEL = HERE / "sgl_kernel.py"
VERSION = pinned(LOCK, "sglang")
ENVIRONMENT = {"PYTHONPATH": f"{PACKAGES}:{SHARED}", "SGLANG_USE_CPU_ENGINE": "1"}


def packages_identity() -> str:
    """Changes when the packages are others."""
    return repr((PYTHON, LOCK.read_text(), KERNEL.read_text()))


def packages() -> Path:
    """The directory with SGLang and what it needs besides vLLM's packages, fetched once.

    Raises:
        HarnessError: there is no network, or no wheel for this Python.
    """

    def kernels(directory: Path) -> None:
        (directory / "sgl_kernel").mkdir()
        (directory / "sgl_kernel" / "__init__.py").write_text(KERNEL.read_text())

    return fetched(LOCK, f"sglang-{VERSION}", "Fetching SGLang (300 MB)", kernels)


def files() -> Mapping[str, Entry | Path | bytes]:
    """What the image has beside the packages: the program, and what the packages need of the host."""
    program = f"""#!/usr/local/bin/{PYTHON}
import sys
from sglang.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
"""
    extensions = [path for path in packages().rglob("*.so*") if path.is_file()]
    return {
        **host.libraries(extensions, beside=packages()),
        "/usr/local/bin/sglang": File(program.encode(), 0o755),
        "/sgl-workspace/sglang": Directory(),
    }
