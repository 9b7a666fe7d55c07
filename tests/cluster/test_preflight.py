"""`preflight` on a real node: prepared faults are found and named, a good file has none, and the scheduler agrees.

The images are stand-ins, and the devices are advertised, not there.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster import Cluster
from harness.cluster.given import Given
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.release import plugin
from harness.release.archive import unpack
from harness.run import run
from harness.stack import Stack
from harness.tools import tool
from inference_stack import cli
from tests.cluster.conftest import GPUS

SECONDS = 60.0
GPU = "nvidia.com/gpu"
KEY = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "engine-keys", "key": "chat"}}}
CACHE = {"name": "cache", "size": "1Gi", "mountPath": "/cache"}
GROUP: dict[str, Any] = {
    "enabled": True,
    "engine": "vllm",
    "modelName": "demo/chat",
    "modelAlias": ["chat"],
    "resources": {"limits": {GPU: 1}},
    "env": [KEY],
    "persistentVolumes": [CACHE],
}
LABELS = {"accelerator": "nvidia-tesla-v100"}


def values(**group: Any) -> dict[str, Any]:
    return {"modelGroups": {"chat": {**GROUP, "nodeSelector": LABELS, **group}}}


def manifest(kind: str, name: str, api: str = "v1", **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **rest}


QUOTA = manifest("ResourceQuota", "small", spec={"hard": {f"requests.{GPU}": 1, "pods": 20}})
DENY = manifest(
    "NetworkPolicy",
    "deny",
    "networking.k8s.io/v1",
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
)
HOG = manifest(
    "Pod",
    "hog",
    spec={
        "containers": [{"name": "hog", "image": "vllm/vllm-openai:v0.30.0", "resources": {"limits": {GPU: GPUS - 4}}}]
    },
)


@dataclass(frozen=True)
class Fault:
    """A prepared fault: values, what is made in the namespace before, and what has to be found."""

    values: dict[str, Any]
    check: str
    says: tuple[str, ...]
    before: tuple[dict[str, Any], ...] = ()
    namespace: str = ""


FAULTS = {
    "no such kind": Fault(
        {**values(), "extraObjects": [manifest("Widget", "w", "example.com/v1")]}, "kinds", ("example.com/v1/Widget",)
    ),
    "no such Secret": Fault(
        values(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "k"}}}]),
        "secrets",
        ("Secret gone", "does not exist"),
    ),
    "no such key in a Secret": Fault(
        values(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "engine-keys", "key": "cht"}}}]),
        "secrets",
        ("has no key cht", "it has: chat"),
    ),
    "no such storage class": Fault(
        values(persistentVolumes=[{**CACHE, "storageClassName": "fastest"}]),
        "storage",
        ("no storage class fastest", "standard"),
    ),
    "no such claim": Fault(
        values(persistentVolumes=[{"name": "cache", "existingClaim": "weights", "mountPath": "/cache"}]),
        "claim",
        ("weights", "does not exist"),
    ),
    "more GPUs than a node has": Fault(
        values(resources={"limits": {GPU: 128}}), "too-large", (f"128 {GPU}", f"{GPUS} {GPU}")
    ),
    "a device that no node has": Fault(values(resources={"limits": {"amd.com/gpu": 1}}), "no-device", ("amd.com/gpu",)),
    "GPUs that are in use": Fault(
        values(resources={"limits": {GPU: 8}}), "in-use", (f"4 {GPU} of 8 {GPU} are free", "/hog (60)"), (HOG,)
    ),
    "labels that no node has": Fault(
        values(nodeSelector={"accelerator": "h100"}), "node-selector", ("accelerator=h100", "nvidia-tesla-v100")
    ),
    "Pod Security level": Fault(
        values(podSpec={"hostIPC": True}), "pod-security", ("enforces baseline", "hostNamespaces"), (), "baseline"
    ),
    "quota": Fault(
        values(replicaCount=3, persistentVolumes=[]),
        "quota",
        (f"requests.{GPU}", "needs 3", "1 of 1 are left"),
        (QUOTA,),
    ),
    "no such ingress class": Fault(
        {**values(), "ingress": {"enabled": True, "className": "nginx", "hosts": [{"host": "a.example.com"}]}},
        "ingress",
        ("no ingress class nginx",),
    ),
    "default deny": Fault(
        {**values(), "networkPolicy": {"enabled": False}}, "policies", ("deny denies all its egress",), (DENY,)
    ),
    "no such priority class": Fault(
        values(priorityClassName="urgent"), "classes", ("PriorityClass urgent", "does not exist")
    ),
}

Preflight = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str) -> Kubectl:
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace)
    kubectl.run("create", "secret", "generic", "engine-keys", "--from-literal=chat=sk-made-up")
    return kubectl


@pytest.fixture
def preflight(
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Preflight:
    """Runs the tool as a user does, on values or, without any, on the release `t`; its code and its findings."""
    (tmp_path / "kubectl").symlink_to(tool("kubectl"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("HELM_BIN", str(tool("helm")))
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))

    def checked(of: dict[str, Any] | None = None, *words: str) -> tuple[int, list[dict[str, Any]]]:
        files = []
        if of is not None:
            (tmp_path / "values.yaml").write_text(yaml.safe_dump(of))
            files = ["-f", str(tmp_path / "values.yaml")]
        code = cli.main(["preflight", "t", "-n", namespace, "-o", "json", *files, *words])
        return code, json.loads(capsys.readouterr().out)["findings"]

    return checked


@pytest.fixture(autouse=True)
def _ours(cluster: Cluster) -> None:
    if isinstance(cluster, Given):
        pytest.skip("the faults are prepared for a node of our own, with its devices")


def failures(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in found if each["level"] == "fail"]


@pytest.mark.usefixtures("kubectl")
def test_a_good_file_has_no_fault(preflight: Preflight) -> None:
    code, found = preflight(values())
    assert [each for each in found if each["level"] != "ok"] == []
    assert code == 0


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_named(name: str, kubectl: Kubectl, namespace: str, preflight: Preflight) -> None:
    fault = FAULTS[name]
    for each in fault.before:
        kubectl.apply(json.dumps(each))
    if HOG in fault.before:
        kubectl.run("wait", "pod/hog", "--for=condition=PodScheduled", "--timeout=60s")
    if fault.namespace:
        kubectl.run("label", "namespace", namespace, f"pod-security.kubernetes.io/enforce={fault.namespace}")
    code, found = preflight(fault.values)
    assert code == 1
    assert {each["check"] for each in failures(found)} == {fault.check}
    said = " ".join(f"{each['object']} {each['says']}" for each in failures(found))
    assert [words for words in fault.says if words not in said] == []
    assert all(each["fix"] for each in failures(found))


@contextmanager
def tainted(kubectl: Kubectl) -> Iterator[None]:
    """Every node with a taint that keeps new pods away, while the body runs."""
    kubectl.run("taint", "nodes", "--all", "example.com/reserved=yes:NoSchedule")
    try:
        yield
    finally:
        kubectl.run("taint", "nodes", "--all", "example.com/reserved=yes:NoSchedule-")


def test_a_taint_without_a_toleration_is_found(kubectl: Kubectl, preflight: Preflight) -> None:
    with tainted(kubectl):
        _, found = preflight(values())
        tolerations = [{"key": "example.com/reserved", "operator": "Exists"}]
        _, tolerated = preflight(values(tolerations=tolerations))
    says = "does not tolerate example.com/reserved=yes:NoSchedule"
    assert {each["check"] for each in failures(found)} == {"taint"}
    assert sum(says in each["says"] for each in failures(found)) == 2
    assert [each["object"] for each in failures(tolerated)] == ["Deployment t-inference-stack-onwards"]


@pytest.mark.parametrize("by", ["helm", "helm3", "kubectl"])
def test_the_installed_plugin_finds_what_the_module_does(
    by: str, cluster: Cluster, kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    """The archive of a release, installed by Helm, or beside kubectl; a good file and one with a fault.

    Helm takes -n and --kubeconfig for itself, and hands them on in the environment.
    """
    archive = plugin.build(tmp_path, Helm().package(ROOT, tmp_path / "chart"), "1.2.3", 1_800_000_000)
    unpacked = unpack(archive, tmp_path / "unpacked")
    path = tmp_path / "path"
    path.mkdir()
    (path / "kubectl").symlink_to(tool("kubectl"))
    env = {"PATH": f"{path}:{os.environ['PATH']}", "KUBECONFIG": os.devnull}
    if by == "kubectl":
        (path / "kubectl-inference_stack").symlink_to(unpacked / "inference-stack")
        env["HELM_BIN"] = str(tool("helm"))
    else:
        env |= plugin.install(Helm(tool(by)), tmp_path, unpacked)
    file = tmp_path / "values.json"
    words: list[str | Path] = ["preflight", "t", "-f", file, "-n", namespace, "--kubeconfig", cluster.kubeconfig]
    module: list[str | Path] = [sys.executable, "-m", "inference_stack", *words]
    fault = {"resources": {"limits": {"amd.com/gpu": 1}}}
    for group, code in (({}, 0), (fault, 1)):
        file.write_text(json.dumps(values(**group)))
        done = run([tool(by), "inference-stack", *words], env=env, check=False)
        same = run(module, cwd=ROOT, env={**env, "HELM_BIN": str(tool("helm"))}, check=False)
        assert (done.returncode, same.returncode) == (code, code), done.stderr
        assert done.stdout == same.stdout
        failed = re.findall(r"(?m)^FAILS +(\S+) +(Deployment \S+): ", done.stdout)
        assert failed == ([("no-device", "Deployment t-inference-stack-chat")] if code else [])
    assert kubectl.items("deployments") == []


def conditions(kubectl: Kubectl) -> dict[str, str]:
    """The scheduler's words for each group whose pod it does not schedule."""
    return {
        pod["metadata"]["labels"]["app.kubernetes.io/model-group"]: each["message"]
        for pod in kubectl.items("pods", "app.kubernetes.io/model-group")
        for each in pod["status"].get("conditions", ())
        if each["type"] == "PodScheduled" and each["status"] == "False"
    }


def test_the_scheduler_agrees_and_an_installed_release_is_checked(
    cluster: Cluster, kubectl: Kubectl, namespace: str, preflight: Preflight
) -> None:
    """What is foretold to stay Pending does, for the reason that is given, and the rest is scheduled."""
    image = {"image": "registry.invalid/vllm-openai", "tag": "v1", "engine": "vllm"}
    groups: dict[str, dict[str, Any]] = {
        "fine": {},
        "large": {"resources": {"limits": {GPU: 128}}},
        "device": {"resources": {"limits": {"amd.com/gpu": 1}}},
        "selected": {"nodeSelector": {"accelerator": "h100"}},
        "claimed": {"persistentVolumes": [{"name": "cache", "existingClaim": "weights", "mountPath": "/cache"}]},
        "unpulled": image,
    }
    plain: dict[str, Any] = {"env": [], "persistentVolumes": []}
    given = {"modelGroups": {n: {**GROUP, **plain, "modelAlias": [n], **more} for n, more in groups.items()}}
    _, foretold = preflight(given)
    named = {each["object"].rpartition("t-inference-stack-")[2] for each in failures(foretold)}
    named = {"claimed" if "weights" in name else name for name in named}
    stack = Stack(cluster, "t", namespace)
    stack.helm.upgrade_install("t", ROOT, values=[given])
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not (
        conditions(kubectl).keys() == named and pull_failed(kubectl) and scheduled(kubectl) == {"fine", "unpulled"}
    ):
        time.sleep(0.5)
    assert conditions(kubectl).keys() == named == {"large", "device", "selected", "claimed"}
    assert scheduled(kubectl) == {"fine", "unpulled"}
    code, found = preflight()
    assert code == 1
    said = {each["object"]: each["says"] for each in failures(found)}
    (pulled,) = (says for title, says in said.items() if title.startswith("Image registry.invalid"))
    assert "cannot be pulled" in pulled
    words = set(conditions(kubectl).values())
    assert words <= set(said.values())


def scheduled(kubectl: Kubectl) -> set[str]:
    pods = kubectl.items("pods", "app.kubernetes.io/model-group")
    return {pod["metadata"]["labels"]["app.kubernetes.io/model-group"] for pod in pods if pod["spec"].get("nodeName")}


def pull_failed(kubectl: Kubectl) -> bool:
    statuses = (
        each
        for pod in kubectl.items("pods", "app.kubernetes.io/model-group=unpulled")
        for each in pod["status"].get("containerStatuses", ())
    )
    return any(
        each["state"].get("waiting", {}).get("reason") in ("ErrImagePull", "ImagePullBackOff") for each in statuses
    )
