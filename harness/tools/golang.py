"""Building pinned Go programs."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    beside: Sequence[str] = (),
    prefix: str = "",
) -> None:
    """Build one main package of the module at `module` into the file `output`; `shown` says how far, after `prefix`.

    `beside` are the modules that its go.mod replaces by directories of its repository, which are no part of the
    module: they are fetched in the versions that it requires.

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
    with modfile(go, module, beside) as options:
        words: list[str | Path] = [go, *args, *options, "-o", output, package]
        run(words, cwd=module, env=ENVIRONMENT, on_line=progress, hint=advice)


@contextmanager
def modfile(go: Path, module: Path, beside: Sequence[str]) -> Iterator[list[str]]:
    """The options of a build that reads a copy of the module's go.mod, without the replacements of these modules.

    Go checks what it fetches for them against its checksum database.
    """
    if not beside:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="modfile-") as directory:
        for name in ("go.mod", "go.sum"):
            Path(directory, name).write_bytes((module / name).read_bytes())
        copied = Path(directory, "go.mod")
        run([go, "mod", "edit", *(f"-dropreplace={each}" for each in beside), copied], env=ENVIRONMENT)
        yield ["-mod=mod", f"-modfile={copied}"]
