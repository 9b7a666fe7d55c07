"""What Artifact Hub reads of a repository in a registry: artifacthub-repo.yml, under a tag of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.run import run
from harness.tools import tool

TAG = "artifacthub.io"
CONFIG_TYPE = "application/vnd.cncf.artifacthub.config.v1+yaml"
LAYER_TYPE = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def layout(directory: Path, metadata: bytes) -> None:
    """Write an OCI image layout with the metadata as its only layer."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, media_type: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    layer = blob(metadata, LAYER_TYPE)
    layer["annotations"] = {"org.opencontainers.image.title": "artifacthub-repo.yml"}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": blob(b"{}", CONFIG_TYPE),
        "layers": [layer],
    }
    described = blob(json.dumps(manifest, sort_keys=True).encode(), MANIFEST_TYPE)
    (directory / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))


def publish(metadata: Path, repository: str) -> None:
    """Push the metadata file under the repository's tag for it."""
    with TemporaryDirectory() as directory:
        layout(Path(directory), metadata.read_bytes())
        run([tool("crane"), "push", directory, f"{repository}:{TAG}"])


def published(repository: str) -> str:
    """The metadata that the repository has."""
    crane = tool("crane")
    manifest = json.loads(run([crane, "manifest", f"{repository}:{TAG}"]).stdout)
    (layer,) = (each for each in manifest["layers"] if each["mediaType"] == LAYER_TYPE)
    return run([crane, "blob", f"{repository}@{layer['digest']}"]).stdout
