"""What a release is made from: one commit of the repository."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.paths import ROOT
from harness.release.archive import unpack
from harness.run import CommandError, run

TAGS = "v[0-9]*.[0-9]*.[0-9]*"
"""Git's pattern of the tags of released versions."""


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
        unpack(archive, directory)


def metadata(root: Path = ROOT) -> dict[str, Any]:
    """The contents of Chart.yaml."""
    contents: dict[str, Any] = yaml.safe_load((root / "Chart.yaml").read_text())
    return contents


def released(root: Path = ROOT, *options: str) -> list[str]:
    """The released versions, oldest first, a pre-release before its release; `options` are those of `git tag`."""
    tags = _git(root, "-c", "versionsort.suffix=-", "tag", "--list", "--sort=version:refname", *options, TAGS)
    return [tag.removeprefix("v") for tag in tags.split()]


def previous(version: str, root: Path = ROOT) -> str | None:
    """The newest release but `version` in the history of the checked-out commit; None if there is none."""
    return next((each for each in reversed(released(root, "--merged=HEAD")) if each != version), None)


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
