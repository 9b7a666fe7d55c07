"""`python -m harness.release.plugin [DIRECTORY]`: the users' tool as a plugin of Helm and of kubectl, in one archive.

In it are plugin.yaml, the tool as one file that Python runs (with PyYAML, which is MIT), and the chart that it renders.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import io
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.helm import Helm
from harness.paths import ROOT
from harness.progress import console
from harness.release import source

TOOL = "inference-stack"
PYTHON = b"#!/usr/bin/env python3\n"
CARRIED = "PyYAML"


def build(directory: Path, chart: Path, version: str, epoch: int, root: Path = ROOT) -> Path:
    """Write the archive into `directory`; the same sources and chart are the same bytes.

    Its files lie at its top: Helm 3 finds plugin.yaml nowhere else.
    """
    directory.mkdir(parents=True, exist_ok=True)
    archive = directory / f"{TOOL}-plugin-{version}.tgz"
    about = (root / "inference_stack" / "plugin.yaml").read_text() + f'version: "{version}"\n'
    files = {
        "plugin.yaml": (about.encode(), 0o644),
        TOOL: (application(root, epoch), 0o755),
        chart.name: (chart.read_bytes(), 0o644),
        "LICENSE": ((root / "LICENSE").read_bytes(), 0o644),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), mode, epoch
            tar.addfile(entry, io.BytesIO(content))
    archive.write_bytes(gzip.compress(plain.getvalue(), mtime=epoch))
    return archive


def install(helm: Helm, home: Path, *what: str | Path) -> dict[str, str]:
    """Install the plugin into a Helm with homes of its own below `home`; the environment that this Helm is run with."""
    homes = {f"HELM_{name}_HOME": str(home / name) for name in ("CACHE", "DATA", "CONFIG")}
    homes["HELM_PLUGINS"] = str(home / "DATA" / "plugins")
    helm.run("plugin", "install", *what, env=homes)
    return homes


def application(root: Path, epoch: int) -> bytes:
    """The tool as one file that Python runs: its modules and PyYAML's in a zip, behind a line that names Python."""
    content = io.BytesIO()
    moment = time.gmtime(max(epoch, 315_532_800))[:6]  # a zip knows no time before 1980
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(_modules(root)):
            archive.writestr(zipfile.ZipInfo(name, moment), data, zipfile.ZIP_DEFLATED)
    return PYTHON + content.getvalue()


def _modules(root: Path) -> Iterator[tuple[str, bytes]]:
    """What is in the zip: names and contents."""
    tool = root / "inference_stack"
    yield "__main__.py", (tool / "__main__.py").read_bytes()
    for path in tool.glob("*.py"):
        yield f"inference_stack/{path.name}", path.read_bytes()
    found = importlib.metadata.distribution(CARRIED)
    for each in found.files or ():
        path = Path(str(found.locate_file(each)))
        if each.parts[0] == "yaml" and each.suffix == ".py":
            yield each.as_posix(), path.read_bytes()
        elif each.name == "LICENSE":
            yield f"{CARRIED}-{found.version}.LICENSE", path.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.release.plugin", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path("build"), help="default: build")
    directory: Path = parser.parse_args().directory
    try:
        with tempfile.TemporaryDirectory(prefix="plugin-") as temporary:
            chart = Helm().package(ROOT, Path(temporary))
            console.print(str(build(directory, chart, source.metadata()["version"], int(time.time()))), markup=False)
    except HarnessError as error:
        console.print(str(error), markup=False, soft_wrap=True, style="red")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
