"""This machine's programs as files of an image, with the libraries they need."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.images.archive import Directory, Entry, File, Symlink
from harness.run import run

CERTIFICATES = Path("/usr/share/ca-certificates")
"""Where Debian's package has them; /etc/ssl would add the certificates that only this machine trusts."""

PROGRAMS = (
    *("sh", "bash", "sed", "grep", "awk"),
    *(
        "basename",
        "cat",
        "chmod",
        "chown",
        "cksum",
        "cp",
        "cut",
        "date",
        "dd",
        "dirname",
        "echo",
        "env",
        "expr",
        "false",
    ),
    "head",
    *("hostname", "id", "ln", "ls", "mkdir", "mktemp", "mv", "printf", "pwd", "readlink", "rm", "rmdir", "seq"),
    *("sleep", "sort", "stat", "tail", "tee", "test", "timeout", "touch", "tr", "true", "uname", "uniq", "wc"),
    "whoami",
)
"""What every image has: a shell, and the tools that its scripts use."""

LAYOUT: Mapping[str, Entry] = {
    "/bin": Symlink("usr/bin"),
    "/lib": Symlink("usr/lib"),
    "/lib64": Symlink("usr/lib64"),
    "/sbin": Symlink("usr/sbin"),
    "/usr/sbin": Directory(),
    "/tmp": Directory(0o1777),
    "/root": Directory(0o700),
    "/etc/nsswitch.conf": File(b"passwd: files\ngroup: files\nhosts: files dns\n"),
}


def program(name: str) -> Path:
    """A program of this machine.

    Raises:
        HarnessError: it is not installed.
    """
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    if not found:
        raise HarnessError(
            f"{name}: not found; the images copy it from this machine.", f"Install {name} and try again."
        )
    return Path(found)


def programs(names: Iterable[str]) -> dict[str, Path | Entry]:
    """The programs in /usr/bin, and their libraries."""
    files: dict[str, Path | Entry] = {}
    binaries = []
    for name in names:
        real = program(name).resolve()
        files[f"/usr/bin/{real.name}"] = File(real, 0o755)
        if real.name != name:
            files[f"/usr/bin/{name}"] = Symlink(real.name)
        binaries.append(real)
    return {**libraries(binaries), **files}


def libraries(binaries: Iterable[Path], beside: Path | None = None) -> dict[str, Path | Entry]:
    """The shared libraries of programs or of other libraries, where the dynamic linker of the image looks for them.

    Those of packages bring some of their own: with their directory `beside`, what is in it is left out, and what is not
    found is theirs.

    Raises:
        HarnessError: one of them is not on this machine.
    """
    needed: dict[str, Path] = {}
    for binary in binaries:
        listing = run(["ldd", binary], check=False).stdout  # it fails for a static program, which needs nothing
        for line in listing.splitlines():
            if "not found" in line and not beside:
                raise HarnessError(f"{binary}: the library {line.split()[0]} is not on this machine.", "Install it.")
            if match := re.search(r"(/\S+) \(0x[0-9a-f]+\)$", line):
                real = Path(match[1]).resolve()
                if not (beside and real.is_relative_to(beside)):
                    needed[match[1]] = real
    directory = next((str(real.parent) for real in needed.values() if real.name.startswith("libc.so")), "/usr/lib")
    files: dict[str, Path | Entry] = {}
    for name, real in needed.items():
        # The linker has its place in every program; the rest is copied to where the linker looks first, next to libc.
        linker = Path(name).name.startswith("ld-")
        files[_canonical(name) if linker else f"{_canonical(directory)}/{Path(name).name}"] = File(real, 0o755)
    return files


def certificates() -> bytes:
    """The CA certificates of Debian's package, in one file.

    Raises:
        HarnessError: the package is not installed.
    """
    roots = sorted(CERTIFICATES.rglob("*.crt"))
    if not roots:
        raise HarnessError(f"{CERTIFICATES}: no certificates.", "Install the package ca-certificates and try again.")
    return b"".join(root.read_bytes().rstrip() + b"\n" for root in roots)


def fingerprint() -> str:
    """Changes when one of `PROGRAMS` does."""
    stats = [(name, program(name).stat()) for name in PROGRAMS]
    return repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])


def _canonical(path: str) -> str:
    """`path` in an image whose /lib is a link to /usr/lib."""
    return re.sub(r"^/(lib\w*)(?=/|$)", r"/usr/\1", path)
