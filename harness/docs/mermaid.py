"""The diagrams of the pages, drawn once, so that no reader's browser has to: `python -m harness.docs.mermaid`.

Each mermaid fence becomes two files of docs/diagrams, for light and dark pages, named by the fence's text. It needs npm
and Chromium, draws what is missing, and removes what has no fence any more. GitHub draws the fences by itself.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.docs.markdown import FENCE, blocks
from harness.errors import HarnessError
from harness.paths import ROOT, cache_dir
from harness.run import run

VERSION = "11.6.0"
DIRECTORY = ROOT / "docs" / "diagrams"
THEMES: Mapping[str, Mapping[str, object]] = {
    "light": {
        "theme": "neutral",
        "themeVariables": {
            "fontSize": "14px",
            "noteBkgColor": "#e8eaf6",
            "noteTextColor": "#222",
            "noteBorderColor": "#9fa8da",
        },
        "themeCSS": ".edgeLabel rect { fill: #fff; opacity: 1 }",
    },
    "dark": {
        "theme": "dark",
        "themeVariables": {
            "fontSize": "14px",
            "noteBkgColor": "#303a5c",
            "noteTextColor": "#eee",
            "noteBorderColor": "#7986cb",
        },
        "themeCSS": ".edgeLabel rect { fill: #1e2129; opacity: 1 } .cluster rect { fill: #2a2e38 }",
    },
}
"""Mermaid's settings for each kind of page: words on lines have the page's colour behind them."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES = ("README.md", "CONTRIBUTING.md", "UPGRADING.md", "CHANGELOG.md")
"""Pages of the site that are not in docs/."""
TITLE = re.compile(r"(?m)^ *accTitle: *(.+?) *$")
DRAW = """<meta charset="utf-8"><script src="BUNDLE"></script><pre id="drawn"></pre><script>
(async () => {
  const drawn = {};
  for (const [name, theme, text] of WANTED) {
    mermaid.initialize({
      ...theme, startOnLoad: false, htmlLabels: false, fontFamily: "Arial, Helvetica, sans-serif",
      deterministicIds: true, deterministicIDSeed: name,
      flowchart: {htmlLabels: false, wrappingWidth: 400, nodeSpacing: 30, rankSpacing: 35, padding: 10},
      sequence: {mirrorActors: false, actorMargin: 40, width: 120, height: 45, messageFontSize: 14, noteFontSize: 14},
    });
    const {svg} = await mermaid.render("d" + name.slice(0, 6), text);
    const element = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    const [, , width, height] = element.getAttribute("viewBox").split(" ").map(Number);
    element.removeAttribute("style");
    element.setAttribute("width", Math.ceil(width));
    element.setAttribute("height", Math.ceil(height));
    drawn[name] = new XMLSerializer().serializeToString(element);
  }
  const bytes = new TextEncoder().encode(JSON.stringify(drawn));
  document.getElementById("drawn").textContent = btoa(Array.from(bytes, each => String.fromCharCode(each)).join(""));
})();
</script>"""


def digest(text: str) -> str:
    """The name of a fence's drawings."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def title(text: str) -> str:
    """What a drawing shows, for those who do not see it.

    Raises:
        HarnessError: the fence does not say it.
    """
    if not (found := TITLE.search(text)):
        raise HarnessError(f"A diagram has no accTitle:\n{text}")
    return found[1]


def fences() -> Iterator[str]:
    """The text of every mermaid fence of the pages."""
    for page in (*(ROOT / name for name in PAGES), *sorted((ROOT / "docs").glob("*.md"))):
        yield from (block.text for block in blocks(page.read_text()) if block.language == "mermaid")


def files(text: str) -> dict[str, Path]:
    """The drawings of a fence, by the kind of page they are for."""
    return {kind: DIRECTORY / f"{digest(text)}-{kind}.svg" for kind in THEMES}


def shown(markdown: str) -> str:
    """A page with its fences replaced by their drawings, for a page beside the directory of them."""
    for match in reversed(list(FENCE.finditer(markdown))):
        if match["language"] == "mermaid":
            (block,) = blocks(match[0] + "\n")
            images = (
                f"![{title(block.text)}](diagrams/{path.name}#only-{kind})" for kind, path in files(block.text).items()
            )
            markdown = markdown[: match.start()] + match["indent"] + "".join(images) + markdown[match.end() :]
    return markdown


def bundle() -> Path:
    """Mermaid in one file, out of its npm package.

    Raises:
        CommandError: there is no npm, or it has no such package.
    """
    there = cache_dir("mermaid") / f"mermaid-{VERSION}.min.js"
    if not there.exists():
        run([shutil.which("npm") or "npm", "pack", "--silent", f"mermaid@{VERSION}"], cwd=there.parent)
        archive = there.parent / f"mermaid-{VERSION}.tgz"
        with tarfile.open(archive) as package:
            inside = package.extractfile("package/dist/mermaid.min.js")
            assert inside is not None
            there.write_bytes(inside.read())
        archive.unlink()
    return there


def draw(wanted: Mapping[Path, tuple[Mapping[str, object], str]]) -> None:
    """Write these files, of a theme and a text each.

    Raises:
        HarnessError: there is no browser, or mermaid does not understand a text.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise HarnessError(f"None of {', '.join(BROWSERS)} is on the PATH", "Install Chromium.")
    names = [(path.stem, *each) for path, each in wanted.items()]
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "draw.html"
        texts = json.dumps(names).replace("<", "\\u003c")
        page.write_text(DRAW.replace("BUNDLE", bundle().as_uri()).replace("WANTED", texts))
        options += [f"--user-data-dir={directory}/profile", "--virtual-time-budget=60000", "--dump-dom"]
        dumped = run([browser, *options, page.as_uri()], timeout=120).stdout
    found = re.search(r'<pre id="drawn">([^<]+)</pre>', dumped)
    if not found:
        raise HarnessError(
            "Mermaid drew nothing", f"It does not understand one of: {', '.join(sorted(map(str, wanted)))}"
        )
    drawn = json.loads(base64.b64decode(found[1]))
    DIRECTORY.mkdir(exist_ok=True)
    for path in wanted:
        path.write_text(drawn[path.stem] + "\n")


def main() -> int:
    """Draw what is missing, and remove what is left over."""
    argparse.ArgumentParser(prog="python -m harness.docs.mermaid", description=__doc__).parse_args()
    every = {path: (THEMES[kind], text) for text in fences() for kind, path in files(text).items()}
    for path in {*DIRECTORY.glob("*.svg")} - every.keys():
        path.unlink()
    try:
        if missing := {path: each for path, each in every.items() if not path.exists()}:
            draw(missing)
    except HarnessError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
