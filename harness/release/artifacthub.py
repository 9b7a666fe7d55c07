"""The metadata that Artifact Hub reads of a repository in a registry: artifacthub-repo.yml, under its own tag.

The media types are those of https://artifacthub.io/docs/topics/repositories/helm-charts/.
"""

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


def publish(metadata: Path, repository: str) -> None:
    """Push an OCI image layout with the metadata file as its only layer, under the repository's tag for it."""
    with TemporaryDirectory() as directory:
        layout, blobs = Path(directory), Path(directory, "blobs", "sha256")
        blobs.mkdir(parents=True)

        def blob(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
            digest = hashlib.sha256(content).hexdigest()
            (blobs / digest).write_bytes(content)
            return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

        title = {"org.opencontainers.image.title": metadata.name}
        layer = blob(metadata.read_bytes(), LAYER_TYPE, annotations=title)
        image = {"mediaType": MANIFEST_TYPE, "config": blob(b"{}", CONFIG_TYPE), "layers": [layer], "schemaVersion": 2}
        manifest = blob(json.dumps(image, sort_keys=True).encode(), MANIFEST_TYPE)
        (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
        (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
        run([tool("crane"), "push", layout, f"{repository}:{TAG}"])


def published(repository: str) -> str:
    """The metadata in the repository."""
    crane = tool("crane")
    manifest = json.loads(run([crane, "manifest", f"{repository}:{TAG}"]).stdout)
    (layer,) = (each for each in manifest["layers"] if each["mediaType"] == LAYER_TYPE)
    return run([crane, "blob", f"{repository}@{layer['digest']}"]).stdout
