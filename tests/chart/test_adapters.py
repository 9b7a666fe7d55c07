"""Adapters that are loaded while the engine runs, by a container beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.manifests import Manifests, Object, container, environment, pod_spec
from harness.presets import images
from tests.chart.accessors import FULLNAME, deployment, engine, one, pools
from tests.support import Render

SGLANG = str(images()["sglang"])
ROOM = {"max-lora-rank": 64, "lora-target-modules": "all"}
NAME = f"{FULLNAME}-a-adapters"


def dynamic(**fields: Any) -> dict[str, Any]:
    return one(**{"dynamicAdapters": True, **fields})


def template(manifests: Manifests) -> Object:
    return dict(deployment(manifests)["spec"]["template"])


def loader(manifests: Manifests) -> Object:
    return container(deployment(manifests), "load-adapters")


@pytest.mark.parametrize("fields", [{}, {"image": SGLANG, "engineArgs": ROOM}], ids=["vllm", "sglang"])
def test_a_change_of_adapters_changes_no_pod(render: Render, fields: dict[str, Any]) -> None:
    sets = [None, {"sql": "hf://org/sql"}, {"sql": "org/other", "support": "/mnt/support"}]
    rendered = [render(dynamic(adapters=adapters, **fields)) for adapters in sets]
    assert template(rendered[0]) == template(rendered[1]) == template(rendered[2])
    assert [json.loads(each["ConfigMap", NAME]["data"]["adapters.json"]) for each in rendered] == [
        {},
        {"sql": "org/sql"},
        {"sql": "org/other", "support": "/mnt/support"},
    ]


def test_a_change_of_adapters_changes_pods_unless_it_is_asked_for(render: Render) -> None:
    rendered = [render(one(adapters=adapters)) for adapters in ({}, {"sql": "org/sql"})]
    assert template(rendered[0]) != template(rendered[1])
    assert not [each for each in rendered[1].kind("ConfigMap") if each["metadata"]["name"] == NAME]


def test_each_is_an_alias(render: Render) -> None:
    assert set(pools(render(dynamic(adapters={"sql": "org/sql"})))) == {"m", "sql"}


@pytest.mark.parametrize(
    ("fields", "flag", "paths"),
    [
        ({}, "--enable-lora", ["/v1/load_lora_adapter", "/v1/unload_lora_adapter"]),
        ({"args": ["--enable-lora"]}, "--enable-lora", ["/v1/load_lora_adapter", "/v1/unload_lora_adapter"]),
        ({"image": SGLANG, "engineArgs": ROOM}, "--enable-lora", ["/load_lora_adapter", "/unload_lora_adapter"]),
    ],
    ids=["vllm", "given", "sglang"],
)
def test_the_engine_is_told_that_adapters_will_come(
    render: Render, fields: dict[str, Any], flag: str, paths: list[str]
) -> None:
    manifests = render(dynamic(**fields))
    of = engine(manifests)
    assert of["args"].count(flag) == 1
    assert ("VLLM_ALLOW_RUNTIME_LORA_UPDATING" in environment(of)) == ("image" not in fields)
    port = of["ports"][0]["containerPort"]
    assert loader(manifests)["command"][-4:] == ["/etc/adapters/adapters.json", f"http://127.0.0.1:{port}", *paths]


@pytest.mark.parametrize(
    "key",
    [
        {"apiKey": {"name": "keys", "key": "a"}},
        {"env": [{"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}]},
    ],
    ids=["apiKey", "env"],
)
def test_it_has_the_key_of_the_engine(render: Render, key: dict[str, Any]) -> None:
    (variable,) = loader(render(dynamic(**key)))["env"]
    assert variable["name"] == "ENGINE_KEY"
    assert {name: variable["valueFrom"]["secretKeyRef"][name] for name in ("name", "key")} == {
        "name": "keys",
        "key": "a",
    }


def test_a_pod_with_guaranteed_resources_stays_one(render: Render) -> None:
    resources = loader(render(dynamic()))["resources"]
    assert resources["requests"] == resources["limits"]


def test_a_group_may_have_its_name(render: Render) -> None:
    manifests = render({"modelGroups": {"load-adapters": dynamic()["modelGroups"]["a"]}})
    names = [each["name"] for each in pod_spec(manifests["Deployment", f"{FULLNAME}-load-adapters"])["containers"]]
    assert names == ["load-adapters", "chart-load-adapters"]
