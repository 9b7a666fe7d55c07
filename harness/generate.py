"""`nox -s generate [-- --check] [NAME...]`: write the committed files that are made from others, or compare them."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from harness import defaults, generated, golden, options, schema
from harness.docs import messages, tables
from harness.docs.markdown import between
from harness.docs.values import documented
from harness.errors import HarnessError
from harness.monitoring import dashboards
from harness.monitoring import files as monitoring
from harness.paths import ROOT, ci_values, examples
from harness.presets import images
from harness.progress import console, step
from harness.schema import keys

README = ROOT / "README.md"
DOCS = ROOT / "docs"
TAGGED = re.compile(
    r"((?:image|repository): (?:[\w.-]+/)*(?P<name>[\w.-]+)(?: +#[^\n]*)?(?:\n +tag: |:))(?P<tag>[\w.-]+)"
)
"""An image with its tag, behind it or on the next line; a mirror may have it by its last name alone."""


def tags() -> dict[Path, str]:
    """The pages, the examples and the files of ci/, with the engines' images as the chart pins them."""
    pinned = {image.repository.rpartition("/")[2]: image.tag for image in images().values()}
    pages = [README, ROOT / "UPGRADING.md", *sorted(DOCS.glob("*.md")), *examples(), *ci_values()]
    texts = {path: path.read_text() for path in pages if path.name not in messages.PAGES}
    return {
        path: TAGGED.sub(lambda found: found[1] + pinned.get(found["name"], found["tag"]), text)
        for path, text in texts.items()
    }


def engines() -> dict[Path, str]:
    """The guide's tables of engines, and the README's."""
    page = DOCS / "engines.md"
    text = between(page.read_text(), "ENGINES", tables.engine_table())
    proofs = {README: README.read_text(), page: text}
    return {path: between(text, "PROOFS", tables.proof_table()) for path, text in proofs.items()}


def table_of_examples() -> dict[Path, str]:
    """What is in the directory of examples."""
    page = ROOT / "examples" / "README.md"
    return {page: between(page.read_text(), "EXAMPLES", tables.example_table())}


GENERATED: dict[str, Callable[[], dict[Path, str]]] = {
    "defaults": lambda: {defaults.FILE: defaults.text()},
    "schema": lambda: {schema.FILE: schema.written(schema.build()) + "\n"},
    "keys": lambda: {keys.FILE: schema.written(keys.tree(schema.build())) + "\n"},
    "options": options.options,
    "monitoring": lambda: {**monitoring.files(), **monitoring.pages()},
    "dashboards": dashboards.files,
    "tags": tags,
    "examples": table_of_examples,
    "engines": engines,
    "values": lambda: {DOCS / "values.md": tables.page(documented())},
    "messages": lambda: {DOCS / name: text for name, text in messages.pages().items()},
    "golden": golden.golden,
}
"""What gives each file its text, in the order of need: Helm reads the defaults and the schema, pages the schema."""

TREES = {"golden": golden.TREE, "options": options.DIRECTORY}
"""Directories without any other file."""


def generate(name: str, *, check: bool) -> None:
    """Write the files of that name, or only compare them.

    Raises:
        HarnessError: they cannot be made, or with `check`, one is out of date: how, and the command that writes it.
    """
    files = GENERATED[name]()
    if check:
        generated.check(files, f"nox -s generate -- {name}", TREES.get(name))
    else:
        generated.write(files, TREES.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s generate --", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these, of: {', '.join(GENERATED)}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(GENERATED)):
        parser.error(f"unknown: {', '.join(unknown)}; there is {', '.join(GENERATED)}")
    failed = 0
    for name in GENERATED:
        if name in (options.names or GENERATED):
            try:
                with step(name):
                    generate(name, check=options.check)
            except HarnessError as error:
                console.print(str(error), markup=False, soft_wrap=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
