from __future__ import annotations

import tarfile
from pathlib import Path

from harness.helm import Helm
from harness.paths import ROOT

FILES = ("Chart.yaml", "values.yaml", "values.schema.json", "README.md", "LICENSE", "CHANGELOG.md", "UPGRADING.md")
TREES = ("templates", "files", "examples")


def test_the_package_holds_the_chart_and_nothing_else(tmp_path: Path) -> None:
    """A checkout is full of other things; what is not for users is not in the archive, which a release stores whole."""
    trees = (path for tree in TREES for path in (ROOT / tree).rglob("*") if path.is_file())
    wanted = {p.relative_to(ROOT).as_posix() for p in (*(ROOT / f for f in FILES), *trees) if p.exists()}
    with tarfile.open(Helm().package(ROOT, tmp_path)) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    assert found == wanted


def test_the_package_is_small(tmp_path: Path) -> None:
    """Helm keeps the chart in a Secret, which takes 1 MiB."""
    assert Helm().package(ROOT, tmp_path).stat().st_size < 300_000
