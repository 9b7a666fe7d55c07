"""The steps of a release after packaging, as the workflow and the rehearsal both take them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.cluster import Cluster
from harness.errors import HarnessError
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.manifests import Manifests
from harness.paths import ROOT
from harness.release import cosign, sbom
from harness.release.package import Package
from harness.stack import Published, Stack
from harness.stack import render as stack_render

EXAMPLE = "laptop"
"""The example that is installed: the only one that needs no GPU."""

INSTALL_SECONDS = 900.0
"""For the images and the model of the example to arrive."""


def push(package: Package, registry: str, plain_http: bool = False) -> Published:
    """Push the archive to `registry` (`host/path`, lower case), under its name and version.

    Raises:
        HarnessError: Helm did not say which digest it has there.
    """
    digest = Helm().push(package.archive, f"oci://{registry}", plain_http=plain_http)
    if not digest:
        raise HarnessError("helm push printed no digest.", "Push it again; nothing is signed yet.")
    return Published(f"oci://{registry}/{package.name}", package.version, digest)


def by_digest(published: Published) -> str:
    """What is signed: `host/path/name@sha256:...`."""
    return f"{published.reference.removeprefix('oci://')}@{published.digest}"


def pull(published: Published, directory: Path, plain_http: bool = False) -> Path:
    """Pull the chart by its digest into an empty directory; the archive's path."""
    directory.mkdir(parents=True)
    return Helm().pull(f"oci://{by_digest(published)}", directory, plain_http=plain_http)


def check_contents(published: Published, signer: cosign.Signer, archive: Path) -> None:
    """Whether the archive is the one that the signed bill of materials lists, file by file."""
    sbom.check(json.dumps(cosign.predicate(by_digest(published), signer, cosign.SBOM_TYPE)), archive)


def check_origin(published: Published, signer: cosign.Signer, revision: str) -> None:
    """Whether the signed provenance names the commit.

    Raises:
        HarnessError: it names another one.
    """
    said = cosign.predicate(by_digest(published), signer, cosign.PROVENANCE_TYPE)
    sources = [each["digest"].get("gitCommit") for each in said["buildDefinition"]["resolvedDependencies"]]
    if revision not in sources:
        raise HarnessError(f"The provenance names {', '.join(map(str, sources))}, not {revision}.", cosign.REFUSED)


def check_bytes(archive: Path, package: Package) -> None:
    """Whether what was pulled is byte for byte what this commit packages into.

    Raises:
        HarnessError: it is not.
    """
    if archive.read_bytes() != package.archive.read_bytes():
        raise HarnessError(
            f"{archive.name} is not what commit {package.commit.revision} packages into.", cosign.REFUSED
        )


def render(archive: Path) -> int:
    """Render the pulled chart with its defaults and each of its own examples; how many objects that made."""
    with tempfile.TemporaryDirectory(prefix="pulled-") as temporary:
        shutil.unpack_archive(archive, temporary, filter="data")
        examples = sorted(Path(temporary).glob("*/examples/*.yaml"))
        renders = [Helm().template(archive, values=values) for values in ([], *([each] for each in examples))]
    return sum(len(list(Manifests.parse(text))) for text in renders)


def install(
    published: Published,
    cluster: Cluster,
    plain_http: bool = False,
    load: bool = False,
    detail: Callable[[str], None] = lambda _: None,
) -> None:
    """Install the chart by its digest in a namespace of its own, wait until it is available, and remove both.

    With `load`, the images are made here and put into the cluster; else it pulls them.
    """
    stack = Stack(cluster, release="release", namespace="inference-stack-release")
    values = [ROOT / "examples" / f"{EXAMPLE}.yaml"]
    if load:
        stack.load_images(stack_render(stack.release, values))
    kubectl = Kubectl(cluster.kubeconfig, namespace=stack.namespace)
    try:
        stack.helm.upgrade_install(
            stack.release,
            f"oci://{by_digest(published)}",
            values=values,
            wait=False,
            plain_http=plain_http,
            create_namespace=True,
        )
        kubectl.wait_available(
            selector=f"app.kubernetes.io/instance={stack.release}", timeout=INSTALL_SECONDS, detail=detail
        )
        detail("")
    finally:
        kubectl.run("delete", "namespace", stack.namespace, "--ignore-not-found", "--wait=false")
