"""A release's life cycle: installed with defaults, upgraded, rolled back, updated pod by pod, uninstalled."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from openai import APIStatusError

from harness.client import Client
from harness.cluster import Cluster
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import Published
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import AVAILABLE_SECONDS, Install
from tests.cluster.tiny import TINY, gateway, gateway_names, pod_names

CHANGES = 5


def test_the_defaults_install_and_the_gateway_offers_no_model(install: Install) -> None:
    with gateway(install()) as client:
        assert client.models() == []
        with pytest.raises(APIStatusError) as refused:
            client.chat("llama", QUESTION)
    assert refused.value.status_code == 404


def test_an_upgrade_adds_an_alias_and_a_rollback_removes_it(install: Install) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    before = pod_names(installed, "tiny")
    installed = install({"modelGroups": {"tiny": {**TINY, "modelAlias": ["tiny", "second"]}}})
    with gateway(installed) as client:
        assert sorted(client.models()) == ["second", "tiny"]
        assert client.chat("second", QUESTION).strip() == ANSWER
    installed.stack.helm.rollback("t")
    installed.stack.kubectl.wait_available(selector="app.kubernetes.io/instance=t")
    with gateway(installed) as client:
        assert client.models() == ["tiny"]
        assert client.chat("tiny", QUESTION).strip() == ANSWER
    assert pod_names(installed, "tiny") != before, "an alias is part of the engine's command, so its pod is new"


def test_a_change_of_the_gateway_restarts_no_model(install: Install) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    before = pod_names(installed, "tiny")
    gateways = gateway_names(installed)
    installed = install({"modelGroups": {"tiny": TINY}, "onwards": {"fallback": {"maxAttempts": 5}}})
    assert pod_names(installed, "tiny") == before
    assert not gateways & gateway_names(installed)


def test_each_of_several_consecutive_changes_takes_effect(install: Install) -> None:
    """Onwards reloads its configuration at the first change only, so each change must replace the pods."""
    provider = {"url": "http://127.0.0.1:9/v1"}
    for number in range(CHANGES):
        stack = install({"externalProviders": {"outside": {**provider, "modelAlias": [f"alias-{number}"]}}}).stack
        with stack.kubectl.port_forward(stack.gateway, "http") as port:
            assert Client(f"http://127.0.0.1:{port}").models() == [f"alias-{number}"]


def test_the_autoscaler_sets_the_number_of_gateways_also_after_an_upgrade(install: Install) -> None:
    """Without metrics it only applies its bounds, which is enough to see that its number is used."""
    values: dict[str, Any] = {"autoscaling": {"enabled": True, "minReplicas": 2}}
    kubectl = install({"onwards": values}).stack.kubectl
    name = "t-inference-stack-onwards"
    until = time.monotonic() + AVAILABLE_SECONDS
    while (replicas := kubectl.get("deployment", name)["spec"]["replicas"]) != 2:
        assert time.monotonic() < until, replicas
        time.sleep(1)
    install({"onwards": {**values, "fallback": {"maxAttempts": 5}}})
    found = kubectl.get("deployment", name)
    assert (found["spec"]["replicas"], found["status"]["readyReplicas"]) == (2, 2)


def test_a_rolling_update_with_surge_never_has_fewer_pods_ready_than_replicas(install: Install) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    group = {**TINY, "strategy": strategy, "replicaCount": 3}
    installed = install({"modelGroups": {"tiny": group}})
    before = pod_names(installed, "tiny")
    counts: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            found = installed.stack.kubectl.get("deployment", "t-inference-stack-tiny")
            counts.append(found["status"].get("availableReplicas", 0))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        installed = install({"modelGroups": {"tiny": {**group, "podAnnotations": {"rollout": "2"}}}})
    finally:
        done.set()
        watcher.join()
    assert min(counts) >= 3
    assert not before & pod_names(installed, "tiny")
    with gateway(installed) as client:
        assert client.chat("tiny", QUESTION).strip() == ANSWER


def test_the_data_of_a_volume_survives_its_pod(install: Install) -> None:
    volume = {"name": "model-cache", "size": "1Gi", "mountPath": "/cache"}
    installed = install({"modelGroups": {"tiny": {**TINY, "persistentVolumes": [volume]}}})
    kubectl = installed.stack.kubectl
    kubectl.exec("deployment/t-inference-stack-tiny", ["sh", "-c", "echo kept > /cache/proof"])
    before = pod_names(installed, "tiny")
    for name in before:
        kubectl.delete("pod", name)
    kubectl.wait_available("t-inference-stack-tiny")
    assert not before & pod_names(installed, "tiny")
    assert kubectl.exec("deployment/t-inference-stack-tiny", ["cat", "/cache/proof"]).strip() == "kept"


def test_a_surge_over_a_claim_of_one_node_ends(install: Install) -> None:
    """The pods have to share a node with each other, the first of them with none, the new ones with the old ones."""
    volume = {"name": "model-cache", "size": "1Gi", "mountPath": "/cache"}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    group = {**TINY, "replicaCount": 2, "strategy": strategy, "persistentVolumes": [volume]}
    installed = install({"modelGroups": {"tiny": group}})
    kubectl = installed.stack.kubectl
    kubectl.exec("deployment/t-inference-stack-tiny", ["sh", "-c", "echo kept > /cache/proof"])
    before = pod_names(installed, "tiny")
    installed = install({"modelGroups": {"tiny": {**group, "podAnnotations": {"rollout": "2"}}}})
    after = pod_names(installed, "tiny")
    assert len(after) == 2
    assert not before & after
    for name in after:
        assert kubectl.exec(name, ["cat", "/cache/proof"]).strip() == "kept"


def test_uninstalling_leaves_only_claims_with_keep(install: Install) -> None:
    volumes = [
        {"name": "model-cache", "size": "1Gi", "mountPath": "/cache", "keep": True},
        {"name": "scratch", "size": "1Gi", "mountPath": "/scratch"},
    ]
    group = {**TINY, "apiKey": "made-up", "persistentVolumes": volumes}
    installed = install({"modelGroups": {"tiny": group}, "onwards": {"drainSeconds": 2}})
    kinds = sorted({f"{each['kind'].lower()}" for each in installed.manifests})
    installed.stack.uninstall()
    kubectl = installed.stack.kubectl
    kubectl.run("wait", "--for=delete", "pod", "-l", "app.kubernetes.io/instance=t", "--timeout=120s", check=False)
    left = kubectl.items(",".join(kinds), "app.kubernetes.io/instance=t")
    names = {(each["kind"], each["metadata"]["name"]) for each in left if "deletionTimestamp" not in each["metadata"]}
    assert names == {("PersistentVolumeClaim", "t-inference-stack-tiny-model-cache")}


def test_the_readmes_commands_run_as_printed(cluster: Cluster) -> None:
    helm = Helm(kubeconfig=cluster.kubeconfig)
    sets = ["--set", "modelGroups.vllm-llama.enabled=true"]
    helm.run("template", "test-release", ROOT, *sets, "--set", "ingress.enabled=true", "--debug")
    helm.run("lint", ROOT)
    output = helm.run("install", "test-release", ROOT, *sets, "--dry-run").stdout
    assert "STATUS: pending-install" in output
    assert not helm.releases()
    server = helm.run("install", "test-release", ROOT, *sets, "--dry-run=server").stdout
    assert "t-release-inference-stack-vllm-llama" in server


def test_refused_values_install_nothing(cluster: Cluster, chart: Published, namespace: str) -> None:
    helm = Helm(kubeconfig=cluster.kubeconfig, namespace=namespace)
    with pytest.raises(Exception, match=r"modelGroups\.nobody\.modelAlias: no alias is set"):
        helm.upgrade_install(
            "t",
            chart.reference,
            version=chart.version,
            plain_http=True,
            values=[{"modelGroups": {"nobody": {"enabled": True, "modelName": "m"}}}],
        )
    assert not helm.releases()
    assert not Kubectl(cluster.kubeconfig, namespace).items("deployments")
