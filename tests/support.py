"""What tests share beside the fixtures: their types, and reading what is rendered."""

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
    """The text that the chart says to these values. `inputs` are fields of `harness.helm.Render`."""

    def __call__(self, values: Values = None, **inputs: Any) -> str: ...


def split(text: str) -> list[str]:
    """The documents of a stream, unparsed; nothing inside one begins a line with dashes, or it would not be YAML."""
    return [document for document in re.split(r"(?m)^---$", text) if document.strip()]


@lru_cache(maxsize=4000)
def objects(document: str) -> list[Object]:
    """Kept, since most documents of a render are those of many others; nobody changes what is parsed."""
    return list(Manifests.parse(document))


def parsed(text: str) -> Manifests:
    """What `Manifests.parse` makes of a stream."""
    return Manifests(each for document in split(text) for each in objects(document))
