"""What is fast is also right: the validator in Rust refuses what the reference in Python refuses, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from harness.manifests import Manifests, Object
from tests import kubernetes_schema
from tests.chart.all_options import ALL_OPTIONS
from tests.kubernetes_schema import NEWEST, OLDEST, faults
from tests.support import Render

KINDS = {"ConfigMap", "Deployment", "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "Secret", "Service"}
KINDS |= {
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Job",
    "LeaderWorkerSet",
    "PodDisruptionBudget",
    "PrometheusRule",
    "ScaledObject",
    "ServiceAccount",
    "ServiceMonitor",
    "StatefulSet",
}


def reference(version: str, each: Object) -> Draft202012Validator:
    registry: Registry[Any] = Resource.from_contents(kubernetes_schema.schema(version, "_definitions")) @ Registry()
    schema = kubernetes_schema.of_kind(version, each["apiVersion"], each["kind"])
    return Draft202012Validator(schema, registry=registry)


def changes(value: Any) -> Iterator[Any]:
    """Copies with one thing changed, at every place: of another type, null, left out, or beside an unknown key."""
    yield from ("a text", 1.5, None, [])
    if isinstance(value, dict):
        yield {**value, "unknown": 1}
        for key, below in value.items():
            yield {name: each for name, each in value.items() if name != key}
            yield from ({**value, key: changed} for changed in changes(below))
    if isinstance(value, list) and value:
        yield from ([changed, *value[1:]] for changed in changes(value[0]))


def one_of_each_kind(manifests: Manifests) -> dict[str, Object]:
    """The largest, which has the most fields."""
    return {each["kind"]: each for each in sorted(manifests, key=lambda each: len(str(each)))}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_both_validators_refuse_the_same(render: Render, kind: str, version: str) -> None:
    each = one_of_each_kind(render(ALL_OPTIONS, kube_version=f"{version}.0"))[kind]
    fast = kubernetes_schema.validator(version, each["apiVersion"], kind)
    slow = reference(version, each)
    assert fast.is_valid(each)
    answers = [(fast.is_valid(changed), slow.is_valid(changed), changed) for changed in changes(each)]
    assert [changed for one, other, changed in answers if one != other] == []
    assert {one for one, _, _ in answers} == {True, False}


def test_every_kind_of_the_chart_is_compared(render: Render) -> None:
    assert set(one_of_each_kind(render(ALL_OPTIONS))) == KINDS


def test_a_fault_is_named_with_its_place(render: Render) -> None:
    each = deepcopy(one_of_each_kind(render(ALL_OPTIONS))["Service"])
    each["spec"]["ports"][0]["port"] = "http"
    (fault,) = faults(NEWEST, each)
    assert fault.startswith(f"Service {each['metadata']['name']}: spec.ports[0].port: ")


def test_a_leader_worker_set_is_valid_and_one_with_a_mistake_is_not(render: Render) -> None:
    (shown,) = render(ALL_OPTIONS).kind("LeaderWorkerSet")
    assert faults(NEWEST, shown) == []
    template = ("spec", "leaderWorkerTemplate")
    for *path, key, value in (
        ("metadata", "name", "7b"),
        (*template, "size", 0),
        (*template, "restartPolicy", "Always"),
        (*template, "workerTemplate", "spec", "contaners", []),
        ("spec", "rolloutStrategy", {"type": "RollingUpdate", "rollingUpdateConfiguration": {"maxSurge": "x"}}),
    ):
        wrong = deepcopy(shown)
        place = wrong
        for part in path:
            place = place[part]
        place[key] = value
        assert len(faults(NEWEST, wrong)) == 1, key
