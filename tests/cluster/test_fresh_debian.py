"""The README's commands for a machine without a cluster, as printed, in an empty directory of a fresh Debian.

A file system of nothing but Debian's smallest system, python3 and git, in namespaces of its own; the repository is this
checkout's commit. Of the sessions only the beginning is run: their environments are made, and they show their help.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.docs.markdown import blocks
from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools.apt import apt_extract, installed
from harness.tools.store import make_once

README = (ROOT / "README.md").read_text()
ADDRESS = "https://github.com/doublewordai/inference-stack"
MIRROR = "http://deb.debian.org"
SECONDS = 600
SHORTER = {"nox -s demo": "nox -s demo -- --help", "nox -s lint test": "nox -s lint -- --help"}
"""The sessions that take minutes, and the beginning of them that is run instead."""

ENTER = """
set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir "$root/checkout"
mount --bind -o ro "$CHECKOUT" "$root/checkout"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
exec chroot "$root" env --ignore-environment "$@"
"""
"""From namespaces of its own into the file system: with this machine's network, and the authorities that it trusts."""


def commands() -> list[str]:
    """The blocks that begin with the clone, and what is run in it afterwards."""
    texts = [block.text.strip() for block in blocks(README) if block.language == "bash"]
    first = next(number for number, text in enumerate(texts) if f"git clone {ADDRESS}" in text)
    return [texts[first], *(text for text in texts[first + 1 :] if "nox -s" in text)]


def packages() -> str:
    """What the README has a Debian user install."""
    found = re.search(r"Debian: `(apt-get install [^`]+)`", README)
    assert found
    return found[1].replace("install", "install -y")


@pytest.fixture(params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The root of a fresh system with the sources that Debian's installer gives it, whose packages are fetched once."""
    if sys.platform != "linux" or os.geteuid() != 0 or not installed("apt-get"):
        pytest.skip("only root makes a system from Debian's packages, by its debootstrap")

    def make(directory: Path, _: Step) -> None:
        share = apt_extract("debootstrap", "usr/share/debootstrap")
        keys = apt_extract("debian-archive-keyring", "usr/share/keyrings/debian-archive-keyring.gpg")
        program = share.parent.parent / "sbin" / "debootstrap"
        options = ["--variant=minbase", "--include=python3,git,ca-certificates", f"--keyring={keys}"]
        run([program, *options, request.param, directory / "root"], env={"DEBOOTSTRAP_DIR": str(share)})
        sources = (
            f"deb {MIRROR}/debian {request.param} main\ndeb {MIRROR}/debian-security {request.param}-security main\n"
        )
        (directory / "root" / "etc" / "apt" / "sources.list").write_text(sources)

    made = (
        make_once(cache_dir("debian") / f"{request.param}-security", f"Fetching Debian {request.param}", make) / "root"
    )
    root = tmp_path / "root"
    run(["cp", "--archive", made, root])
    yield root
    shutil.rmtree(root)


def test_the_readmes_commands_work_as_printed(debian: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout.git"
    run(["git", "clone", "--bare", "--quiet", ROOT, checkout])
    script = "\n".join(commands())
    for command, begun in SHORTER.items():
        assert command in script
        script = script.replace(command, begun)
    environment = {
        "HOME": "/root",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "DEBIAN_FRONTEND": "noninteractive",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "url./checkout.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
        "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
        **{name: value for name, value in os.environ.items() if name.lower().endswith(("_proxy", "index_url"))},
    }
    inside = f"set -e\napt-get update\n{packages()}\nmkdir /empty && cd /empty\n{script}\n"
    done = run(
        [
            *("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"),
            *("bash", "-c", ENTER, "enter", debian),
            *(f"{name}={value}" for name, value in environment.items()),
            *("bash", "-c", inside),
        ],
        env={"CHECKOUT": str(checkout)},
        check=False,
        timeout=SECONDS,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "usage: nox -s demo --" in done.stdout
    assert "usage: nox -s lint --" in done.stdout
