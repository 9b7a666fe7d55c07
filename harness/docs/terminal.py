"""Pictures of a terminal from what the commands print, in docs/terminal: `python -m harness.docs.terminal`.

`refusal.svg` is a values file and Helm's refusal of it; `demo.svg` is `nox -s demo`, which needs a cluster: it is run,
or its output (with FORCE_COLOR=1) is read from a file.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from harness.errors import HarnessError
from harness.paths import ROOT
from harness.run import run
from harness.tools import tool

DIRECTORY = ROOT / "docs" / "terminal"
WRONG = """\
modelGroups:
  chat:
    enabled: true
    modelAlias: [chat]
    modelName: Qwen/Qwen3-32B
    args: [--tensor-parallel-size, "4"]
    resources:
      limits: {nvidia.com/gpu: 2}
"""
"""Values that are refused."""
SCALE = 0.65
"""Of rich's size, whose letters are 20 pixels high."""
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
FIRST, LAST = "Through the gateway", "The tokens come from"
"""Lines of the demo: before the first, only steps that have ended are shown; from the last on, nothing is."""


def refusal() -> list[str]:
    """What a user types and sees."""
    with tempfile.TemporaryDirectory() as directory:
        values = Path(directory) / "my-values.yaml"
        values.write_text(WRONG)
        done = run([tool("helm"), "template", "my-stack", ".", "-f", values], cwd=ROOT, check=False)
    if not done.returncode:
        raise HarnessError("These values are not refused any more", "Choose others in harness/docs/terminal.py.")
    said = done.stderr.partition("Use --debug")[0].strip().splitlines()
    prompt = "\x1b[32m$\x1b[0m "
    lines = [f"{prompt}cat my-values.yaml", *WRONG.splitlines(), f"{prompt}helm template my-stack . -f my-values.yaml"]
    return [*lines, *(f"\x1b[31m{line}\x1b[0m" if line.startswith("Error") else line for line in said)]


def demo(printed: str) -> Iterator[str]:
    """The lines of the demo that stay on a terminal, without spinners.

    Raises:
        HarnessError: it is no output of a demo that succeeded.
    """
    if FIRST not in printed or LAST not in printed:
        raise HarnessError("This is no complete output of the demo", "Run: FORCE_COLOR=1 nox -s demo > FILE")
    yield "\x1b[32m$\x1b[0m nox -s demo"
    head, between, rest = printed.partition(FIRST)
    for line in head.splitlines():
        shown = line.rpartition("\x1b[2K")[2]
        if Text.from_ansi(shown).plain.startswith(("✓", "  left out")):
            yield shown
    yield from ("", *(between + rest.partition(LAST)[0]).rstrip().splitlines())


def picture(lines: Iterable[str], title: str, name: str, width: int = 100) -> str:
    """The lines as an SVG that takes the reader's own font."""
    console = Console(record=True, width=width, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line))
    svg = FONTS.sub("", console.export_svg(title=title, unique_id=name)).replace("Fira Code", "monospace")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size is not None
    width_and_height = " ".join(f'{key}="{float(size[i]) * SCALE:.0f}"' for i, key in enumerate(("width", "height"), 1))
    svg = svg.replace("<svg ", f"<svg {width_and_height} ", 1)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Draw both."""
    parser = argparse.ArgumentParser(prog="python -m harness.docs.terminal", description=__doc__)
    parser.add_argument("--demo", type=Path, help="a file with the demo's output (default: run it)")
    options = parser.parse_args(arguments)
    try:
        program = [sys.executable, "-m", "harness.demo"]
        printed = options.demo.read_text() if options.demo else run(program, cwd=ROOT, env={"FORCE_COLOR": "1"}).stdout
        DIRECTORY.mkdir(exist_ok=True)
        (DIRECTORY / "demo.svg").write_text(picture(demo(printed), "nox -s demo", "demo"))
        (DIRECTORY / "refusal.svg").write_text(picture(refusal(), "a refusal", "refusal"))
    except HarnessError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
