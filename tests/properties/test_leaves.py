"""Every value may be null, and every text may look like something else: it works, or is refused with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import settings

from harness.manifests import load
from harness.paths import ROOT
from tests.properties.checks import check
from tests.properties.strategies import ODD_STRINGS

Path = tuple[str, ...]

BUSY: dict[str, Any] = {
    "onwards": {"loadBalancer": {"enabled": True}},
    "modelGroups": {
        "a": {
            "enabled": True,
            "modelAlias": ["m"],
            "modelName": "org/m",
            "apiKey": "key",
            "resources": {"limits": {"nvidia.com/gpu": 2}},
            "persistentVolumes": [{"name": "weights", "size": "1Gi", "mountPath": "/weights"}],
        }
    },
    "ingress": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "serviceMonitor": {"enabled": True},
}
"""Values that make every kind of object."""


def paths(values: Mapping[str, Any], way: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in values.items():
        yield (*way, key), value
        if isinstance(value, dict):
            yield from paths(value, (*way, key))


def of_a_group(way: Path) -> Path:
    return ("modelGroups", "a", *way[1:])


DEFAULTS = dict(paths(load((ROOT / "values.yaml").read_text())))
GROUP = {of_a_group(way): value for way, value in DEFAULTS.items() if way[0] == "modelGroupDefaults" and len(way) > 1}
EVERYWHERE = {way: value for way, value in {**DEFAULTS, **GROUP}.items() if way[:2] != ("modelGroups", "vllm-llama")}

TEXTS = [way for way, value in EVERYWHERE.items() if isinstance(value, str)]


def changed(way: Path, value: Any) -> dict[str, Any]:
    copy = deepcopy(BUSY)
    place = copy
    for key in way[:-1]:
        place = place.setdefault(key, {})
    place[way[-1]] = value
    return copy


def part(way: Path) -> str:
    """What a test of texts is named by."""
    return ".".join(way[: 3 if way[0] == "modelGroups" else 2])


@pytest.mark.parametrize("name", sorted({way[0] for way in EVERYWHERE}))
def test_null_works_or_is_refused(name: str) -> None:
    for way in EVERYWHERE:
        if way[0] == name:
            check(changed(way, None))


@pytest.mark.parametrize("name", sorted({part(way) for way in TEXTS}))
def test_any_text_is_written_or_refused(name: str) -> None:
    """Each leaf gets some of the texts, and another one other texts; with the long profile each gets all of them."""
    step = 1 if settings.get_current_profile_name() == "long" else 3
    for number, way in enumerate(TEXTS):
        if part(way) == name:
            for text in ODD_STRINGS[number % step :: step]:
                check(changed(way, text), legal=False)
