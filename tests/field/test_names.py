"""Names that Kubernetes refuses: the chart does so first, and proposes one that is made fit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import FULLNAME, one
from tests.support import Render, Say

PROVIDER = {"preset": "openai", "modelAlias": ["m"]}
GROUP = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
LONG = "x" * 64


def gateway(**fields: Any) -> dict[str, Any]:
    return {"onwards": fields}


Case = tuple[dict[str, Any], str, str]

CASES: dict[str, Case] = {
    "fullname-with-capitals": ({"fullnameOverride": "Foo_Bar"}, "fullnameOverride", "foo-bar"),
    "fullname-with-a-dot": ({"fullnameOverride": "a.b"}, "fullnameOverride", "a-b"),
    "fullname-with-a-digit-first": ({"fullnameOverride": "1a"}, "fullnameOverride", "my-1a"),
    "fullname-that-ends-in-a-hyphen": ({"fullnameOverride": "a-"}, "fullnameOverride", "a"),
    "name-with-a-slash": ({"nameOverride": "a/b"}, "nameOverride", "a-b"),
    "name-in-labels-only": ({"nameOverride": "a/b", "fullnameOverride": "x"}, "nameOverride", "a-b"),
    "group": ({"modelGroups": {"qwen2.5_7B": GROUP}}, "modelGroups.qwen2.5_7B", "qwen2-5-7b"),
    "group-of-a-repository": ({"modelGroups": {"Qwen/Qwen3-8B": GROUP}}, "modelGroups.Qwen/Qwen3-8B", "qwen-qwen3-8b"),
    "provider": ({"externalProviders": {"Open AI": PROVIDER}}, "externalProviders.Open AI", "open-ai"),
    "client": (gateway(clientKeys={"Team_A": {"apiKey": "sk-1"}}), "onwards.clientKeys.Team_A", "team-a"),
    "configmap": ({"configMaps": {"My_Files": {"a": "b"}}}, "configMaps.My_Files", "my-files"),
    "file": ({"configMaps": {"files": {"a b/c": "x"}}}, "configMaps.files.a b/c", "a-b-c"),
    "load-balancer": (
        gateway(loadBalancer={"enabled": True, "nameOverwrite": "Public.LB"}),
        "onwards.loadBalancer.nameOverwrite",
        "public-lb",
    ),
    "gateway-account": (gateway(serviceAccount={"name": "a_b"}), "onwards.serviceAccount.name", "a-b"),
    "gateway-volume": (gateway(volumes=[{"name": "a.b", "emptyDir": {}}]), "onwards.volumes[0].name", "a-b"),
    "priority": (gateway(priorityClassName="Very High"), "onwards.priorityClassName", "very-high"),
    "account": (one(serviceAccount={"name": "A"}), "modelGroups.a.serviceAccount.name", "a"),
    "volume": (one(volumes=[{"name": LONG, "emptyDir": {}}]), "modelGroups.a.volumes[0].name", "x" * 63),
    "claim": (
        one(
            persistentVolumes=[
                {"name": "v", "size": "1Gi", "mountPath": "/v"},
                {**{"name": "W", "size": "1Gi"}, "mountPath": "/w"},
            ]
        ),
        "modelGroups.a.persistentVolumes[1].name",
        "w",
    ),
    "existing-claim": (
        one(persistentVolumes=[{"name": "v", "mountPath": "/v", "existingClaim": "My Claim"}]),
        "modelGroups.a.persistentVolumes[0].existingClaim",
        "my-claim",
    ),
    "storage-class": (
        one(persistentVolumes=[{"name": "v", "mountPath": "/v", "size": "1Gi", "storageClass": "Fast SSD"}]),
        "modelGroups.a.persistentVolumes[0].storageClass",
        "fast-ssd",
    ),
    "init-container": (
        one(initContainers=[{"name": "Get Model", "image": "x:1"}]),
        "modelGroups.a.initContainers[0].name",
        "get-model",
    ),
    "sidecar": (one(containers=[{"name": "Log_1", "image": "x:1"}]), "modelGroups.a.containers[0].name", "log-1"),
    "gateways-sidecar": (gateway(containers=[{"name": "a.b", "image": "x:1"}]), "onwards.containers[0].name", "a-b"),
    "container-of-a-pod-spec": (
        one(podSpec={"containers": [{"name": "x y", "image": "x:1"}]}),
        "modelGroups.a.podSpec.containers[0].name",
        "x-y",
    ),
    "init-container-of-a-pod-spec": (
        gateway(podSpec={"initContainers": [{"name": "-", "image": "x:1"}]}),
        "onwards.podSpec.initContainers[0].name",
        "my-name",
    ),
    "runtime": (one(runtimeClassName="NVIDIA"), "modelGroups.a.runtimeClassName", "nvidia"),
    "secret": (one(apiKey={"name": "Keys", "key": "a"}), "modelGroups.a.apiKey.name", "engine-keys"),
    "key-of-a-secret": (one(apiKey={"name": "keys", "key": "a/b"}), "modelGroups.a.apiKey.key", "api-key"),
    "certificate": (
        {"ingress": {"enabled": True, "tls": [{"secretName": "TLS"}]}},
        "ingress.tls[0].secretName",
        "tls",
    ),
}


@pytest.mark.parametrize(("values", "path", "fit"), CASES.values(), ids=CASES)
def test_a_name_is_refused_with_one_made_fit(refusal: Say, values: dict[str, Any], path: str, fit: str) -> None:
    said = refusal(values)
    assert f"\n{path}: " in said
    assert fit in said.partition("Please set:")[2]


@pytest.mark.parametrize("name", ["80", "a--b", "-a", "A", "sixteen-letters-"])
def test_a_port_has_a_name_of_ports(refusal: Say, name: str) -> None:
    assert "additionalPorts" in refusal(one(additionalPorts=[{"name": name, "containerPort": 9000}]))


@pytest.mark.parametrize(("release", "fit"), [("my.app", "my-app-inference-stack"), ("1st", "my-1st-inference-stack")])
def test_a_release_whose_name_begins_no_service_is_told_so(refusal: Say, release: str, fit: str) -> None:
    assert f"fullnameOverride: {fit}" in refusal(None, release=release)


def test_with_a_fullname_it_may_have_any_name(render: Render) -> None:
    assert ("Service", "stack-onwards") in render({"fullnameOverride": "stack"}, release="1.st")


TAKEN: dict[str, dict[str, Any]] = {
    "group-that-begins-with-a-digit": {"modelGroups": {"7b": GROUP}},
    "configmap-with-dots": {"configMaps": {"a.b": {".hidden": "x", "A_b.txt": "y"}}},
    "account-with-dots": one(serviceAccount={"create": False, "name": "team.a"}),
    "no-storage-class": one(persistentVolumes=[{"name": "v", "size": "1Gi", "mountPath": "/v", "storageClass": "-"}]),
    "name-in-labels-only": {"nameOverride": "My_App", "fullnameOverride": "x"},
    "load-balancer-that-is-off": gateway(loadBalancer={"enabled": False, "nameOverwrite": "_"}),
}


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN)
def test_what_kubernetes_takes_is_taken(render: Render, values: dict[str, Any]) -> None:
    assert len(render(values))


@pytest.mark.parametrize("containers", [["a"], ["get", "get"], ["one", "two", "a"]])
def test_containers_of_a_pod_have_different_names(refusal: Say, containers: list[str]) -> None:
    said = refusal(one(initContainers=[{"name": name, "image": "x:1"} for name in containers]))
    assert f"modelGroups.a.initContainers[{len(containers) - 1}].name: {containers[-1]} is the name of" in said


def test_the_load_balancer_has_no_other_services_name(refusal: Say) -> None:
    name = f"{FULLNAME}-a-replicas"
    values = {**one(balancing="perReplica"), **gateway(loadBalancer={"enabled": True, "nameOverwrite": name})}
    assert f"onwards.loadBalancer.nameOverwrite: {name} is the name of the Service of the replicas" in refusal(values)
