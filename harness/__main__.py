"""`python -m harness`: what there is to run, what each does, and how; every one of them takes `--help`.

It needs nothing but Python's own library, so it answers in a checkout in which nothing is installed yet.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.paths import ROOT

NOXFILE = ROOT / "noxfile.py"
ENGINES = "harness.images.engines."
"""Stand-ins of the engines, which run inside images."""

WIDTH = 120
TRAINING = "models/tiny/train.py"

NOTE = """
`nox -s NAME -- --help` is the help of NAME itself; without the `--` it is nox's own. No nox? `pipx run nox -s NAME`, or
`uvx nox -s NAME`. `python -m` needs the packages of pyproject.toml: the Python of a session has them
(.nox/SESSION/bin/python), and so has an environment after `pip install -e .`. `python -m inference_stack` is what users
have as a plugin of Helm: docs/preflight.md.
"""


@dataclass(frozen=True)
class Session:
    """A session of nox, what it does, and the modules it runs; none where it runs pytest."""

    name: str
    does: str
    modules: tuple[str, ...]


def first_line(docstring: str | None) -> str:
    """What a docstring says in its first line, without the command it may begin with."""
    line = (docstring or "").strip().partition("\n")[0]
    begins, _, rest = line.partition("`: ")
    return f"{rest[0].upper()}{rest[1:]}" if begins.startswith("`") and rest else line


def modules() -> list[str]:
    """Every module below `harness` that can be run, and so takes `--help`."""
    found = []
    for path in sorted((ROOT / "harness").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__main__":
            found.append(".".join(parts[:-1]))
        elif any(map(_is_the_end, ast.parse(path.read_text()).body)):
            found.append(".".join(parts))
    return found


def _is_the_end(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def file_of(module: str) -> Path:
    """The file that `python -m` runs."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__main__.py" if path.is_dir() else path.with_suffix(".py")


def sessions() -> Iterator[Session]:
    """Each session of nox, in the order of its list."""
    for node in ast.parse(NOXFILE.read_text()).body:
        if isinstance(node, ast.FunctionDef) and any("nox.session" in ast.unparse(d) for d in node.decorator_list):
            words = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            named = tuple(w for w in words if isinstance(w, str) and w.startswith("harness."))
            yield Session(node.name, first_line(ast.get_docstring(node)), named)


def table(rows: Iterable[Sequence[str]], width: int) -> str:
    """Columns as wide as what is in them; the last one is wrapped."""
    cells = list(rows)
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]) - 1)]
    indent = sum(widths) + 2 * len(widths) + 2
    lines = []
    for *row, last in cells:
        head = "".join(f"{cell:{wide}}  " for cell, wide in zip(row, widths, strict=True))
        lines.append(textwrap.fill(last, width, initial_indent=f"  {head}", subsequent_indent=" " * indent))
    return "\n".join(lines)


def overview(width: int) -> str:
    """All there is: the sessions, then the modules that no session runs, then the engines' stand-ins."""
    known = list(sessions())
    rest = [name for name in modules() if not any(name in each.modules for each in known) and name != __package__]
    does = {name: first_line(ast.get_docstring(ast.parse(file_of(name).read_text()))) for name in rest}
    training = ast.get_docstring(ast.parse((ROOT / TRAINING).read_text()))
    inside = [name for name in rest if name.startswith(ENGINES)]
    parts = (
        (
            "Sessions, and the modules they run: nox -s NAME [-- ARGUMENTS]",
            [(each.name, ", ".join(each.modules) or "pytest", each.does) for each in known],
        ),
        ("Modules that no session runs: python -m NAME", [(n, does[n]) for n in rest if n not in inside]),
        ("What runs inside the engines' images: python -m NAME", [(n, does[n]) for n in inside]),
        ("The demo model: uv run NAME", [(TRAINING, first_line(training))]),
    )
    return "\n\n".join(f"{title}\n{table(rows, width)}" for title, rows in parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    argparse.ArgumentParser(prog="python -m harness", description=__doc__).parse_args(arguments)
    print(overview(min(shutil.get_terminal_size().columns, WIDTH)))
    print(NOTE.rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
