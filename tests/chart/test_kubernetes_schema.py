"""Every object is one that Kubernetes knows, without a field that it does not."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from harness.manifests import Object
from tests.chart.cases import CASES
from tests.support import Render, Values

OLDEST, NEWEST = "1.31", "1.37"
NOT_KUBERNETES = {"monitoring.coreos.com/v1"}


@cache
def schema(version: str, name: str) -> Any:
    directory = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return json.loads((directory / f"{name}.json").read_text())


@cache
def validator(version: str, api_version: str, kind: str) -> Draft202012Validator:
    """Kept, because reading the definitions takes far longer than checking an object."""
    group, _, api = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], api) if part)
    registry: Registry[Any] = Resource.from_contents(schema(version, "_definitions")) @ Registry()
    return Draft202012Validator(schema(version, name), registry=registry)


def faults(version: str, each: Object) -> list[str]:
    errors = validator(version, each["apiVersion"], each["kind"]).iter_errors(each)
    return [f"{each['kind']} {each['metadata']['name']}: {e.json_path}: {e.message}" for e in errors]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_every_object_is_valid(render: Render, values: Values, version: str) -> None:
    rendered = render(values, kube_version=f"{version}.0")
    known = [each for each in rendered if each["apiVersion"] not in NOT_KUBERNETES]
    assert known
    assert [fault for each in known for fault in faults(version, each)] == []


def test_a_misspelt_field_is_seen(render: Render) -> None:
    (service,) = render().kind("Service")
    assert faults(NEWEST, {**service, "spec": {**service["spec"], "typ": "ClusterIP"}})
