"""`python -m harness.docs [--check]`: write docs/values.md, docs/messages.md and the README's tables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness import generated
from harness.docs import messages, tables
from harness.docs.markdown import between
from harness.docs.values import documented
from harness.errors import HarnessError
from harness.paths import ROOT

README = ROOT / "README.md"

VALUES_HEAD = """\
# Values

Every key of [values.yaml](../values.yaml), where these texts come from.

`modelGroupDefaults` holds all keys of a group, and each is also a key of `modelGroups.<name>`. A group's own values are
laid over the defaults: maps merge, lists and scalars replace, `null` goes back to the chart's own default.
"""


def wanted() -> dict[Path, str]:
    """Each generated file with what it has to hold."""
    keys = documented()
    readme = between(README.read_text(), "VALUES", tables.common(keys))
    readme = between(readme, "EXAMPLES", tables.example_table())
    return {
        README: readme,
        ROOT / "docs" / "values.md": f"{VALUES_HEAD}\n{tables.reference(keys)}\n",
        ROOT / "docs" / "messages.md": messages.page(),
    }


def check(files: dict[Path, str]) -> None:
    """Compare, and look for a sentence of the templates that the page of messages lacks.

    Raises:
        HarnessError: something differs: the difference, and the command that mends it.
    """
    generated.check(files, "python -m harness.docs")
    if missing := messages.unmentioned(files[ROOT / "docs" / "messages.md"]):
        raise HarnessError(
            "No test has a case for:\n" + "\n".join(missing),
            "Add one to harness/docs/messages.yaml",
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether they are up to date")
    asked = parser.parse_args()
    try:
        files = wanted()
        if not asked.check:
            generated.write(files)
        check(files)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
