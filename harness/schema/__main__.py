"""`python -m harness.schema [--check]`: write values.schema.json, or say whether it is up to date."""

from __future__ import annotations

import argparse
import difflib
import sys

from harness import schema
from harness.errors import HarnessError


def check(text: str) -> None:
    """Raises:
    HarnessError: the file differs from what would be generated: the difference.
    """
    found = schema.FILE.read_text() if schema.FILE.exists() else ""
    if found != text:
        names = (schema.FILE.name, "generated")
        difference = list(difflib.unified_diff(found.splitlines(), text.splitlines(), *names, lineterm="", n=1))
        raise HarnessError("\n".join(difference[:60]), "Run: nox -s schema")


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s schema --", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    options = parser.parse_args()
    try:
        text = schema.written(schema.build()) + "\n"
        if options.check:
            check(text)
        else:
            schema.FILE.write_text(text)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
