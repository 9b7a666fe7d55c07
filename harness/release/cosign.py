"""Signing what is in a registry, and verifying it, by cosign (https://docs.sigstore.dev)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.release import source
from harness.run import CommandError, Completed, run
from harness.tools import tool

SBOM_TYPE = "cyclonedx"
PROVENANCE_TYPE = "slsaprovenance1"
ISSUER = "https://token.actions.githubusercontent.com"
REFUSED = "Do not install it. Get the digest from the release's notes, and report what you found (SECURITY.md)."


@dataclass(frozen=True)
class Signer:
    """Who signs: the options of `cosign sign` and `attest`, and those of `verify` and `verify-attestation`."""

    signing: tuple[str | Path, ...]
    verifying: tuple[str | Path, ...]


def workflow() -> Signer:
    """The release workflow on main of the repository that Chart.yaml names.

    GitHub gives its runs that identity: there is no key, and every signature is in Sigstore's public log.
    """
    identity = f"{source.metadata()['home']}/.github/workflows/release.yml@refs/heads/main"
    return Signer((), ("--certificate-identity", identity, "--certificate-oidc-issuer", ISSUER))


def key_pair(prefix: Path) -> Signer:
    """A new key pair `prefix`.key and .pub without a password, for a registry on loopback; no network is needed."""
    cosign("generate-key-pair", "--output-key-prefix", prefix)
    offline = ("--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry")
    return Signer(
        ("--key", prefix.with_suffix(".key"), *offline),
        ("--key", prefix.with_suffix(".pub"), "--insecure-ignore-tlog=true", "--allow-http-registry"),
    )


def cosign(*words: str | Path, hint: str = "") -> Completed:
    """Run cosign, without prompts for passwords and confirmations."""
    return run([tool("cosign"), *words], env={"COSIGN_PASSWORD": "", "COSIGN_YES": "true"}, hint=hint)


def sign(reference: str, signer: Signer) -> None:
    """Sign `repository@sha256:...`."""
    cosign("sign", *signer.signing, reference)


def attest(reference: str, signer: Signer, kind: str, predicate: Path) -> None:
    """Sign a statement about `repository@sha256:...`: the predicate, a JSON file of that kind."""
    cosign("attest", *signer.signing, "--type", kind, "--predicate", predicate, reference)


def verify(reference: str, signer: Signer) -> None:
    """Raises CommandError unless the signer has signed exactly what the reference names."""
    cosign("verify", *signer.verifying, reference, hint=REFUSED)


def predicate(reference: str, signer: Signer, kind: str) -> dict[str, Any]:
    """The predicate of the newest statement of that kind that the signer has signed.

    Raises:
        CommandError: there is none.
    """
    output = cosign("verify-attestation", *signer.verifying, "--type", kind, reference, hint=REFUSED).stdout
    statements = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    if not statements:
        raise CommandError(f"{reference} has no attestation of type {kind}.", REFUSED)
    found: dict[str, Any] = json.loads(base64.b64decode(statements[-1]["payload"]))["predicate"]
    return found
