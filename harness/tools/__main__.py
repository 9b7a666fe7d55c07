"""`python -m harness.tools [NAME...]`: make the tools ready and link them into `.tools/bin`."""

from __future__ import annotations

import argparse
import sys

from harness.errors import HarnessError
from harness.progress import console
from harness.tools import COMMON, NAMES, link, tool


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s tools --", description="Find, fetch or build the pinned tools.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these, of: {', '.join(NAMES)}")
    names = parser.parse_args().names or list(COMMON)
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there is {', '.join(NAMES)}")
    missing = 0
    for name in names:
        try:
            link([name])
            console.print(f"{name:14}{tool(name)}", markup=False, soft_wrap=True)
        except HarnessError as error:
            console.print(f"{name:14}{error}", markup=False, soft_wrap=True, style="red")
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
