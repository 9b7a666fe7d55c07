"""A real Prometheus on the cluster reads the chart's release: real gateway and llama.cpp, and stand-ins of engines.

It runs in the release's namespace with the release's network policies on, is let in by networkPolicy.metricsFrom, and
finds pods by the chart's PodMonitors; beside it is kube-state-metrics.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from harness.cluster import Cluster
from harness.cluster.crds import install_crds
from harness.cluster.processes import NotInTimeError, wait_until
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.manifests import Manifests
from harness.monitoring.dashboards import DASHBOARDS, queries
from harness.monitoring.rules import PREFIX, recorded
from harness.paths import ROOT
from harness.presets import images
from tests.cluster.conftest import Install, Installed
from tests.cluster.keyed import put_keys
from tests.cluster.tiny import TINY
from tests.operations.prometheus import Prometheus, running

KEY = "sk-made-up-for-the-engine"
CLIENT_KEY = "sk-made-up-for-the-client"
TRAFFIC_SECONDS = 90.0
RECORDED_SECONDS = 60.0
WATCHED_SECONDS = 240.0
GPU: dict[str, Any] = {"resources": {"limits": {"nvidia.com/gpu": 1}}}
VALUES: dict[str, Any] = {
    "onwards": {"clientKeys": {"team": {"apiKey": {"name": "client-keys", "key": "team"}}}, "rollOnChange": False},
    "modelGroups": {
        "tiny": {
            **TINY,
            "apiKey": {"name": "engine-keys", "key": "tiny"},
            "persistentVolumes": [{"name": "models", "mountPath": "/models", "size": "1Gi"}],
        },
        "stable": {
            "enabled": True,
            "image": images()["vllm"].repository,
            "tag": images()["vllm"].tag,
            "modelAlias": ["chat"],
            "modelName": "org/a",
            "replicaCount": 2,
            "weight": 9,
            **GPU,
        },
        "canary": {
            "enabled": True,
            "image": images()["sglang"].repository,
            "tag": images()["sglang"].tag,
            "modelAlias": ["chat"],
            "modelName": "org/b",
            "weight": 1,
            **GPU,
        },
        "fast": {
            "enabled": True,
            "engine": "tensorrt-llm",
            "modelAlias": ["fast"],
            "modelName": "org/c",
            "metricsPath": "/prometheus/metrics",
            "args": ["--config", "/config/metrics.yaml"],
            "files": {"/config/metrics.yaml": "return_perf_metrics: true\n"},
            **GPU,
        },
    },
    "externalProviders": {"gone": {"enabled": True, "url": "http://127.0.0.1:9/v1", "modelAlias": ["gone"]}},
    "serviceMonitor": {"enabled": True, "kind": "PodMonitor"},
    "prometheusRule": {"enabled": True},
    "dashboards": {"enabled": True},
    "networkPolicy": {"metricsFrom": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]},
}
ALIASES = ("tiny", "chat", "fast", "gone")

STUCK = f"{PREFIX}workload_rollout_stuck:max"
"""There while a rollout is stuck."""
FREE = f"{PREFIX}volume_free:ratio"
"""There where the kubelet measures volumes: not those of host paths, which kind's are."""


@pytest.fixture(scope="module")
def installed(cluster: Cluster, namespace_for_all: str, install_for_all: Install) -> Installed:
    install_crds(cluster)
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace_for_all)
    put_keys(kubectl, {"tiny": KEY}, "engine-keys")
    put_keys(kubectl, {"team": CLIENT_KEY}, "client-keys")
    return install_for_all(VALUES)


def send(url: str, alias: str, *, stream: bool) -> int:
    body = {
        "model": alias,
        "messages": [{"role": "user", "content": "What is a pod?"}],
        "max_tokens": 24,
        "stream": stream,
    }
    headers = {"Authorization": f"Bearer {CLIENT_KEY}"}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, headers=headers, timeout=60) as answer:
        answer.read()
        return answer.status_code


@pytest.fixture(scope="module")
def prometheus(cluster: Cluster, installed: Installed) -> Iterator[Prometheus]:
    """With traffic of all aliases behind it."""
    kubectl = installed.stack.kubectl
    stored = Manifests([*kubectl.items("podmonitors"), *kubectl.items("prometheusrules")])
    with running(cluster, stored, kubectl, {"engine-keys": "tiny"}) as found:
        with kubectl.port_forward(installed.stack.gateway, "http") as port:
            url = f"http://127.0.0.1:{port}"
            end = time.monotonic() + TRAFFIC_SECONDS
            statuses: dict[str, set[int]] = {alias: set() for alias in ALIASES}
            lock = threading.Lock()

            def ask(alias: str) -> None:
                stream = False
                while time.monotonic() < end:
                    status = send(url, alias, stream=stream)
                    with lock:
                        statuses[alias].add(status)
                    stream = not stream
                    time.sleep(0.5)

            with ThreadPoolExecutor() as pool:
                list(pool.map(ask, ALIASES))
        assert statuses == {"tiny": {200}, "chat": {200}, "fast": {200}, "gone": {502}}
        yield found


def test_every_target_of_the_monitors_is_scraped_through_the_network_policies(
    prometheus: Prometheus, installed: Installed
) -> None:
    found = prometheus.targets()
    monitors = {f"podMonitor/{each['metadata']['name']}/0" for each in installed.manifests.kind("PodMonitor")}
    assert monitors <= {*found}
    wrong = {job: targets for job, targets in found.items() if any(health != "up" for _, health in targets)}
    assert wrong == {}
    assert len(found["podMonitor/t-inference-stack-stable/0"]) == 2  # each replica


def test_prometheus_evaluates_every_rule(prometheus: Prometheus) -> None:
    groups = prometheus.ask("rules")["groups"]
    states = {rule["name"]: (rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]}
    assert {name: state for name, state in states.items() if state[0] != "ok"} == {}
    assert {name for name in states if ":" in name} == recorded()


def has_values(found: list[dict[str, Any]]) -> bool:
    return any(not math.isnan(float(each["value"][1])) for each in found)


def test_a_broken_key_is_seen_by_the_kubelets_own_metric(prometheus: Prometheus, installed: Installed) -> None:
    installed.stack.kubectl.run("delete", "secret", "client-keys")
    name = f"{PREFIX}gateway_config_failures:increase5m"
    wait_until(lambda: any(float(each["value"][1]) > 0 for each in prometheus.query(name)), name, WATCHED_SECONDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_query_of_a_dashboard_finds_something(prometheus: Prometheus, installed: Installed, name: str) -> None:
    where = installed.stack.kubectl.namespace
    chosen = {"$namespace": where, "$release": "t", "$model_group": ".+"}
    asked = [(title, re.sub(r"\$\w+", lambda found: chosen[found[0]], text)) for title, text in queries(name)]

    def empty() -> list[tuple[str, str]]:
        return [(title, text) for title, text in asked if not has_values(prometheus.query(text))]

    with suppress(NotInTimeError):
        wait_until(lambda: not empty(), "an answer to every query", RECORDED_SECONDS)
    assert empty() == []


def test_every_recorded_series_is_there_but_for_a_rollout_that_is_stuck(
    prometheus: Prometheus, installed: Installed
) -> None:
    kubectl = installed.stack.kubectl
    volumes = [each["spec"] for each in kubectl.items("persistentvolumes")]
    (volume,) = [each for each in volumes if each["claimRef"]["namespace"] == kubectl.namespace]
    absent = {STUCK, FREE} if "hostPath" in volume else {STUCK}
    assert {name for name in recorded() if not prometheus.query(name)} == absent


@pytest.mark.parametrize(
    ("group", "engine"), [("tiny", "llama-cpp"), ("stable", "vllm"), ("canary", "sglang"), ("fast", "tensorrt-llm")]
)
def test_tokens_are_counted_by_group_and_engine(prometheus: Prometheus, group: str, engine: str) -> None:
    (found,) = prometheus.query(f'{PREFIX}group_generation_tokens:rate5m{{model_group="{group}"}}')
    assert found["metric"]["engine"] == engine
    assert float(found["value"][1]) > 0


@pytest.mark.parametrize("by", ["requests", "queue", "kvCache"])
def test_what_an_autoscaler_asks_of_the_recorded_series_has_an_answer(
    prometheus: Prometheus, installed: Installed, by: str
) -> None:
    scaled = {"replicaCount": 1, "autoscaling": {"enabled": True, "by": by}}
    asked = {"prometheus": {"serverAddress": "http://prometheus", "recorded": True}, "modelGroups": {"stable": scaled}}
    helm = Helm(namespace=installed.stack.kubectl.namespace)
    rendered = Manifests.parse(helm.template(ROOT, release="t", values=[VALUES, asked]))
    (trigger,) = rendered["ScaledObject", "t-inference-stack-stable"]["spec"]["triggers"]
    assert has_values(prometheus.query(trigger["metadata"]["query"]))


def test_no_prompt_is_in_a_log(installed: Installed) -> None:
    kubectl = installed.stack.kubectl
    names = [pod["metadata"]["name"] for pod in kubectl.items("pods", "app.kubernetes.io/instance=t")]
    assert [name for name in names if "What is a pod?" in kubectl.logs(name)] == []


def test_a_rollout_that_is_stuck_is_seen(prometheus: Prometheus, installed: Installed) -> None:
    image = {"name": "canary", "image": "not-there:1", "imagePullPolicy": "Never"}
    stuck = {"progressDeadlineSeconds": 5, "minReadySeconds": 0, "template": {"spec": {"containers": [image]}}}
    workload = "t-inference-stack-canary"
    patch = json.dumps({"spec": stuck})
    installed.stack.kubectl.run("patch", "deployment", workload, f"--patch={patch}")
    found = f'{STUCK}{{workload="{workload}"}}'
    wait_until(lambda: bool(prometheus.query(found)), found, WATCHED_SECONDS)
