from __future__ import annotations

import tarfile
from pathlib import Path

from harness.helm import Helm
from harness.paths import ROOT

FILES = ("Chart.yaml", "values.yaml", "values.schema.json", "README.md", "LICENSE", "CHANGELOG.md", "UPGRADING.md")
TREES = ("templates", "files", "examples")


def test_the_package_holds_the_chart_and_nothing_else(tmp_path: Path) -> None:
    """A checkout has many other files; those that are not for users are not in the archive."""
    trees = (path for tree in TREES for path in (ROOT / tree).rglob("*") if path.is_file())
    wanted = {p.relative_to(ROOT).as_posix() for p in (*(ROOT / f for f in FILES), *trees) if p.exists()}
    with tarfile.open(Helm().package(ROOT, tmp_path)) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    assert found == wanted


def test_the_package_is_small(tmp_path: Path) -> None:
    """Helm stores the chart in a Secret of at most 1 MiB."""
    assert Helm().package(ROOT, tmp_path).stat().st_size < 300_000
