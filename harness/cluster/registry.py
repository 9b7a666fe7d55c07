"""The node's own registry, which answers for every image that the node is to run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from harness.errors import HarnessError
from harness.image_name import ImageName
from harness.images.archive import ImageArchive, replacing
from harness.progress import step
from harness.run import run

PUSHES_AT_ONCE = 2
ANSWER_SECONDS = 5.0
MANIFEST_TYPES = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


class Registry:
    """The registry at `address` (`host:port`); `record` is the file that lists what was pushed there."""

    def __init__(self, address: str, crane: Path, record: Path) -> None:
        self.address = address
        self._crane = crane
        self._record = record

    def answers(self) -> bool:
        try:
            return self._request("").is_success
        except httpx.HTTPError:
            return False

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Push the images that are not there yet, two at a time.

        Raises:
            HarnessError: two of them differ in their registry only, or a push failed.
        """
        by_path: dict[str, ImageArchive] = {}
        for image in images:
            other = by_path.setdefault(ImageName.parse(image.reference).path, image)
            if other.reference != image.reference:
                raise HarnessError(
                    f"{image.reference} and {other.reference} cannot both be loaded: the node's registry tells images "
                    "apart by what follows their registry's name.",
                    "Load one of them.",
                )
        known: dict[str, dict[str, str]] = json.loads(self._record.read_text()) if self._record.exists() else {}
        missing = {
            path: image
            for path, image in by_path.items()
            if known.get(path, {}).get("archive") != str(image.path) or self._digest(path) != known[path]["digest"]
        }
        if not missing:
            return
        title = f"Loading {len(missing)} image{'s' if len(missing) > 1 else ''} into the node"
        with step(title) as shown, ThreadPoolExecutor(PUSHES_AT_ONCE) as pool:
            digests = pool.map(self._push, missing, missing.values())
            for done, (path, digest) in enumerate(zip(missing, digests, strict=True), 1):
                known[path] = {"archive": str(missing[path].path), "digest": digest}
                with replacing(self._record) as out:
                    out.write(json.dumps(known, indent=1).encode())
                shown.detail(f"{done} of {len(missing)}, {missing[path].reference}")

    def _push(self, path: str, image: ImageArchive) -> str:
        """The digest of the image in the registry, once it is there."""
        printed = run([self._crane, "push", "--insecure", image.path, f"{self.address}/{path}"]).stdout
        return printed.strip().rpartition("@")[2]

    def _digest(self, path: str) -> str | None:
        """What the registry has under this name now; it is empty after a restart."""
        name, _, tag = path.rpartition(":")
        try:
            answer = self._request(f"{name}/manifests/{tag}")
        except httpx.HTTPError as error:
            raise HarnessError(
                f"The node's registry at {self.address} does not answer: {error}",
                "Start the cluster anew: python -m harness.cluster down, then up.",
            ) from error
        return answer.headers.get("Docker-Content-Digest") if answer.is_success else None

    def _request(self, path: str) -> httpx.Response:
        # trust_env: no proxy reaches a node of this machine.
        with httpx.Client(trust_env=False, timeout=ANSWER_SECONDS) as client:
            return client.head(f"http://{self.address}/v2/{path}", headers={"Accept": MANIFEST_TYPES})
