"""Rules that hold for every release, whatever its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from harness.helm import Helm
from harness.manifests import Manifests, Object, pod_spec
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME
from tests.chart.all_options import ALL_OPTIONS
from tests.chart.cases import CASES
from tests.snippets import SNIPPETS
from tests.support import Render, Values

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
DEVICE = re.compile(r"^(?!.*kubernetes\.io/).*/")

every_case = pytest.mark.parametrize("values", CASES.values(), ids=CASES)


def workloads(manifests: Manifests) -> list[Object]:
    return manifests.kind("Deployment")


def containers(manifests: Manifests) -> Iterator[tuple[Object, Object]]:
    """Every container with its pod's spec."""
    for workload in workloads(manifests):
        spec = pod_spec(workload)
        for each in (*spec.get("initContainers", ()), *spec["containers"]):
            yield spec, each


def repeated(things: Iterator[Any]) -> list[Any]:
    return [thing for thing, count in Counter(things).items() if count > 1]


def nulls(value: Any, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from nulls(below, f"{path}.{key}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from nulls(below, f"{path}[{index}]")


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


@every_case
def test_names_are_legal(render: Render, values: Values) -> None:
    for each in render(values):
        assert DNS_LABEL.fullmatch(each["metadata"]["name"]), each["metadata"]["name"]


@every_case
def test_labels_are_legal(render: Render, values: Values) -> None:
    rendered = render(values)
    labels = [each["metadata"]["labels"] for each in rendered]
    labels += [each["spec"]["template"]["metadata"]["labels"] for each in workloads(rendered)]
    for key, value in (item for of in labels for item in of.items()):
        assert isinstance(value, str), (key, value)
        assert LABEL_VALUE.fullmatch(value), (key, value)


@every_case
def test_annotations_are_strings(render: Render, values: Values) -> None:
    rendered = render(values)
    metadata = [each["metadata"] for each in rendered]
    metadata += [each["spec"]["template"]["metadata"] for each in workloads(rendered)]
    for key, value in (item for of in metadata for item in of.get("annotations", {}).items()):
        assert isinstance(value, str), (key, value)
        assert "e+" not in value, (key, value)


@every_case
def test_nothing_is_null(render: Render, values: Values) -> None:
    assert [f"{each['kind']}{path}" for each in render(values) for path in nulls(each)] == []


@every_case
def test_mounts_refer_to_volumes(render: Render, values: Values) -> None:
    for spec, each in containers(render(values)):
        there = {volume["name"] for volume in spec.get("volumes", ())}
        mounts = [*each.get("volumeMounts", ()), *each.get("volumeDevices", ())]
        assert {mount["name"] for mount in mounts} <= there


@every_case
def test_volumes_variables_and_ports_are_there_once(render: Render, values: Values) -> None:
    for spec, each in containers(render(values)):
        assert repeated(volume["name"] for volume in spec.get("volumes", ())) == []
        assert repeated(mount["mountPath"] for mount in each.get("volumeMounts", ())) == []
        assert repeated(variable["name"] for variable in each.get("env", ())) == []
        assert repeated(port["name"] for port in each.get("ports", ())) == []
        assert repeated((port["containerPort"], port["protocol"]) for port in each.get("ports", ())) == []


@every_case
def test_port_names_are_legal(render: Render, values: Values) -> None:
    for _, each in containers(render(values)):
        assert all(len(port["name"]) <= 15 for port in each.get("ports", ()))


@every_case
def test_each_service_selects_one_workload_and_its_ports(render: Render, values: Values) -> None:
    rendered = render(values)
    for service in rendered.kind("Service"):
        selector = service["spec"]["selector"]
        (workload,) = (w for w in workloads(rendered) if selects(selector, w["spec"]["template"]["metadata"]["labels"]))
        assert selector == workload["spec"]["selector"]["matchLabels"]
        named = {port["name"] for each in pod_spec(workload)["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named


@every_case
def test_a_workload_selects_its_own_pods_only(render: Render, values: Values) -> None:
    rendered = render(values)
    for workload in workloads(rendered):
        selector = workload["spec"]["selector"]["matchLabels"]
        selected = [w for w in workloads(rendered) if selects(selector, w["spec"]["template"]["metadata"]["labels"])]
        assert selected == [workload]


@every_case
def test_probes_ask_a_port_that_is_there(render: Render, values: Values) -> None:
    for _, each in containers(render(values)):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            handler = each.get(kind, {}).get("httpGet") or each.get(kind, {}).get("tcpSocket")
            assert handler is None or handler["port"] in {port["name"] for port in each["ports"]}


@every_case
def test_devices_are_requested_as_they_are_limited(render: Render, values: Values) -> None:
    for _, each in containers(render(values)):
        resources = each.get("resources", {})
        devices = [
            {name: str(count) for name, count in resources.get(kind, {}).items() if DEVICE.match(name)}
            for kind in ("requests", "limits")
        ]
        assert devices[0] == devices[1]


@every_case
def test_claims_of_pods_are_made_or_given(render: Render, values: Values) -> None:
    rendered = render(values)
    made = {each["metadata"]["name"] for each in rendered.kind("PersistentVolumeClaim")}
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for workload in workloads(rendered)
        for volume in pod_spec(workload).get("volumes", ())
        if "persistentVolumeClaim" in volume
    }
    assert made <= claims
    assert claims - made <= {"team-volume"}


@every_case
def test_accounts_of_pods_are_made_or_given(render: Render, values: Values) -> None:
    rendered = render(values)
    made = {each["metadata"]["name"] for each in rendered.kind("ServiceAccount")}
    used = {pod_spec(workload)["serviceAccountName"] for workload in workloads(rendered)}
    assert made <= used
    assert used - made <= {"default"}


@every_case
def test_every_object_belongs_to_the_release(render: Render, values: Values) -> None:
    for each in render(values):
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "inference-stack"
        assert labels["app.kubernetes.io/instance"] == "test-release"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("inference-stack-")
        assert "namespace" not in each["metadata"] or each["kind"] == "ServiceMonitor"


@pytest.mark.parametrize("name", ["all-options", "example-multi-engine"])
def test_the_same_values_render_the_same_bytes(helm: Helm, name: str) -> None:
    values = CASES[name]
    assert values is not None
    with_a_change = helm.template(ROOT, values=[values], sets=["onwards.replicaCount=7"])
    assert helm.template(ROOT, values=[values]) != with_a_change
    again = Helm(helm.binary, namespace="other").template(ROOT, values=[values])
    assert again.replace('"other"', '"default"') == helm.template(ROOT, values=[values])


def changed(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value changed."""
    copy = deepcopy(dict(values))
    *way, last = path.split("/")
    place = copy
    for key in way:
        place = place.setdefault(key, {})
    place[last] = value
    return copy


def groups(manifests: Manifests) -> dict[str, Object]:
    """The specs of all groups' Deployments, and of the other objects that are theirs."""
    return {
        f"{each['kind']} {each['metadata']['name']}": each.get("spec", {})
        for each in manifests
        if each["metadata"]["labels"].get("app.kubernetes.io/component") == "model-group"
    }


GROUP_CHANGES = {
    "replicaCount": 4,
    "modelAlias": ["new"],
    "image": "vllm/vllm-openai:v0.31.0",
    "args": ["--enforce-eager"],
    "apiKey": "new-key",
    "podLabels": {"a": "b"},
    "persistentVolumes": [{"name": "new", "size": "1Gi", "mountPath": "/new", "accessModes": ["ReadWriteMany"]}],
    "enabled": False,
}


@pytest.mark.parametrize("field", GROUP_CHANGES)
def test_a_change_in_one_group_changes_no_other(render: Render, field: str) -> None:
    before = groups(render(ALL_OPTIONS))
    after = groups(render(changed(ALL_OPTIONS, f"modelGroups/shared/{field}", GROUP_CHANGES[field])))
    others = {key for key in before if not key.endswith(f" {FULLNAME}-shared")}
    assert {key: after[key] for key in others} == {key: before[key] for key in others}


GATEWAY_CHANGES = {
    "onwards/replicaCount": 9,
    "onwards/containerPort": 3456,
    "onwards/image/tag": "v2",
    "onwards/extraArgs": ["--verbose"],
    "onwards/podLabels": {"x": "y"},
    "onwards/strictMode": True,
    "onwards/fallback/enabled": False,
    "onwards/resources/limits": {"cpu": 8},
    "ingress/enabled": False,
    "serviceMonitor/interval": "1m",
    "configMaps/other": {"a": "b"},
}


@pytest.mark.parametrize("path", GATEWAY_CHANGES)
def test_a_change_of_the_gateway_restarts_no_model(render: Render, path: str) -> None:
    before = groups(render(ALL_OPTIONS))
    after = groups(render(changed(ALL_OPTIONS, path, GATEWAY_CHANGES[path])))
    deployments = {key for key in before if key.startswith("Deployment ")}
    assert {key: after[key] for key in deployments} == {key: before[key] for key in deployments}


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_has_the_routes_it_promises(render: Render, snippet: Any) -> None:
    from tests.chart.accessors import pools

    assert sorted(pools(render(snippet.values))) == sorted(snippet.aliases)
