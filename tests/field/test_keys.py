"""Keys are text, never printed; what is no map where one belongs does not leave the gateway open."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.chart.accessors import one
from tests.support import Say

KEY = "sk-REAL-KEY"


def provider(key: Any) -> dict[str, Any]:
    return {"externalProviders": {"p": {"preset": "openai", "modelAlias": "m", "apiKey": key}}}


def client(key: Any) -> dict[str, Any]:
    return {**one(), "onwards": {"clientKeys": {"c": {"apiKey": key}}}}


OWNERS = {
    "modelGroups.a": lambda key: one(apiKey=key),
    "externalProviders.p": provider,
    "onwards.clientKeys.c": client,
}


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("number", [12345678901234567890, 1234, 1.5, True])
def test_a_number_is_no_key(refusal: Say, owner: str, number: Any) -> None:
    assert f"at '/{owner.replace('.', '/')}/apiKey'" in refusal(OWNERS[owner](number))
    assert f"{owner}.apiKey: a key is text" in refusal(OWNERS[owner](number), skip_schema=True)


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("field", ["name", "key"])
def test_a_key_in_place_of_a_reference_is_not_printed(refusal: Say, owner: str, field: str) -> None:
    text = refusal(OWNERS[owner]({field: KEY}))
    assert f"{owner}.apiKey: a reference needs both" in text
    assert KEY not in text


MISTAKES: dict[str, dict[str, Any]] = {
    "modelGroups.a.apikey": one(apikey=KEY),
    "externalProviders.p.apiKeys": {
        "externalProviders": {"p": {"preset": "openai", "modelAlias": "m", "apiKeys": KEY}}
    },
    "onwards.clientKey": {"onwards": {"clientKey": {"c": {"apiKey": KEY}}}},
    "modelGroup": {"modelGroup": one(env=[{"name": "HF_TOKEN", "value": KEY}])["modelGroups"]},
}


@pytest.mark.parametrize("path", MISTAKES)
def test_a_key_below_a_misspelt_key_is_not_printed(refusal: Say, path: str) -> None:
    text = refusal(MISTAKES[path], skip_schema=True)
    assert f"{path}: " in text
    assert KEY not in text


SCALARS: dict[str, dict[str, Any]] = {
    "onwards.clientKeys.c": {**one(), "onwards": {"clientKeys": {"c": KEY}}},
    "onwards.clientKeys": {**one(), "onwards": {"clientKeys": [KEY]}},
    "onwards.clientKeys ": {**one(), "onwards": {"clientKeys": KEY}},
    "externalProviders.p": {"externalProviders": {"p": KEY}},
    "externalProviders": {"externalProviders": [KEY]},
    "routes.m": {**one(), "routes": {"m": "priority"}},
    "routes": {**one(), "routes": "priority"},
    "modelGroups.a": {"modelGroups": {"a": "org/m"}},
    "modelGroups": {"modelGroups": ["org/m"]},
    "onwards": {"onwards": ["x"]},
    "networkPolicy": {"networkPolicy": True},
}


@pytest.mark.parametrize("path", SCALARS)
def test_what_is_no_map_is_refused_without_the_schema_too(refusal: Say, path: str) -> None:
    text = refusal(SCALARS[path], skip_schema=True)
    assert re.search(rf"(?m)^{re.escape(path.strip())}: it has (a value of its own in place of keys|to be a map)", text)
    assert KEY not in text
