"""What a release is made from: one commit of the repository."""

from __future__ import annotations

import re
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.paths import ROOT
from harness.run import CommandError, run

SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?")


@dataclass(frozen=True)
class Commit:
    """A commit: its full hash, the time it was made (seconds since 1970), and whether files differ from it."""

    revision: str
    epoch: int
    changed: bool


def head(root: Path = ROOT) -> Commit:
    """The commit that is checked out.

    Raises:
        HarnessError: this is no checkout of a git repository.
    """
    revision, epoch = _git(root, "log", "-1", "--format=%H %ct").split()
    return Commit(revision, int(epoch), bool(_git(root, "status", "--porcelain")))


def export(directory: Path, root: Path = ROOT, version: str | None = None) -> None:
    """Write the files of the checked-out commit, or of a released version, into `directory`: those and no others."""
    with tempfile.TemporaryDirectory(prefix="commit-") as temporary:
        archive = Path(temporary) / "commit.tar"
        _git(root, "archive", "--format=tar", f"--output={archive}", f"v{version}" if version else "HEAD")
        with tarfile.open(archive) as tar:
            tar.extractall(directory, filter="data")


def metadata(root: Path = ROOT) -> dict[str, Any]:
    """What Chart.yaml says."""
    said: dict[str, Any] = yaml.safe_load((root / "Chart.yaml").read_text())
    return said


def order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """A key that sorts versions; a pre-release comes before its release.

    Raises:
        ValueError: it is no semantic version.
    """
    found = SEMVER.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is no semantic version")
    *numbers, suffix = found.groups()
    return tuple(map(int, numbers)), suffix is None, suffix or ""


def released(root: Path = ROOT) -> list[str]:
    """The released versions, oldest first, by the repository's tags `v*`."""
    tagged = (tag[1:] for tag in _git(root, "tag", "--list", "v*").split())
    return sorted((version for version in tagged if SEMVER.fullmatch(version)), key=order)


def previous(version: str, root: Path = ROOT) -> str | None:
    """The newest released version before this one; None if there is none."""
    return next((each for each in reversed(released(root)) if order(each) < order(version)), None)


def values_of(version: str, root: Path = ROOT) -> str:
    """values.yaml as it was released in that version."""
    return _git(root, "show", f"v{version}:values.yaml")


def _git(root: Path, *words: str) -> str:
    try:
        # A checkout may belong to somebody else, as in a container; nothing is run from it.
        return run(["git", "-C", root, "-c", f"safe.directory={root}", *words]).stdout.strip()
    except CommandError as error:
        hint = "A release is made from a commit: use a git clone of the repository, with its tags."
        raise CommandError(error.message, hint, error.completed) from error
