"""The facts about each engine: its preset, the only place of its image's tag."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from harness.paths import ROOT

DIRECTORY = "files/engines"
FORMAT = ROOT / DIRECTORY / "preset.schema.json"
"""The JSON Schema of a preset, which explains every field."""


@dataclass(frozen=True)
class Image:
    """A repository, without a registry if that is Docker Hub, and a tag."""

    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


@cache
def presets(chart: Path = ROOT) -> dict[str, dict[str, Any]]:
    """The preset of each engine of a chart, by the engine's name, in the order in which engines are recognised."""
    found = {path.stem: yaml.safe_load(path.read_text()) for path in (chart / DIRECTORY).glob("*.yaml")}
    return dict(sorted(found.items(), key=lambda item: int(item[1]["order"])))


@cache
def images(chart: Path = ROOT) -> dict[str, Image]:
    """The pinned image of each engine that has one, by the engine's name."""
    return {
        engine: Image(preset["image"]["repository"], str(preset["image"]["tag"]))
        for engine, preset in presets(chart).items()
        if "image" in preset
    }
