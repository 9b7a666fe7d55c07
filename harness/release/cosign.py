"""Signing what lies in a registry, and verifying it: with a key of one's own, or with the workflow's identity."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness.run import CommandError, Completed, run
from harness.tools import tool

SBOM_TYPE = "cyclonedx"
PROVENANCE_TYPE = "slsaprovenance1"

REFUSED = "Do not install it. Get the digest from the release's notes, and report what you found (SECURITY.md)."


class Signer(Protocol):
    """Who signs, in cosign's words."""

    @property
    def signing(self) -> Sequence[str | Path]:
        """Options of `cosign sign` and `attest`."""

    @property
    def verifying(self) -> Sequence[str | Path]:
        """Options of `cosign verify` and `verify-attestation`."""


@dataclass(frozen=True)
class Key:
    """A key pair without a password, for a registry on loopback: no network is asked for anything.

    Nothing is written into Sigstore's public log, and nothing is looked up in it.
    """

    private: Path
    public: Path
    signing: Sequence[str | Path] = field(init=False)
    verifying: Sequence[str | Path] = field(init=False)

    def __post_init__(self) -> None:
        offline = ("--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry")
        object.__setattr__(self, "signing", ("--key", self.private, *offline))
        object.__setattr__(
            self, "verifying", ("--key", self.public, "--insecure-ignore-tlog=true", "--allow-http-registry")
        )

    @classmethod
    def make(cls, directory: Path, name: str = "cosign") -> Key:
        """Make a pair in the directory."""
        prefix = directory / name
        cosign("generate-key-pair", "--output-key-prefix", prefix)
        return cls(prefix.with_suffix(".key"), prefix.with_suffix(".pub"))


@dataclass(frozen=True)
class Workflow:
    """The identity that GitHub gives a workflow's run: no key, and every signature is in Sigstore's public log."""

    identity: str
    issuer: str = "https://token.actions.githubusercontent.com"
    signing: Sequence[str | Path] = ()

    @property
    def verifying(self) -> Sequence[str | Path]:
        return ("--certificate-identity", self.identity, "--certificate-oidc-issuer", self.issuer)


def cosign(*words: str | Path, hint: str = "") -> Completed:
    """Run cosign; it asks for no password and no confirmation."""
    return run([tool("cosign"), *words], env={"COSIGN_PASSWORD": "", "COSIGN_YES": "true"}, hint=hint)


def sign(reference: str, signer: Signer) -> None:
    """Sign `repository@sha256:...`."""
    cosign("sign", *signer.signing, reference)


def attest(reference: str, signer: Signer, kind: str, predicate: Path) -> None:
    """Sign a statement about `repository@sha256:...`: the predicate, a JSON file of that kind."""
    cosign("attest", *signer.signing, "--type", kind, "--predicate", predicate, reference)


def verify(reference: str, signer: Signer) -> None:
    """Whether the signer has signed what the reference names.

    Raises:
        CommandError: it has not, or something else.
    """
    cosign("verify", *signer.verifying, reference, hint=REFUSED)


def predicate(reference: str, signer: Signer, kind: str) -> dict[str, Any]:
    """The predicate of the newest statement of that kind that the signer has signed.

    Raises:
        CommandError: there is none.
    """
    said = cosign("verify-attestation", *signer.verifying, "--type", kind, reference, hint=REFUSED).stdout
    statements = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if not statements:
        raise CommandError(f"{reference} has no attestation of type {kind}.", REFUSED)
    statement: dict[str, Any] = json.loads(base64.b64decode(statements[-1]["payload"]))
    found: dict[str, Any] = statement["predicate"]
    return found
