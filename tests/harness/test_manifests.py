from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.helm import Helm
from harness.manifests import Manifests, container, environment, holds, load, load_all
from harness.tools import tool

AMBIGUOUS = """
on: 1
1: y
time: 12:30
date: 2020-01-01
moment: 2001-12-14t21:59:43.10-05:00
exponent: 1e3
octal: 0777
newOctal: 0o17
noOctal: 08
hexadecimal: 0x1f
binary: 0b11
thousands: 1_000
fraction: .5
point: 1.
plus: +3
minus: -.5
tilde: ~
empty:
merged: {<<: {a: 1, b: 1}, a: 2}
quoted: 'y'
big: 1048576
words: [yes, No, off, n, True, nope, Null]
version: 1.2.3
"""


def config_map(name: str, **more: Any) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more})


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_yaml_is_read_as_helm_reads_it(helm: str, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: probe, version: 0.1.0}")
    (tmp_path / "templates" / "probe.yaml").write_text(
        config_map("probe") + "\n---\nread: {{ toJson .Values | quote }}"
    )
    (tmp_path / "values.yaml").write_text(AMBIGUOUS)
    probe = load_all(Helm(tool(helm)).template(tmp_path))[-1]
    read = {k: v for k, v in json.loads(probe["read"]).items() if k != "global"}
    assert load(AMBIGUOUS) == {"empty": None, "tilde": None, **read}


@pytest.mark.parametrize(
    ("text", "key"),
    [("a: 1\na: 2", "a"), ("x:\n  on: 1\n  true: 2", "true"), ("- {1: a, '1': b}", "1")],
)
def test_a_key_twice_is_refused(text: str, key: str) -> None:
    with pytest.raises(HarnessError, match=f'key "{key}" twice'):
        load(text)


def test_broken_yaml_names_the_line() -> None:
    with pytest.raises(HarnessError, match=r"(?s)line 2.*b: \}"):
        load("a: [1,\nb: }")


def test_objects_are_found_by_kind_and_name() -> None:
    manifests = Manifests.parse(f"---\n# only a comment\n---\n{config_map('a')}\n---\n{config_map('b')}\n")
    assert len(manifests) == 2
    assert manifests["ConfigMap", "a"]["metadata"]["name"] == "a"
    assert [each["metadata"]["name"] for each in manifests.kind("ConfigMap")] == ["a", "b"]
    assert ("ConfigMap", "c") not in manifests
    assert manifests.kind("Secret") == []
    with pytest.raises(KeyError, match="no ConfigMap c; there is: a, b"):
        manifests["ConfigMap", "c"]


def test_an_object_twice_is_refused() -> None:
    with pytest.raises(HarnessError, match="ConfigMap a is rendered twice"):
        Manifests.parse(f"{config_map('a')}\n---\n{config_map('a')}")


@pytest.mark.parametrize("text", ["just text", "[1]", "{kind: ConfigMap}", "{kind: ConfigMap, metadata: }"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match="no Kubernetes object"):
        Manifests.parse(text)


def test_containers_and_variables_are_found_by_name() -> None:
    engine = {"name": "engine", "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"x": "y"}}]}
    spec = {"containers": [engine], "initContainers": [{"name": "first"}]}
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": spec}}}
    assert container(deployment) == container(deployment, "engine") == engine
    assert container(deployment, "first") == {"name": "first"}
    assert environment(engine) == {"A": "1", "B": {"x": "y"}}
    with pytest.raises(KeyError, match="no container other; there is: engine, first"):
        container(deployment, "other")
    with pytest.raises(HarnessError, match="A is in env twice"):
        environment({"env": [{"name": "A"}, {"name": "A"}]})


def test_a_condition_holds_when_its_status_says_so() -> None:
    node = {
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]}
    }
    assert [holds(node, each) for each in ("Ready", "DiskPressure", "Unknown")] == [True, False, False]
    assert not holds({}, "Ready")
