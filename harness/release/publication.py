"""What the workflow and the rehearsal both do with a package: push it, sign it, attest it; then verify it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from harness.cluster import Cluster
from harness.errors import HarnessError
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.manifests import Manifests
from harness.paths import ROOT
from harness.progress import Step, step
from harness.release import artifacthub, cosign, sbom
from harness.release.archive import unpack
from harness.release.package import Package, build
from harness.stack import Published, Stack
from harness.stack import render as stack_render

EXAMPLE = ROOT / "examples" / "laptop.yaml"
"""The example that is installed: the only one that needs no GPU."""

INSTALL_SECONDS = 900.0
"""For the images and the model of the example to arrive."""


def publish(package: Package, bill: Path, registry: str, signer: cosign.Signer, plain_http: bool = False) -> Published:
    """Push the archive, sign it, attest its bill of materials, and publish what Artifact Hub reads.

    `registry` is `host/path`, lower case.
    """
    with step("Pushing") as shown:
        published = push(package, registry, plain_http=plain_http)
        shown.detail(by_digest(published))
    with step("Signing"):
        cosign.sign(by_digest(published), signer)
        cosign.verify(by_digest(published), signer)
    with step("Attesting the bill of materials") as shown:
        cosign.attest(by_digest(published), signer, cosign.SBOM_TYPE, bill)
        shown.detail(f"{len(sbom.files(package.archive))} files, {len(package.images)} images")
    with step("Publishing the metadata for Artifact Hub"):
        artifacthub.publish(ROOT / "artifacthub-repo.yml", published.reference.removeprefix("oci://"))
    return published


def verify(
    published: Published,
    signer: cosign.Signer,
    directory: Path,
    plain_http: bool = False,
    cluster: Cluster | None = None,
    load: bool = False,
) -> Path:
    """Verify a digest as a user can: signature, bytes, contents, provenance; then install it if there is a cluster.

    The archive is pulled into `directory`, which is empty; its path is returned.

    Raises:
        HarnessError: it is not signed, or is not what this checkout's commit packages into.
    """
    with step("Verifying the signature"):
        cosign.verify(by_digest(published), signer)
    with step("Pulling by digest"):
        archive = Helm().pull(f"oci://{by_digest(published)}", directory, plain_http=plain_http)
    with step("Verifying bytes, bill of materials and provenance"), tempfile.TemporaryDirectory() as made:
        package = build(Path(made))
        check_bytes(archive, package)
        check_contents(published, signer, archive)
        check_origin(published, signer, package.commit.revision)
    with step("Rendering the defaults and every example") as shown:
        shown.detail(f"{render(archive)} objects")
    if cluster:
        with step("Installing") as shown:
            install(published, cluster, shown, plain_http=plain_http, load=load)
    return archive


def push(package: Package, registry: str, plain_http: bool = False) -> Published:
    """Push the archive to `registry`, under its name and version."""
    digest = Helm().push(package.archive, f"oci://{registry}", plain_http=plain_http)
    if not digest:
        raise HarnessError("helm push printed no digest.", "Push it again; nothing is signed yet.")
    return Published(f"oci://{registry}/{package.name}", package.version, digest)


def by_digest(published: Published) -> str:
    """What is signed: `host/path/name@sha256:...`."""
    return f"{published.reference.removeprefix('oci://')}@{published.digest}"


def check_bytes(archive: Path, package: Package) -> None:
    """Raises HarnessError unless the archive is byte for byte what this commit packages into."""
    if archive.read_bytes() != package.archive.read_bytes():
        revision = package.commit.revision
        raise HarnessError(f"{archive.name} is not what commit {revision} packages into.", cosign.REFUSED)


def check_contents(published: Published, signer: cosign.Signer, archive: Path) -> None:
    """Raises HarnessError unless the archive has exactly the files that the signed bill of materials lists."""
    sbom.check(json.dumps(cosign.predicate(by_digest(published), signer, cosign.SBOM_TYPE)), archive)


def check_origin(published: Published, signer: cosign.Signer, revision: str) -> None:
    """Raises HarnessError unless the signed provenance names the commit."""
    predicate = cosign.predicate(by_digest(published), signer, cosign.PROVENANCE_TYPE)
    sources = [each["digest"].get("gitCommit") for each in predicate["buildDefinition"]["resolvedDependencies"]]
    if revision not in sources:
        raise HarnessError(f"The provenance names {', '.join(map(str, sources))}, not {revision}.", cosign.REFUSED)


def render(archive: Path) -> int:
    """Render the pulled chart with its defaults and each of its examples; the number of objects."""
    with tempfile.TemporaryDirectory(prefix="unpacked-") as temporary:
        unpack(archive, Path(temporary))
        examples = sorted(Path(temporary).glob("*/examples/*.yaml"))
        renders = [Helm().template(archive, values=values) for values in ([], *([each] for each in examples))]
    return sum(len(list(Manifests.parse(text))) for text in renders)


def install(published: Published, cluster: Cluster, shown: Step, plain_http: bool = False, load: bool = False) -> None:
    """Install the chart by its digest in its own namespace, wait until it is available, and remove both.

    With `load`, the images are made here and loaded into the cluster; else it pulls them.
    """
    stack = Stack(cluster, release="release", namespace="inference-stack-release")
    if load:
        stack.load_images(stack_render(stack.release, [EXAMPLE]))
    kubectl = Kubectl(cluster.kubeconfig, namespace=stack.namespace)
    try:
        stack.helm.upgrade_install(
            stack.release,
            f"oci://{by_digest(published)}",
            values=[EXAMPLE],
            plain_http=plain_http,
        )
        selector = f"app.kubernetes.io/instance={stack.release}"
        kubectl.wait_available(selector=selector, timeout=INSTALL_SECONDS, detail=shown.detail)
        shown.detail(f"examples/{EXAMPLE.name}")
    finally:
        kubectl.run("delete", "namespace", stack.namespace, "--ignore-not-found", "--wait=false")
