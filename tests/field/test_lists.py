"""Lists of named things are merged by name, as kubectl merges them; no item of a list is null."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import FULLNAME, engine, one, pod
from tests.support import Render, Say

PROXY = {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}


def layers(defaults: dict[str, Any], **group: Any) -> dict[str, Any]:
    return {**one(**group), "modelGroupDefaults": defaults}


def variables(render: Render, values: dict[str, Any], group: str = "a") -> list[str]:
    """The user's variables, in their order."""
    charts = {each["name"] for each in engine(render(one()))["env"]}
    return [each["name"] for each in engine(render(values), group)["env"] if each["name"] not in charts]


def test_the_quick_start_keeps_variables_of_all_groups(render: Render) -> None:
    values = {"modelGroupDefaults": {"env": [PROXY]}, "modelGroups": {"vllm-llama": {"enabled": True}}}
    assert variables(render, values, "vllm-llama") == ["HTTPS_PROXY", "HF_TOKEN"]


def test_the_quick_start_keeps_its_token_beside_variables_of_its_own(render: Render) -> None:
    group: dict[str, Any] = {"enabled": True, "env": [{"name": "A", "value": "1"}]}
    assert variables(render, {"modelGroups": {"vllm-llama": group}}, "vllm-llama") == ["HF_TOKEN", "A"]
    group["env"] = [{"name": "HF_TOKEN", "$patch": "delete"}]
    assert variables(render, {"modelGroups": {"vllm-llama": group}}, "vllm-llama") == []
    group["env"] = None
    assert variables(render, {"modelGroups": {"vllm-llama": group}}, "vllm-llama") == []


def test_a_variable_of_the_group_replaces_all_of_the_defaults(render: Render) -> None:
    reference = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    found = engine(render(layers({"env": [reference]}, env=[{"name": "A", "value": "1"}])))["env"]
    assert [each for each in found if each["name"] == "A"] == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize(
    ("defaults", "group", "order"),
    [
        ("B C", "B", "B C"),
        ("B C", "X B", "X B C"),
        ("A B", "C", "A B C"),
        ("A B", "B A", "B A"),
    ],
)
def test_variables_stay_behind_those_they_refer_to(render: Render, defaults: str, group: str, order: str) -> None:
    def listed(names: str) -> list[dict[str, str]]:
        return [{"name": name, "value": name} for name in names.split()]

    assert variables(render, layers({"env": listed(defaults)}, env=listed(group))) == order.split()


ITEMS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "volumes": ({"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}, "name"),
    "volumeMounts": ({"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}, "mountPath"),
    "initContainers": ({"name": "i", "image": "i"}, {"name": "j", "image": "i"}, "name"),
    "additionalPorts": ({"name": "a", "containerPort": 9001}, {"name": "b", "containerPort": 9002}, "name"),
    "imagePullSecrets": ({"name": "a"}, {"name": "b"}, "name"),
    "tolerations": ({"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}, "key"),
    "persistentVolumes": (
        {"name": "a", "size": "1Gi", "mountPath": "/x"},
        {"name": "b", "size": "1Gi", "mountPath": "/y"},
        "name",
    ),
}


def rendered(render: Render, key: str, defaults: list[Any], group: list[Any]) -> list[Any]:
    """The names of the list's items in the pod, the chart's own left out."""
    named = {name for each in ITEMS.values() for name in (each[0][each[2]], each[1][each[2]])}
    values = layers({key: defaults}, **{key: group})
    if key == "volumeMounts":
        values["modelGroups"]["a"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    spec = pod(render(values))
    found: dict[str, Any] = {
        "additionalPorts": engine(render(values))["ports"],
        "volumeMounts": engine(render(values)).get("volumeMounts"),
        "persistentVolumes": spec.get("volumes"),
        **spec,
    }
    items: list[Any] = found.get(key) or []
    return [each[ITEMS[key][2]] for each in items if each[ITEMS[key][2]] in named]


@pytest.mark.parametrize("key", ITEMS)
def test_items_of_the_defaults_stay_beside_a_groups(render: Render, key: str) -> None:
    first, second, field = ITEMS[key]
    assert rendered(render, key, [first], [second]) == [first[field], second[field]]


@pytest.mark.parametrize("key", ITEMS)
def test_an_item_of_the_defaults_can_be_taken_out(render: Render, key: str) -> None:
    first, second, field = ITEMS[key]
    patch = {**({field: first[field]} if key != "tolerations" else first), "$patch": "delete"}
    assert rendered(render, key, [first, second], [patch]) == [second[field]]


@pytest.mark.parametrize("key", ITEMS)
def test_an_item_that_both_have_is_there_once(render: Render, key: str) -> None:
    first, _, field = ITEMS[key]
    assert rendered(render, key, [first], [dict(first)]) == [first[field]]


def test_a_groups_volume_replaces_the_one_of_its_name(render: Render) -> None:
    defaults = {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}
    volumes = pod(render(layers(defaults, volumes=[{"name": "v", "emptyDir": {}}])))["volumes"]
    assert [each for each in volumes if each["name"] == "v"] == [{"name": "v", "emptyDir": {}}]


def test_mounts_of_one_path_are_one(render: Render) -> None:
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]
    defaults = {"volumes": volumes, "volumeMounts": [{"name": "v", "mountPath": "/data/"}]}
    mounts = engine(render(layers(defaults, volumeMounts=[{"name": "w", "mountPath": "/data"}])))["volumeMounts"]
    assert [each["name"] for each in mounts if each["mountPath"].rstrip("/") == "/data"] == ["w"]


def test_names_of_secrets_and_references_to_them_are_the_same(render: Render) -> None:
    values = layers({"imagePullSecrets": ["a", "b"]}, imagePullSecrets=[{"name": "b"}, "c"])
    assert pod(render(values))["imagePullSecrets"] == [{"name": name} for name in "abc"]


def test_other_lists_replace(render: Render) -> None:
    values = layers({"args": ["--a"], "envFrom": [{"secretRef": {"name": "a"}}]}, args=["--b"], envFrom=[])
    assert "--a" not in engine(render(values))["args"]
    assert "envFrom" not in engine(render(values))


@pytest.mark.parametrize("given", [None, []], ids=["null", "empty"])
def test_a_list_of_the_defaults_can_be_taken_away(render: Render, given: Any) -> None:
    assert variables(render, layers({"env": [PROXY]}, env=given)) == []


def test_a_label_of_nodes_may_be_a_boolean_or_a_number(render: Render) -> None:
    labels = {"cloud.google.com/gke-spot": True, "generation": 42}
    text = {"cloud.google.com/gke-spot": "true", "generation": "42"}
    values = {**one(nodeSelector=labels), "onwards": {"nodeSelector": labels}}
    found = render(values)
    assert pod(found)["nodeSelector"] == text
    assert found["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]["nodeSelector"] == text


GAPS: dict[str, dict[str, Any]] = {
    "modelGroups.a.env[0]": one(env=[None, PROXY]),
    "modelGroups.a.volumes[1]": one(volumes=[{"name": "v", "emptyDir": {}}, None]),
    "modelGroups.a.initContainers[0].env[0]": one(initContainers=[{"name": "i", "image": "i", "env": [None]}]),
    "modelGroups.a.tolerations[0]": one(tolerations=[None]),
    "modelGroups.a.args[1]": one(args=["--a", None]),
    "modelGroups.a.modelAlias[0]": one(modelAlias=[None, "m"]),
    "modelGroups.a.imagePullSecrets[0]": one(imagePullSecrets=[None]),
    "modelGroups.a.persistentVolumes[0]": one(persistentVolumes=[None]),
    "modelGroups.a.additionalPorts[0]": one(additionalPorts=[None]),
    "modelGroupDefaults.env[0]": layers({"env": [None]}),
    "onwards.env[0]": {"onwards": {"env": [None]}},
    "onwards.volumes[0]": {"onwards": {"volumes": [None]}},
    "onwards.extraArgs[0]": {"onwards": {"extraArgs": [None]}},
    "imagePullSecrets[0]": {"imagePullSecrets": [None]},
    "ingress.hosts[0]": {"ingress": {"enabled": True, "hosts": [None]}},
    "ingress.hosts[0].paths[0]": {"ingress": {"enabled": True, "hosts": [{"paths": [None]}]}},
    "httpRoute.parentRefs[0]": {"httpRoute": {"enabled": True, "parentRefs": [None]}},
    "networkPolicy.metricsFrom[0]": {"networkPolicy": {"metricsFrom": [None]}},
    "externalProviders.p.modelAlias[0]": {"externalProviders": {"p": {"preset": "openai", "modelAlias": [None]}}},
    "routes.m.allowedKeys[0]": {**one(), "routes": {"m": {"allowedKeys": [None]}}},
}
"""Path of a null in a list, as `--set env[1].name=x` leaves one, and values that have it."""


@pytest.mark.parametrize("path", GAPS)
def test_a_null_in_a_list_is_refused_with_its_path(refusal: Say, path: str) -> None:
    assert f"{path}: this item of the list is null" in refusal(GAPS[path], skip_schema=True)


@pytest.mark.parametrize("path", GAPS)
def test_with_the_schema_it_is_refused_with_its_path_too(refusal: Say, path: str) -> None:
    text = refusal(GAPS[path])
    pointer = "/" + path.replace(".", "/").replace("[", "/").replace("]", "")
    assert f"{path}: this item" in text or f"at '{pointer}'" in text


EMPTY = {
    "/modelGroups/a/env/0": one(env=[{}]),
    "/modelGroups/a/volumes/0": one(volumes=[{}]),
    "/modelGroups/a/volumeMounts/0": one(volumeMounts=[{}]),
    "/modelGroups/a/initContainers/0": one(initContainers=[{}]),
    "modelGroups.a.persistentVolumes[0].name": one(persistentVolumes=[{}]),
}


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_item_is_refused_with_its_path(refusal: Say, path: str) -> None:
    assert path in refusal(EMPTY[path])


def test_null_may_be_in_a_file(render: Render) -> None:
    values = {"configMaps": {"c": {"a.yaml": {"b": [None]}}}, **one(files={"/a.yaml": {"b": [None]}})}
    found = render(values)
    assert found["ConfigMap", f"{FULLNAME}-c"]["data"] == {"a.yaml": "b:\n- null"}
    assert [*found["ConfigMap", f"{FULLNAME}-a-files"]["data"].values()] == ["b:\n- null"]
