"""How the default values of two versions differ: for the release notes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

HEADING = "## Default value changes"


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is not a map, or is an empty one, with its path; a list is one value."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            name = key if isinstance(key, str) and key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    else:
        yield path, values


def markdown(old: str | None, new: str, version: str = "") -> str:
    """The section for the release notes: a diff of `path: value`, sorted by path; comments and order do not count.

    `old` is the values.yaml of the release `version`, None if there was none.
    """
    if old is None:
        return f"{HEADING}\n\nThis is the first release with notes: every default is in values.yaml.\n"
    before, after = (dict(leaves(values)) if (values := yaml.safe_load(text)) else {} for text in (old, new))
    changed = []
    for path in sorted(before.keys() | after.keys()):
        was, now = (_shown(path, side) for side in (before, after))
        if was != now:
            changed += [f"- {was}"] if was else []
            changed += [f"+ {now}"] if now else []
    if not changed:
        return f"{HEADING}\n\nNone since {version}.\n"
    return "\n".join([f"{HEADING}\n", f"Since {version}:\n", "```diff", *changed, "```", ""])


def _shown(path: str, values: dict[str, Any]) -> str:
    return f"{path}: {json.dumps(values[path], ensure_ascii=False)}" if path in values else ""
