"""A hook of MkDocs: a page's description and card for who shares it, its links to edit it and to report a problem."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import quote

from matplotlib.figure import Figure
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from harness.docs.site import FROM_ROOT
from harness.paths import ROOT

CARD = "card.png"
CARD_INCHES = (12, 6.3)
"""At 100 dots an inch the size that social networks show."""
DESCRIPTION_LENGTH = 160
"""What search engines show of a description."""
PROSE = re.compile(r"(?!```|\[!\[)[A-Za-z*_`\[]")
"""How a paragraph begins that is neither code, nor a row of badges."""
GENERATED = {
    "values.md": "values.yaml",
    "messages.md": "harness/docs/messages.yaml",
    "warnings.md": "harness/docs/messages.yaml",
    "examples.md": "examples",
}
"""Pages that are made from another file, which is the one to edit."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Draw the card: no picture is in the repository."""
    files.append(File.generated(config, CARD, content=card(config.site_name, config.site_description or "")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Files) -> str:
    """Add the links, and the first paragraph as description."""
    page.meta.setdefault("description", html.escape(description(markdown) or config.site_description or ""))
    repository = config.extra["repository"].rstrip("/")
    name = page.file.src_uri
    source = next((path for path, uri in FROM_ROOT.items() if uri == name), GENERATED.get(name, f"docs/{name}"))
    title = quote(f"docs: {page.file.src_uri.removesuffix('.md')}: ")
    edit = f"[Edit this page]({repository}/{'tree' if (ROOT / source).is_dir() else 'edit'}/main/{source})"
    report = f"[Report a problem]({repository}/issues/new?title={title})"
    return f"{markdown}\n\n---\n\n<small>{edit} · {report}</small>\n"


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Add what social networks read. Their addresses have to be complete."""
    tags = {
        "og:title": html.escape(str(page.title)),
        "og:description": page.meta["description"],
        "og:type": "website",
        "og:url": page.canonical_url,
        "og:image": f"{(config.site_url or '').rstrip('/')}/{CARD}",
        "twitter:card": "summary_large_image",
    }
    lines = (f'<meta property="{name}" content="{value}">' for name, value in tags.items())
    return output.replace("</head>", "".join(lines) + "</head>", 1)


def description(markdown: str) -> str:
    """The first sentences of a page, as plain text of at most `DESCRIPTION_LENGTH` characters."""
    prose = (" ".join(part.split()) for part in re.split(r"\n\s*\n", markdown) if PROSE.match(part))
    text = next((part for part in prose if len(part) > DESCRIPTION_LENGTH / 4), "")
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("**", "").replace("`", "")
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[: DESCRIPTION_LENGTH - 1].rpartition(" ")[0] + "…"


def card(name: str, sentence: str) -> bytes:
    """A PNG with the project's name, what it is, and its engines behind one endpoint."""
    figure = Figure(figsize=CARD_INCHES, dpi=100, facecolor="#3f51b5")
    figure.text(0.07, 0.66, name, color="white", fontsize=64, fontweight="bold")
    figure.text(0.07, 0.52, sentence, color="white", fontsize=30)
    figure.text(0.07, 0.2, "vLLM · SGLang · TensorRT-LLM · llama.cpp · any OpenAI server", color="#c5cae9", fontsize=24)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
