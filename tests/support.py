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
