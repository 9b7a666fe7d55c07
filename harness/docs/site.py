"""A hook of MkDocs: pages of the site that are files of the repository's root.

The README is the first page. Links that leave the pages lead to the repository, as they do for readers of the files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from posixpath import normpath
from textwrap import indent

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from harness.docs.mermaid import DIRECTORY
from harness.docs.mermaid import shown as drawn
from harness.docs.tables import title
from harness.paths import ROOT, examples

FROM_ROOT = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "UPGRADING.md": "from-0.4.md",
}
"""Files of the root, and their names on the site (no two names may differ in case alone)."""

BOOST = {
    "values.md": 0.2,
    "messages.md": 0.1,
    "warnings.md": 0.1,
    "faq.md": 0.3,
    "comparison.md": 0.3,
    "limits.md": 0.5,
    "examples.md": 0.1,
    "changelog.md": 0.1,
    "contributing.md": 0.1,
    "performance.md": 0.5,
    "architecture.md": 0.7,
    "updates.md": 2,
    "multi-node.md": 0.7,
    **{
        f"from-{other}.md": 0.5
        for other in ("a-manifest", "docker-compose", "kubeai", "litellm", "ollama", "production-stack")
    },
}
"""What a hit on a page counts: less where it has the words of many others, and their guide is wanted."""

BADGE = re.compile(r"(?m)^\[!\[[^\]]*\]\(https://[^)]*\)\]\([^)]*\)\n")
"""Badges come from elsewhere, and are for readers of the repository."""

DRAWING = re.compile(r'<img [^>]*src="[^"]*diagrams/(?P<name>[^"#]+)#only-')
PICTURE = re.compile(r'<img (?=[^>]*src="[^"]*dashboards/[^"#]+\.png#only-)')
SIZE = re.compile(r'<svg(?=[^>]* (width="\d+"))(?=[^>]* (height="\d+"))')

TABS = "\n<!-- tabs -->\n"
"""What is below it are tabs on the site, one a heading: a reader wants one of them."""
TAB = re.compile(r'<input [^>]*id="([^"]+)" name="__tabbed')

LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for name, page in FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    files.append(File.generated(config, "examples.md", content=_examples()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links between files into links between pages, to pictures beside them, or to the repository."""
    if page.file.src_uri in BOOST:
        page.meta["search"] = {"boost": BOOST[page.file.src_uri]}
    shown = (*files.documentation_pages(), *files.media_files())
    pages = {
        **FROM_ROOT,
        "examples/README.md": "examples.md",
        **{f"docs/{file.src_uri}": file.src_uri for file in shown},
    }
    source = next((name for name, uri in FROM_ROOT.items() if uri == page.file.src_uri), f"docs/{page.file.src_uri}")

    def leads(match: re.Match[str]) -> str:
        if "://" in match[2]:
            return match[0]
        return f"{match[1]}{target(source, match[2], pages, config.extra['repository'])}{match[3] or ''})"

    return tabbed(drawn(LINK.sub(leads, BADGE.sub("", markdown))))


def tabbed(markdown: str) -> str:
    """The headings below `TABS` as tabs, in the spelling of pymdownx.tabbed."""
    above, mark, below = markdown.partition(TABS)
    if not mark:
        return markdown
    _, *sections = re.split(r"(?m)^## ", below)
    tabs = (
        f'=== "{heading}"\n{indent(text, "    ")}' for heading, _, text in (part.partition("\n") for part in sections)
    )
    return above + "\n" + "\n".join(tabs)


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Load drawings when the reader comes near, and keep their place free until then; tell MkDocs the tabs' anchors."""
    page.present_anchor_ids = {*(page.present_anchor_ids or ()), *TAB.findall(html)}

    def lazy(match: re.Match[str]) -> str:
        size = SIZE.search((DIRECTORY / match["name"]).read_text())
        assert size is not None
        return f'<img loading="lazy" {size[1]} {size[2]} {match[0].removeprefix("<img ")}'

    return PICTURE.sub('<img loading="lazy" ', DRAWING.sub(lazy, html))


def target(source: str, link: str, pages: Mapping[str, str], repository: str) -> str:
    """Where a link in a file of the repository leads on the site, whose pages are all in one directory."""
    path = normpath(str(PurePosixPath(source).parent / link))
    return pages.get(path) or f"{repository.rstrip('/')}/blob/main/{path}"


def _examples() -> str:
    parts = ["# Examples", "Each is installed on a real cluster by the tests."]
    for path in examples():
        text = path.read_text()
        parts.append(f"## {path.stem}\n\n{title(text)}.\n\n```yaml\n{text.strip()}\n```")
    return "\n\n".join(parts) + "\n"
