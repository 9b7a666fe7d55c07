"""What tests share beside the fixtures: their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.helm import KUBE_VERSION
from harness.manifests import Manifests

Values = Path | Mapping[str, Any] | None


class Render(Protocol):
    """Render the chart; without values, its defaults."""

    def __call__(
        self,
        values: Values = None,
        *,
        sets: Sequence[str] = (),
        release: str = "test-release",
        kube_version: str = KUBE_VERSION,
        api_versions: Sequence[str] = (),
    ) -> Manifests: ...


class Say(Protocol):
    """The text that the chart says to these values."""

    def __call__(self, values: Values = None, *, sets: Sequence[str] = ()) -> str: ...
