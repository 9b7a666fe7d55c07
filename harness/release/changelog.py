"""A version's section of the changelog, and its changes in Artifact Hub's form."""

from __future__ import annotations

import re

from harness.errors import HarnessError

KINDS = {
    "Added": "added",
    "Changed": "changed",
    "Deprecated": "deprecated",
    "Removed": "removed",
    "Fixed": "fixed",
    "Security": "security",
    "⚠ BREAKING CHANGES": "changed",  # release-please's own heading
}
"""Headings of a version's section, and what Artifact Hub calls such a change."""

_VERSION = re.compile(r"^## \[?v?(\d+\.\d+\.\d+[^\]\s(]*)\]?.*$", re.MULTILINE)
_PART = re.compile(r"^### (.+?) *$|^[-*] (.+(?:\n+  .+)*)", re.MULTILINE)  # a heading, or an item with its other lines
_COMMIT = re.compile(r"\s*\(\[[0-9a-f]{7,40}\]\([^)]*\)\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TITLE = re.compile(
    r"(feat|fix|perf|deps|revert|security|deprecate|docs|test|ci|build|refactor|chore|style)(\([\w ./-]+\))?!?: \S.*"
)


def section(changelog: str, version: str) -> str:
    """The text below the version's heading, or below all that name it: release-please adds its own above a written one.

    Raises:
        HarnessError: no heading names the version, or there is no text below.
    """
    found = list(_VERSION.finditer(changelog))
    ends = [*(each.start() for each in found[1:]), len(changelog)]
    parts = [changelog[h.end() : end].strip() for h, end in zip(found, ends, strict=True) if h[1] == version]
    text = "\n\n".join(part for part in parts if part)
    if not text:
        raise HarnessError(
            f"CHANGELOG.md has no changes of {version}.", f"Add a section `## [{version}]` with what changed for users."
        )
    return text


def changes(text: str) -> list[dict[str, str]]:
    """The list items of a version's section: `kind`, by the heading above, and `description`, as Artifact Hub has them.

    Descriptions are plain text: without links, commits and emphasis.

    Raises:
        HarnessError: an item is under a heading that has no kind.
    """
    found, heading = [], ""
    for above, item in _PART.findall(text):
        heading = above or heading
        if item and heading not in KINDS:
            first = item.partition("\n")[0]
            raise HarnessError(
                f"CHANGELOG.md: `{first}` is under `{heading}`.", f"The headings are {', '.join(KINDS)}."
            )
        if item:
            plain = _LINK.sub(r"\1", _COMMIT.sub("", item)).replace("**", "").replace("`", "")
            found.append({"kind": KINDS[heading], "description": " ".join(plain.split())})
    return found


def check_title(title: str) -> None:
    """Raises HarnessError unless a pull request's title, which becomes a commit on main, is a conventional commit."""
    if not _TITLE.fullmatch(title):
        raise HarnessError(
            f"`{title}` is no conventional commit.",
            "Write `feat(gateway): what users get`, `fix(model-group): what works now`, or docs, test, ci, chore ...; "
            "`!` before the colon means that users must act.",
        )
