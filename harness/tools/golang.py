"""Building pinned Go programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from harness.progress import Step
from harness.run import run
from harness.tools.store import advice

ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GOTOOLCHAIN": "local",  # the Go that was found, never another one fetched on the way
    "GOWORK": "off",  # a go.work above the checkout does not apply
}


def digest(module: Path, *more: str) -> str:
    """12 hex digits over what decides a build: the module's go.mod and go.sum, and `more`, such as the flags."""
    digest = hashlib.sha256()
    for part in ((module / "go.mod").read_bytes(), (module / "go.sum").read_bytes(), *(m.encode() for m in more)):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]


def module_directory(go: Path, module: str) -> Path:
    """The files of a module, as path@version, from Go's cache or fetched; Go checks them against its checksum database.

    Raises:
        CommandError: there is no such version, or the network does not answer.
    """
    # Outside of any module of ours.
    download = run([go, "mod", "download", "-json", module], cwd=Path("/"), env=ENVIRONMENT, hint=advice)
    return Path(json.loads(download.stdout)["Dir"])


def go_build(
    go: Path,
    module: Path,
    package: str,
    output: Path,
    shown: Step,
    *,
    ldflags: str = "",
    tags: Sequence[str] = (),
    prefix: str = "",
) -> None:
    """Build one main package of the module at `module` into the file `output`; `shown` says how far, after `prefix`.

    Raises:
        CommandError: it does not build, the network does not answer, or the disk is full.
    """
    count = 0

    def progress(line: str) -> None:
        nonlocal count
        if line.startswith("go: downloading "):
            shown.detail(prefix + line.removeprefix("go: "))
        elif " " not in line:
            count += 1
            shown.detail(f"{prefix}{count} packages, {line}")

    args = ["build", "-v", "-trimpath", "-ldflags", f"-s -w {ldflags}".strip(), "-tags", ",".join(tags)]
    run([go, *args, "-o", output, package], cwd=module, env=ENVIRONMENT, on_line=progress, hint=advice)
