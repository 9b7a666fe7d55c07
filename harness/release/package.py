"""The chart's archive: the same bytes from the same commit, with what Artifact Hub reads in it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.helm import Helm
from harness.image_name import ImageName
from harness.manifests import Manifests
from harness.paths import ROOT
from harness.presets import images
from harness.release import source
from harness.release.changelog import changes, section
from harness.stack import image_references


@dataclass(frozen=True)
class Package:
    """A packaged chart; `commit` is what it was made from, `images` what its pods may run."""

    archive: Path
    name: str
    version: str
    commit: source.Commit
    images: tuple[str, ...]


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def build(directory: Path, root: Path = ROOT) -> Package:
    """Package the checked-out commit into `directory`, annotated for Artifact Hub.

    The archive and every file in it have the time of the commit, so its digest in a registry is reproducible.

    Raises:
        HarnessError: this is no git checkout, or the changelog does not say what changed.
    """
    commit = source.head(root)
    with tempfile.TemporaryDirectory(prefix="chart-") as temporary:
        chart = Path(temporary)
        source.export(chart, root)
        metadata = source.metadata(chart)
        images = image_names(chart)
        changed = changes(section((chart / "CHANGELOG.md").read_text(), metadata["version"]))
        metadata["annotations"] = {
            **metadata.get("annotations", {}),
            **for_artifact_hub(metadata["version"], changed, images),
        }
        (chart / "Chart.yaml").write_text(_dump(metadata))
        archive = pack(chart, directory, commit.epoch)
    return Package(archive, metadata["name"], metadata["version"], commit, tuple(images))


def pack(chart: Path, directory: Path, epoch: int) -> Path:
    """Package a chart's directory, with all times set to `epoch`; the archive's path."""
    directory.mkdir(parents=True, exist_ok=True)
    archive = Helm().package(chart, directory, epoch=epoch)
    os.utime(archive, (epoch, epoch))  # a push writes the archive's time into the manifest
    return archive


def for_artifact_hub(version: str, changed: Sequence[Mapping[str, str]], images: Sequence[str]) -> dict[str, str]:
    """The annotations of a version (https://artifacthub.io/docs/topics/annotations/helm/)."""
    named = [{"name": ImageName.parse(image).repository, "image": image} for image in images]
    return {
        "artifacthub.io/changes": _dump(changed),
        "artifacthub.io/containsSecurityUpdates": str(any(c["kind"] == "security" for c in changed)).lower(),
        "artifacthub.io/images": _dump(named),
        "artifacthub.io/prerelease": str("-" in version).lower(),
    }


def image_names(chart: Path) -> list[str]:
    """The full names of the images that the chart's engines and examples run, sorted."""
    groups = {e: {"enabled": True, "engine": e, "modelName": "m", "modelAlias": [e]} for e in images(chart)}
    layers: list[Any] = [{"modelGroups": groups}, *(chart / "examples").glob("*.yaml")]
    renders = (Manifests.parse(Helm().template(chart, values=[values])) for values in layers)
    return sorted({name for manifests in renders for name in image_references(manifests)})


def _dump(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000))
