"""Helpers that tests share: types of the fixtures, and parsing of rendered text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from harness.manifests import Manifests, Object

Values = Path | Mapping[str, Any] | None


class Render(Protocol):
    """Render the chart; without values, its defaults. `inputs` are fields of `harness.helm.Render`."""

    def __call__(self, values: Values = None, **inputs: Any) -> Manifests: ...


class Say(Protocol):
    """The refusal or the notes for these values. `inputs` are fields of `harness.helm.Render`."""

    def __call__(self, values: Values = None, **inputs: Any) -> str: ...


def split(text: str) -> list[str]:
    """The documents of a YAML stream, unparsed; no line of `---` can be inside a document."""
    return [document for document in re.split(r"(?m)^---$", text) if document.strip()]


@lru_cache(maxsize=4000)
def objects(document: str) -> list[Object]:
    """The objects of a document; cached, as most documents recur in many renders. Callers must not change them."""
    return list(Manifests.parse(document))


def parsed(text: str) -> Manifests:
    """The same result as `Manifests.parse`, with cached documents."""
    return Manifests(each for document in split(text) for each in objects(document))


def plain(text: str) -> str:
    """A refusal or notes without line wraps, and without the pages that they name."""
    text = re.sub(r"(?m)\n  # See docs/[a-z-]+\.md, docs/messages\.md#\S+$", "", text)
    wrapped = r"(?m)^(?!Please set:)(\S.*(?:\n(?!Please set:)\S.*)*)\nPlease set:"
    text = re.sub(wrapped, lambda found: found[1].replace("\n", " ") + "\nPlease set:", text)
    before, note, warnings = text.partition("\nPlease note (docs/warnings.md has more on each):")
    return before + ("\nPlease note:" + warnings.replace("\n  ", " ") if note else "")
