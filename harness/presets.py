"""The image of each engine, as the chart's presets pin it: no other file of ours decides a tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from harness.paths import ROOT

IMAGE = re.compile(r"^image: \{repository: (\S+), tag: (\S+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """A repository, without a registry if that is Docker Hub, and a tag."""

    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


@cache
def images() -> dict[str, Image]:
    """The pinned image of each engine that has one, by the engine's name."""
    presets = sorted((ROOT / "templates").rglob("_engine-*.tpl"))
    found = {path.stem.removeprefix("_engine-"): IMAGE.search(path.read_text()) for path in presets}
    return {engine: Image(*image.groups()) for engine, image in found.items() if image}
