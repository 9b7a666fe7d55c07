"""What the changelog says of a version, and the form in which Artifact Hub shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
_COMMIT = re.compile(r"\s*\(\[[0-9a-f]{7,40}\]\([^)]*\)\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TITLE = re.compile(
    r"(feat|fix|perf|deps|revert|security|deprecate|docs|test|ci|build|refactor|chore|style)(\([\w ./-]+\))?!?: \S.*"
)


@dataclass(frozen=True)
class Change:
    """One change, as `artifacthub.io/changes` has it."""

    kind: str
    description: str


def section(changelog: str, version: str) -> str:
    """The text below the version's heading; where several headings name it, below all of them.

    The entries that release-please makes of commits stand under one heading, what people wrote before under another.

    Raises:
        HarnessError: no heading names the version, or nothing stands below.
    """
    found = list(_VERSION.finditer(changelog))
    ends = [*(each.start() for each in found[1:]), len(changelog)]
    parts = [changelog[h.end() : end].strip() for h, end in zip(found, ends, strict=True) if h[1] == version]
    text = "\n\n".join(part for part in parts if part)
    if not text:
        raise HarnessError(
            f"CHANGELOG.md says nothing of {version}.", f"Add a section `## [{version}]` with what changed for users."
        )
    return text


def changes(text: str) -> list[Change]:
    """The list items of a version's section, each by the heading it stands under.

    Raises:
        HarnessError: an item stands under a heading that has no kind.
    """
    found: list[Change] = []
    heading = ""
    for line in text.splitlines():
        if line.startswith("### "):
            heading = line.removeprefix("### ").strip()
        elif re.match(r"[-*] ", line):
            if heading not in KINDS:
                raise HarnessError(
                    f"CHANGELOG.md: `{line}` stands under `{heading}`.", f"The headings are {', '.join(KINDS)}."
                )
            found.append(Change(KINDS[heading], line[2:].strip()))
        elif line.startswith("  ") and line.strip() and found:
            found[-1] = Change(found[-1].kind, f"{found[-1].description} {line.strip()}")
    return [Change(each.kind, _plain(each.description)) for each in found]


def _plain(markdown: str) -> str:
    """Artifact Hub shows the text as it is: without links, commits and emphasis."""
    return _LINK.sub(r"\1", _COMMIT.sub("", markdown)).replace("**", "").replace("`", "").strip()


def check_title(title: str) -> None:
    """Whether the title of a pull request, which becomes a commit on main, is one that the changelog can be made from.

    Raises:
        HarnessError: it is not.
    """
    if not _TITLE.fullmatch(title):
        raise HarnessError(
            f"`{title}` is no conventional commit.",
            "Write `feat(gateway): what users get`, `fix(model-group): what works now`, or docs, test, ci, chore ...; "
            "`!` before the colon says that users must act.",
        )
