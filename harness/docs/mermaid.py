"""The program that draws diagrams in a reader's browser, so that the site needs nothing from elsewhere.

`python -m harness.docs.mermaid` fetches it. The site works without it: browsers then fetch it, as Material does.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tarfile
from pathlib import Path

from harness.paths import cache_dir
from harness.run import CommandError, run

VERSION = "11.6.0"  # of the major version that Material's own code is written for


def script() -> Path:
    """The path of mermaid.min.js once it is fetched."""
    return cache_dir("mermaid") / f"mermaid-{VERSION}.min.js"


def fetch() -> None:
    """Take it out of its npm package.

    Raises:
        CommandError: there is no npm, or it has no such package.
    """
    there = script()
    if there.exists():
        return
    run([shutil.which("npm") or "npm", "pack", "--silent", f"mermaid@{VERSION}"], cwd=there.parent)
    archive = there.parent / f"mermaid-{VERSION}.tgz"
    with tarfile.open(archive) as package:
        inside = package.extractfile("package/dist/mermaid.min.js")
        assert inside is not None
        there.write_bytes(inside.read())
    archive.unlink()


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m harness.docs.mermaid", description=__doc__).parse_args()
    try:
        fetch()
    except CommandError as error:
        print(f"Diagrams will be drawn by a program that browsers fetch: {error}", file=sys.stderr)
