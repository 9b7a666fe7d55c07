"""`python -m harness.images`: list or build the images that the cluster of the tests and the demo gets."""

from __future__ import annotations

import argparse
import sys

from harness.errors import HarnessError
from harness.images import build
from harness.images.catalog import RECIPES
from harness.progress import console


def main() -> int:
    """Run a command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness.images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="which image answers for which name")
    building = commands.add_parser("build", help="make images (all of them, if none is named)")
    building.add_argument("references", nargs="*", metavar="REFERENCE")
    options = parser.parse_args()
    if options.command == "list":
        for recipe in RECIPES:
            console.print(f"{recipe.repository:36} {recipe.what}", soft_wrap=True)
        return 0
    try:
        for image in build(options.references or [f"{recipe.repository}:{recipe.tag}" for recipe in RECIPES]):
            console.print(f"{image.reference}  {image.path}  {image.path.stat().st_size / 1e6:.0f} MB", soft_wrap=True)
    except HarnessError as error:
        console.print(f"[red]{error.message}[/red]\n{error.hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
