"""A hook of MkDocs: pages without what no reader sees, which ask for the search's index when somebody searches."""

from __future__ import annotations

import re
from pathlib import Path

WORDS_AS_WRITTEN = re.compile(r"(?s)(<(pre|script|style|textarea)\b.*?</\2>)")
BLANK = re.compile(r"\s*\n\s*")
COLOURLESS = re.compile(r'<span(?: class="(?:w|p|p p-Indicator)")?>([^<]*)</span>')
"""Blanks and punctuation of highlighted code, which look much like the rest, and spans of nothing."""
SCALAR = re.compile(r'(?<=<span class="l) l-Scalar l-Scalar-Plain(?=">)')
"""What the theme has no colour for, beside one that it has."""
INDEX_ON_DEMAND = Path(__file__).with_name("index-on-demand.js").read_text()


def on_post_page(output: str, **_: object) -> str:
    """Take out spans without a colour and indentation outside code, and let the search's index wait."""
    text, *others = WORDS_AS_WRITTEN.split(SCALAR.sub("", COLOURLESS.sub(r"\1", output)))
    kept = [BLANK.sub("\n", text)]
    for written, between in zip(others[::3], others[2::3], strict=True):
        kept += [written, BLANK.sub("\n", between)]
    return "".join(kept).replace("</head>", f"<script>\n{INDEX_ON_DEMAND}</script></head>", 1)
