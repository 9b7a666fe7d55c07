"""Recordings of a terminal in docs/terminal, as SVG that moves: `python -m harness.docs.terminal`.

`refusal.svg` is a values file and Helm's refusal of it; `demo.svg` is `nox -s demo`, which is run and needs a cluster.
Each line appears when it was printed, with shorter pauses, and stays; who wants no motion sees the end at once.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
PROMPT = "\x1b[32m$\x1b[0m "
SCALE = 0.65
"""Of rich's size, whose letters are 20 pixels high."""
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
COLUMNS = 100
"""Of a terminal, at least: no line is broken."""
LONGEST = 1.5
"""Seconds of a pause in a recording, whatever it was."""
TYPED = 1.0
"""Seconds between a command and its output, where a reader first has to read something."""
FIRST, LAST = "Through the gateway", "The tokens come from"
"""Lines of the demo: before the first, only steps that have ended are shown; from the last on, nothing is."""


@dataclass(frozen=True)
class Line:
    """A line of a terminal, with its colours, and when it was printed, in seconds."""

    at: float
    text: str


def refusal() -> list[Line]:
    """What a user types and sees."""
    with tempfile.TemporaryDirectory() as directory:
        values = Path(directory) / "my-values.yaml"
        values.write_text(WRONG)
        done = run([tool("helm"), "template", "my-stack", ".", "-f", values], cwd=ROOT, check=False)
    if not done.returncode:
        raise HarnessError("These values are not refused any more", "Choose others in harness/docs/terminal.py.")
    said = done.stderr.partition("Use --debug")[0].strip().splitlines()
    parts = [
        [f"{PROMPT}cat my-values.yaml"],
        WRONG.splitlines(),
        [f"{PROMPT}helm template my-stack . -f my-values.yaml"],
        [f"\x1b[31m{line}\x1b[0m" if line.startswith("Error") else line for line in said],
    ]
    return [Line(number * TYPED, text) for number, part in enumerate(parts) for text in part]


def record() -> list[Line]:
    """All that the demo prints, as it prints it."""
    lines: list[Line] = []
    begun = time.monotonic()
    program = [sys.executable, "-m", "harness.demo"]
    run(
        program,
        cwd=ROOT,
        env={"FORCE_COLOR": "1"},
        on_line=lambda text: lines.append(Line(time.monotonic() - begun, text)),
    )
    return lines


def demo(printed: Iterable[Line]) -> Iterator[Line]:
    """The lines of the demo that stay on a terminal, without spinners.

    Raises:
        HarnessError: it is no output of a demo that succeeded.
    """
    begun = False
    yield Line(0, f"{PROMPT}nox -s demo")
    for line in printed:
        shown = line.text.rpartition("\x1b[2K")[2]
        plain = Text.from_ansi(shown).plain
        if plain.startswith(LAST) and begun:
            return
        if plain.startswith(FIRST):
            begun = True
            yield Line(line.at, "")
        if begun or plain.startswith(("✓", "  left out")):
            yield Line(line.at, shown)
    raise HarnessError("This is no complete output of the demo", "Run: nox -s demo")


def motion(lines: Sequence[Line], name: str) -> str:
    """The style by which each line of a picture appears in its time."""
    rules, shown, before = [], 0.0, 0.0
    for number, line in enumerate(lines):
        shown += min(line.at - before, LONGEST)
        before = line.at
        rules.append(f'text[clip-path="url(#{name}-line-{number})"]{{animation-delay:{shown:.1f}s}}')
    return (
        f"@keyframes {name}-appear{{from{{opacity:0}}to{{opacity:1}}}}"
        f"@media(prefers-reduced-motion:no-preference){{text[clip-path]{{animation:{name}-appear 1ms backwards}}"
        f"{''.join(rules)}}}"
    )


def picture(lines: Sequence[Line], title: str, name: str) -> str:
    """The lines as an SVG that takes the reader's own font."""
    width = max(COLUMNS, *(Text.from_ansi(line.text).cell_len for line in lines))
    console = Console(record=True, width=width, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line.text))
    svg = FONTS.sub("", console.export_svg(title=title, unique_id=name)).replace("Fira Code", "monospace")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size is not None
    width_and_height = " ".join(f'{key}="{float(size[i]) * SCALE:.0f}"' for i, key in enumerate(("width", "height"), 1))
    svg = svg.replace("<svg ", f"<svg {width_and_height} ", 1)
    svg = svg.replace("</style>", f"{motion(lines, name)}\n    </style>", 1)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Record both."""
    parser = argparse.ArgumentParser(prog="python -m harness.docs.terminal", description=__doc__)
    parser.add_argument("--no-demo", action="store_true", help="without the demo, which takes a cluster")
    options = parser.parse_args(arguments)
    try:
        DIRECTORY.mkdir(exist_ok=True)
        if not options.no_demo:
            (DIRECTORY / "demo.svg").write_text(picture(list(demo(record())), "nox -s demo", "demo"))
        (DIRECTORY / "refusal.svg").write_text(picture(refusal(), "a refusal", "refusal"))
    except HarnessError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
