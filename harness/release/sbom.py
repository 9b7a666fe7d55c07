"""The software bill of materials of a packaged chart: its files and the images it runs."""

from __future__ import annotations

import hashlib
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from harness.errors import HarnessError
from harness.image_name import ImageName
from harness.release.package import Package, sha256


def cyclonedx(package: Package, repository: str) -> str:
    """The bill as CycloneDX 1.6 JSON, the same for the same archive; `repository` is where it is pushed to.

    The chart contains its files, each with its SHA-256, and depends on the images.
    """
    archive_sha256 = sha256(package.archive)
    chart = Component(
        name=package.name,
        version=package.version,
        type=ComponentType.APPLICATION,
        bom_ref="chart",
        licenses=[DisjunctiveLicense(id="MIT")],
        purl=_purl(ImageName.parse(f"{repository}:{package.version}")),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=archive_sha256)],
        components=[_file(name, digest) for name, digest in files(package.archive).items()],
    )
    images = [_image(ImageName.parse(image)) for image in package.images]
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"sha256:{archive_sha256}"), components=images)
    bom.metadata.timestamp = datetime.fromtimestamp(package.commit.epoch, UTC)
    bom.metadata.component = chart
    bom.register_dependency(chart, images)
    return str(JsonV1Dot6(bom).output_as_string(indent=2)) + "\n"


def _file(name: str, digest: str) -> Component:
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    return Component(name=name, type=ComponentType.FILE, bom_ref=f"file:{name}", hashes=hashes)


def _image(name: ImageName) -> Component:
    version, kind = name.tag or name.digest, ComponentType.CONTAINER
    return Component(name=name.name, version=version, type=kind, bom_ref=str(name), purl=_purl(name))


def files(archive: Path) -> dict[str, str]:
    """The SHA-256 of each file in a packaged chart, by its path below the chart."""
    with tarfile.open(archive) as tar:
        members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)
        contents = ((m.name.partition("/")[2], tar.extractfile(m)) for m in members)
        return {name: hashlib.sha256(file.read()).hexdigest() for name, file in contents if file}


def check(bill: str, archive: Path) -> None:
    """Compare the bill with the archive, file by file.

    Raises:
        HarnessError: files differ, which are named.
    """
    component: dict[str, Any] = json.loads(bill)["metadata"]["component"]
    listed = {each["name"]: each["hashes"][0]["content"] for each in component["components"]}
    found = files(archive)
    wrong = sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
    if wrong:
        raise HarnessError(
            f"{archive.name} is not the chart that its bill of materials lists: {', '.join(wrong)}",
            "Do not install it. Pull the chart again by the digest that the release names.",
        )


def _purl(image: ImageName) -> PackageURL:
    """A package URL of type `oci` (https://github.com/package-url/purl-spec)."""
    qualifiers = {"repository_url": image.name, "tag": image.tag}
    return PackageURL("oci", None, image.name.rpartition("/")[2].lower(), image.digest or None, qualifiers)
