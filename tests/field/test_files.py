"""Files of a group and the release's own ConfigMaps: known by name, and a change restarts what uses them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object
from tests.chart.accessors import FULLNAME, engine, one, pod, routing
from tests.support import Render, Say

OWN = f"{FULLNAME}-templates"


def mounting(name: str, content: str = "1", **group: Any) -> dict[str, Any]:
    volumes = [{"name": "t", "configMap": {"name": name}}]
    mounts = [{"name": "t", "mountPath": "/templates"}]
    maps = {"templates": {"chat.jinja": content}, "other": {"a": "b"}}
    return {"configMaps": maps, **one(volumes=volumes, volumeMounts=mounts, **group)}


def template(render: Render, values: dict[str, Any], owner: str = "a") -> Object:
    found: Object = render(values)["Deployment", f"{FULLNAME}-{owner}"]["spec"]["template"]
    return found


@pytest.mark.parametrize("name", ["templates", OWN])
def test_another_content_restarts_the_group_that_mounts_it(render: Render, name: str) -> None:
    assert template(render, mounting(name, "1")) != template(render, mounting(name, "2"))


def test_another_content_restarts_no_other_group(render: Render) -> None:
    def values(content: str) -> dict[str, Any]:
        both = mounting("templates", content)
        both["modelGroups"]["b"] = one()["modelGroups"]["a"]
        return both

    assert template(render, values("1"), "b") == template(render, values("2"), "b")
    assert template(render, values("1"), "onwards") == template(render, values("2"), "onwards")


def test_a_configmap_that_the_group_does_not_mount_restarts_nothing(render: Render) -> None:
    other = mounting("templates")
    other["configMaps"] = {**other["configMaps"], "other": {"a": "changed"}}
    assert template(render, mounting("templates")) == template(render, other)


USES: dict[str, dict[str, Any]] = {
    "projected": {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "templates"}}]}}]},
    "envFrom": {"envFrom": [{"configMapRef": {"name": "templates"}}]},
    "env": {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "templates", "key": "chat.jinja"}}}]},
    "init container": {
        "initContainers": [{"name": "i", "image": "i", "envFrom": [{"configMapRef": {"name": "templates"}}]}]
    },
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_name_of_the_releases_own_is_that_of_its_object(render: Render, use: dict[str, Any]) -> None:
    def values(content: str) -> dict[str, Any]:
        return {"configMaps": {"templates": {"chat.jinja": content}}, **one(**use)}

    assert f"'name': '{OWN}'" in str(pod(render(values("1"))))
    assert template(render, values("1")) != template(render, values("2"))


def test_it_is_known_in_the_defaults_and_by_the_gateway(render: Render) -> None:
    volumes = [{"name": "t", "configMap": {"name": "templates", "optional": True}}]

    def values(content: str) -> dict[str, Any]:
        lists = {"volumes": volumes, "volumeMounts": [{"name": "t", "mountPath": "/t"}]}
        maps = {"templates": {"chat.jinja": content}}
        return {**one(), "configMaps": maps, "modelGroupDefaults": lists, "onwards": lists}

    for owner in ("a", "onwards"):
        found = template(render, values("1"), owner)
        (volume,) = [each for each in found["spec"]["volumes"] if each["name"] == "t"]
        assert volume["configMap"] == {"name": OWN, "optional": True}
        assert found != template(render, values("2"), owner)


def test_a_files_own_words_are_left_alone(render: Render) -> None:
    """A file may be a manifest itself."""
    files = {"/a.yaml": {"configMap": {"name": "templates"}}}
    found = render({"configMaps": {"templates": {"a": "b"}}, **one(files=files)})
    assert [*found["ConfigMap", f"{FULLNAME}-a-files"]["data"].values()] == ["configMap:\n  name: templates"]


def test_other_names_are_left_alone(render: Render) -> None:
    (volume,) = [each for each in pod(render(mounting("foreign")))["volumes"] if each["name"] == "t"]
    assert volume["configMap"]["name"] == "foreign"


FILES = {"/etc/engine/settings.json": '{"a": 1}\n', "/other/settings.json": "{}", "/opt/a b.txt": "text"}


def test_files_are_mounted_alone_at_their_paths(render: Render) -> None:
    found = render(one(files=FILES))
    data = found["ConfigMap", f"{FULLNAME}-a-files"]["data"]
    (volume,) = [each for each in pod(found)["volumes"] if each.get("configMap")]
    mounts = [each for each in engine(found)["volumeMounts"] if each["name"] == volume["name"]]
    assert {each["mountPath"]: data[each["subPath"]] for each in mounts} == FILES
    assert volume["configMap"]["name"] == f"{FULLNAME}-a-files"


def test_a_volume_of_the_users_may_have_any_name(render: Render) -> None:
    volumes = [{"name": "engine-files", "emptyDir": {}}]
    names = [each["name"] for each in pod(render(one(files={"/a": "a"}, volumes=volumes)))["volumes"]]
    assert len({*names}) == len(names)
    assert "engine-files" in names


def test_another_file_or_content_restarts_the_group(render: Render) -> None:
    templates = [template(render, one(files=files)) for files in ({}, {"/a": "1"}, {"/a": "2"}, {"/b": "2"})]
    assert all(one_ != other for index, one_ in enumerate(templates) for other in templates[:index])


def test_files_of_the_defaults_are_merged_by_path(render: Render) -> None:
    values = {**one(files={"/b": "2", "/c": None}), "modelGroupDefaults": {"files": {"/a": "1", "/b": "1", "/c": "1"}}}
    data = render(values)["ConfigMap", f"{FULLNAME}-a-files"]["data"]
    assert {key.partition("-")[2]: text for key, text in data.items()} == {"a": "1", "b": "2"}


@pytest.mark.parametrize("path", ["relative.txt", "/directory/", "/", ""])
def test_a_path_that_names_no_file_is_refused(refusal: Say, path: str) -> None:
    assert "the path of a file is absolute, and names the file" in refusal(one(files={path: "a"}))


def test_a_file_where_a_volume_is_mounted_is_refused(refusal: Say) -> None:
    volumes = {"volumes": [{"name": "v", "emptyDir": {}}], "volumeMounts": [{"name": "v", "mountPath": "/a"}]}
    assert "a volume of this group is mounted there" in refusal(one(files={"/a": "a"}, **volumes))


@pytest.mark.parametrize("key", ["configMaps.big", "modelGroups.a.files"])
def test_more_than_a_configmap_takes_is_refused_with_the_number(refusal: Say, render: Render, key: str) -> None:
    def values(size: int) -> dict[str, Any]:
        texts = {"/a": "a" * size, "/b": "b"}
        return one(files=texts) if key.endswith("files") else {"configMaps": {"big": {"a": texts["/a"], "b": "b"}}}

    assert f"{key}: its files have 1048577 bytes, and a ConfigMap takes 1048576" in refusal(values(1048576))
    assert list(render(values(1048575)))


def aliases(count: int, replicas: int) -> dict[str, Any]:
    many = [f"an-alias-with-the-number-{number:04}" for number in range(count)]
    return {
        **one(modelAlias=many, balancing="perReplica", replicaCount=replicas),
        "onwards": {"clientKeys": {"c": {"apiKey": {"name": "s", "key": "k"}, "allowedAliases": many[:1]}}},
    }


def test_a_configuration_above_what_a_configmap_takes_is_refused_with_the_number(refusal: Say) -> None:
    text = refusal(aliases(1000, 8))
    assert "modelGroups: the gateway's configuration has 1" in text
    assert "a ConfigMap takes 1048576 at most" in text
    assert "balancing: service" in text


def test_a_large_configuration_is_not_indented(render: Render) -> None:
    found = render(aliases(700, 4))["ConfigMap", f"{FULLNAME}-onwards"]["data"]["config.json"]
    assert len(found) < 1048576
    assert not [line for line in found.splitlines() if line.startswith(" ")]
    assert '"@key:onwards.clientKeys.c@"' in found.splitlines()  # the script that puts the keys in reads it by line
    assert len(routing(render(aliases(700, 4)))["targets"]) == 700


def test_annotations_of_the_gateway_are_on_no_other_pod(render: Render) -> None:
    """For a tool that restarts what a Secret belongs to: on all objects it would restart every model."""
    reload = {"secret.reloader.stakater.com/reload": "client-keys"}
    values = {**one(), "onwards": {"podAnnotations": reload}}
    assert reload.items() <= template(render, values, "onwards")["metadata"]["annotations"].items()
    assert "reloader" not in str(render(values)["Deployment", f"{FULLNAME}-a"])
