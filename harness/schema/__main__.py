"""`python -m harness.schema [--check]`: write values.schema.json, or say whether it is up to date."""

from __future__ import annotations

import argparse
import sys

from harness import schema
from harness.errors import HarnessError
from harness.generated import check


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s schema --", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    options = parser.parse_args()
    try:
        text = schema.written(schema.build()) + "\n"
        if options.check:
            check({schema.FILE: text}, "nox -s schema")
        else:
            schema.FILE.write_text(text)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
