"""Names and selectors equal those of inference-stack 0.4, so that its releases upgrade in place."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import pod_spec
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, gateway, one
from tests.chart.all_options import ALL_OPTIONS
from tests.support import Render

VOLUME = {"name": "model-cache", "size": "1Gi", "mountPath": "/cache"}
GROUP = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m", "persistentVolumes": [VOLUME]}


def names(rendered: Any, kind: str) -> list[str]:
    return sorted(each["metadata"]["name"] for each in rendered.kind(kind))


def test_every_object_is_named_as_in_0_4(render: Render) -> None:
    values = {
        "modelGroups": {"llama": GROUP},
        "onwards": {"loadBalancer": {"enabled": True}},
        "configMaps": {"scripts": {"a": "b"}},
        "ingress": {"enabled": True},
        "networkPolicy": {"enabled": True},
        "serviceMonitor": {"enabled": True},
    }
    rendered = render(values)
    assert names(rendered, "Deployment") == [f"{FULLNAME}-llama", f"{FULLNAME}-onwards"]
    assert names(rendered, "Service") == [f"{FULLNAME}-{end}" for end in ("llama", "onwards", "onwards-loadbalancer")]
    assert names(rendered, "ServiceAccount") == [f"{FULLNAME}-llama", f"{FULLNAME}-onwards"]
    assert names(rendered, "PersistentVolumeClaim") == [f"{FULLNAME}-llama-model-cache"]
    assert names(rendered, "ConfigMap") == [f"{FULLNAME}-onwards", f"{FULLNAME}-scripts"]
    assert names(rendered, "Ingress") == [FULLNAME]
    assert names(rendered, "NetworkPolicy") == [f"{FULLNAME}-{end}" for end in ("llama", "onwards", "onwards-test")]
    assert names(rendered, "ServiceMonitor") == [f"{FULLNAME}-llama", f"{FULLNAME}-onwards"]


def test_containers_are_named_as_in_0_4(render: Render) -> None:
    containers = {
        container["name"]
        for each in render({"modelGroups": {"llama": GROUP}}).kind("Deployment")
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert containers == {"llama", "onwards", "watch-config"}


def test_selectors_are_those_of_0_4(render: Render) -> None:
    rendered = render(one())
    common = {"app.kubernetes.io/name": "inference-stack", "app.kubernetes.io/instance": "test-release"}
    assert rendered["Deployment", f"{FULLNAME}-onwards"]["spec"]["selector"] == {
        "matchLabels": {**common, "app.kubernetes.io/component": "onwards"}
    }
    assert rendered["Deployment", f"{FULLNAME}-a"]["spec"]["selector"] == {
        "matchLabels": {
            **common,
            "app.kubernetes.io/component": "model-group",
            "app.kubernetes.io/model-group": "a",
        }
    }


def test_a_name_override_is_in_names_and_selectors(render: Render) -> None:
    rendered = render({**one(), "nameOverride": "stack"})
    deployment = rendered["Deployment", "test-release-stack-a"]
    assert deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == "stack"


def test_a_fullname_override_starts_every_name(render: Render) -> None:
    rendered = render({**ALL_OPTIONS, "fullnameOverride": "stack"})
    given = {"full-account", "gateway-account", "test-release-settings"}
    assert all(n.startswith("stack") for n in (each["metadata"]["name"] for each in rendered) if n not in given)


@pytest.mark.parametrize("release", ["inference-stack", "my-inference-stack-2"])
def test_a_release_that_has_the_charts_name_does_not_repeat_it(render: Render, release: str) -> None:
    assert ("Deployment", f"{release}-onwards") in render(release=release)


LONG_RELEASE = "r" * 53
LONG_GROUP = "g" * 62


def test_a_name_of_63_characters_is_not_cut(render: Render) -> None:
    group = "g" * (63 - len(FULLNAME) - 1)
    assert ("Deployment", f"{FULLNAME}-{group}") in render({"modelGroups": {group: GROUP}})


def test_a_longer_name_is_cut_and_gets_its_hash(render: Render) -> None:
    group = "g" * (64 - len(FULLNAME) - 1)
    (name,) = (n for n in names(render({"modelGroups": {group: GROUP}}), "Deployment") if "ggg" in n)
    assert len(name) == 63
    assert name[:55] == f"{FULLNAME}-{group}"[:54] + "-"


def test_two_long_names_stay_distinct(render: Render) -> None:
    groups = {LONG_GROUP + end: GROUP for end in "ab"}
    rendered = render({"modelGroups": groups}, release=LONG_RELEASE)
    for kind in ("Deployment", "Service", "ServiceAccount"):
        assert len(names(rendered, kind)) == 3
    assert len(names(rendered, "PersistentVolumeClaim")) == 2
    assert all(len(each["metadata"]["name"]) <= 63 for each in rendered)


def test_routes_follow_a_cut_name(render: Render) -> None:
    rendered = render({"modelGroups": {LONG_GROUP: GROUP}}, release=LONG_RELEASE)
    services = names(rendered, "Service")
    (config,) = (each["data"]["config.json"] for each in rendered.kind("ConfigMap"))
    assert any(f"http://{name}:8000/v1" in config for name in services)


def test_a_cut_name_does_not_end_in_a_hyphen_before_its_hash(render: Render) -> None:
    group = "g" * (53 - len(FULLNAME) - 1) + "-" + "h" * 20
    (name,) = (n for n in names(render({"modelGroups": {group: GROUP}}), "Deployment") if "ggg" in n)
    assert "--" not in name


def test_labels_of_a_long_release_are_short_enough(render: Render) -> None:
    labels = render({**one(), "nameOverride": "n" * 80}, release=LONG_RELEASE).kind("Deployment")[0]["metadata"][
        "labels"
    ]
    assert all(len(value) <= 63 for value in labels.values())


def test_the_loadbalancer_may_have_a_name_of_its_own(render: Render) -> None:
    values = {"onwards": {"loadBalancer": {"enabled": True, "nameOverwrite": "public"}}}
    assert ("Service", "public") in render(values)


def own_names() -> dict[str, list[str]]:
    """The names that the chart reserves, from the list that its refusals use."""
    text = (ROOT / "templates/_helpers/_names.tpl").read_text()
    (body,) = re.findall(r'(?s)define "inference-stack.ownNames" -}}(.*?)\n{{- end -}}', text)
    return {kind: re.findall(r'"([^"]+)"', names) for kind, names in re.findall(r'"(\w+)" \(list (.*?)\)', body)}


def test_the_chart_owns_the_names_of_its_objects(render: Render) -> None:
    values = {"onwards": {"loadBalancer": {"enabled": True}}, "ingress": {"enabled": True}, "modelGroups": {}}
    names = {each["metadata"]["name"].removeprefix(FULLNAME).lstrip("-") for each in render(values)}
    assert names - {""} == {*own_names()["objects"]}


def test_the_chart_owns_the_volumes_of_the_gateway(render: Render) -> None:
    rendered = render({"onwards": {"clientKeys": {"c": {"apiKey": "k"}}}})
    spec = pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])
    assert {each["name"] for each in spec["volumes"]} == {*own_names()["volumes"]}
    assert {each["mountPath"] for each in gateway(rendered)["volumeMounts"]} == {*own_names()["mountPaths"]}


@pytest.mark.parametrize("name", own_names()["objects"])
def test_no_group_can_take_a_name_of_the_charts(helm: Helm, name: str) -> None:
    with pytest.raises(HelmError, match=f'modelGroups.{name}: "{name}" is the name of the gateway\'s own objects'):
        helm.template(
            ROOT, values=[{"modelGroups": {name: {"enabled": True, "modelAlias": ["m"], "modelName": "o/m"}}}]
        )
