"""`python -m harness.release COMMAND`: the parts of a release, and its rehearsal."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.cluster import KUBECONFIG_VARIABLE, Cluster, choose
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.progress import console, step
from harness.release import cosign, plugin, publication, sbom, source, values_diff
from harness.release.changelog import check_title, section
from harness.release.package import build, sha256
from harness.release.rehearsal import rehearse
from harness.run import run
from harness.stack import Published
from harness.tools import tool

REGISTRY = "ghcr.io/doublewordai"
CLUSTER = "release"


def package(arguments: argparse.Namespace) -> None:
    """Write the files of a release into a directory: archive, plugin, bill of materials, checksums, notes."""
    directory: Path = arguments.directory
    with step("Packaging"):
        made = build(directory)
        tool = plugin.build(directory, made.archive, made.version, made.commit.epoch)
    bill = directory / f"{made.name}-{made.version}.cdx.json"
    bill.write_text(sbom.cyclonedx(made, f"{arguments.registry}/{made.name}"))
    before = source.previous(made.version)
    old = source.values_of(before) if before else None
    changed = values_diff.markdown(old, (ROOT / "values.yaml").read_text(), before or "")
    (directory / "values-changes.md").write_text(changed)
    notes = section((ROOT / "CHANGELOG.md").read_text(), made.version)
    (directory / "notes.md").write_text(f"{notes}\n\n{changed}")
    sums = [f"{sha256(file)}  {file.name}" for file in (made.archive, tool, bill)]
    (directory / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    for file in sorted(directory.iterdir()):
        console.print(f"  {file}", markup=False)


def publish(arguments: argparse.Namespace) -> None:
    """Push, sign and attest as the workflow that this runs in; its outputs are `repository` and `digest`."""
    made = build(arguments.directory)
    bill = arguments.directory / f"{made.name}-{made.version}.cdx.json"
    published = publication.publish(made, bill, arguments.registry, cosign.workflow())
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a") as file:
            file.write(f"repository={published.reference.removeprefix('oci://')}\ndigest={published.digest}\n")


def verify(arguments: argparse.Namespace) -> None:
    """Verify a released digest as a user can: signature, bytes, contents, provenance; and install it."""
    metadata = source.metadata()
    published = Published(f"oci://{arguments.registry}/{metadata['name']}", metadata["version"], arguments.digest)
    with tempfile.TemporaryDirectory() as directory, cluster_of(arguments) as cluster:
        publication.verify(published, cosign.workflow(), Path(directory), cluster=cluster)


def title(arguments: argparse.Namespace) -> None:
    """Check that a pull request's title is a conventional commit."""
    check_title(arguments.title)


def login(arguments: argparse.Namespace) -> None:
    """Log in to the registry with the token in $REGISTRY_TOKEN, for all that follows."""
    host = arguments.registry.partition("/")[0]
    token = os.environ["REGISTRY_TOKEN"]
    run([tool("crane"), "auth", "login", host, "--username", arguments.user, "--password-stdin"], stdin=token)


@contextmanager
def cluster_of(arguments: argparse.Namespace) -> Iterator[Cluster | None]:
    """With `--cluster`, a cluster while the body runs."""
    if "cluster" not in arguments:
        yield None
        return
    cluster = choose(CLUSTER)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


COMMANDS = {"package": package, "login": login, "publish": publish, "verify": verify, "title": title}


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s release --", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="take every step on this machine; nothing is published")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.set_defaults(function=function)
        if name in ("package", "publish"):
            command.add_argument("--directory", type=Path, default=Path("dist"), help="default: dist")
        if name in ("package", "login", "publish", "verify"):
            command.add_argument("--registry", default=REGISTRY, help=f"default: {REGISTRY}")
        if name == "login":
            command.add_argument("--user", required=True)
        if name == "verify":
            command.add_argument("--digest", required=True, help="sha256:...")
        if name == "title":
            command.add_argument("title")
    for each in (parser, commands.choices["verify"]):
        each.add_argument(
            "--cluster",
            action="store_true",
            default=argparse.SUPPRESS,
            help=f"install it too: on the cluster that ${KUBECONFIG_VARIABLE} names, else on one started for it",
        )
    arguments = parser.parse_args()
    try:
        if arguments.dry_run:
            with cluster_of(arguments) as cluster:
                rehearse(cluster)
        elif "function" in arguments:
            arguments.function(arguments)
        else:
            parser.error("pass --dry-run to rehearse a release; the release workflow makes a real one")
    except HarnessError as error:
        console.print(str(error), markup=False, soft_wrap=True, style="red")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
