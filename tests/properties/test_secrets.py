"""A key stands in a Secret and nowhere else, wherever in the values it is given."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given

from harness.helm import HelmError
from harness.manifests import load_all
from harness.paths import ROOT
from tests.properties.checks import Rendered, answer
from tests.properties.strategies import Values, values

SCHEMA: dict[str, Any] = json.loads((ROOT / "values.schema.json").read_text())
SECRET_NAMES = re.compile(r"(?i)api_?key$|password|token$")
NO_SECRETS = {"serviceMonitor.bearerTokenSecret": "only ever a reference"}


def secret_fields(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places of the schema where a key may be given by value; a map's entry and a group are called x."""
    if "$ref" in node:
        if node["$ref"] != "#/definitions/modelGroup":
            return
        node = SCHEMA["definitions"]["modelGroup"]
    if path and SECRET_NAMES.search(path[-1]) and "string" in node.get("type", ()):
        yield path
        return
    if node.get("$comment", "").startswith("Kubernetes'"):
        return
    for name, below in node.get("properties", {}).items():
        yield from secret_fields(below, (*path, name))
    if isinstance(node.get("additionalProperties"), dict):
        yield from secret_fields(node["additionalProperties"], (*path, "x"))


FIELDS = sorted(set(secret_fields(SCHEMA)))

WHOLE: dict[str, Any] = {
    "modelGroups": {"x": {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}},
    "externalProviders": {"x": {"preset": "openai", "modelAlias": ["m"]}},
    "onwards": {"clientKeys": {"x": {}}},
}


def planted(drawn: Values) -> tuple[Values, dict[str, str]]:
    """The values with a key of its own in every place that takes one, and those keys by place."""
    copy = deepcopy({**drawn, "modelGroupDefaults": {}})
    keys: dict[str, str] = {}
    for path in FIELDS:
        key = f"sk-canary-{len(keys)}-{'y' * 9}"
        place = copy
        for index, part in enumerate(path[:-1]):
            here = place.setdefault(part, deepcopy(at(WHOLE, path[: index + 1])) or {})
            place = here if isinstance(here, dict) else place
        place[path[-1]] = key
        keys[".".join(path)] = key
    return copy, keys


def at(tree: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def test_every_place_of_a_key_is_found() -> None:
    assert {".".join(path) for path in FIELDS} == {
        "externalProviders.x.apiKey",
        "modelGroupDefaults.apiKey",
        "modelGroups.x.apiKey",
        "onwards.clientKeys.x.apiKey",
    }


def everywhere(drawn: Values) -> tuple[Values, dict[str, str]]:
    base = {name: each for name, each in drawn.items() if name not in ("modelGroups", "onwards", *WHOLE)}
    return planted({**base, **deepcopy(WHOLE)})


@given(values())
def test_a_key_given_by_value_is_in_a_secret_only(drawn: Values) -> None:
    with_keys, keys = everywhere(drawn)
    answered = answer(with_keys)
    if isinstance(answered, HelmError):
        assert [place for place, key in keys.items() if key in answered.output] == []
    else:
        check_keys(answered, keys)


def test_a_whole_release_has_its_keys_in_a_secret_only() -> None:
    whole, keys = planted(WHOLE)
    answered = answer(whole)
    assert not isinstance(answered, HelmError)
    check_keys(answered, keys)


def check_keys(rendered: Rendered, keys: dict[str, str]) -> None:
    forms = {form: place for place, key in keys.items() for form in (key, base64.b64encode(key.encode()).decode())}
    any_form = re.compile("|".join(map(re.escape, forms)))
    kept: dict[str, str] = {}
    for name, text in rendered.items():
        shown = text
        if name.endswith("/secret.yaml"):
            (secret,) = load_all(text)
            assert secret["kind"] == "Secret"
            kept = {field: base64.b64decode(data).decode() for field, data in secret.pop("data").items()}
            shown = json.dumps(secret)
        assert [f"{forms[found]} is in {name}" for found in any_form.findall(shown)] == []
    named = {place: key for place, key in keys.items() if not place.startswith("modelGroupDefaults")}
    assert kept == {place.removesuffix(".apiKey"): key for place, key in named.items()}
