"""The chart's security on a real cluster: restricted pods, keys, network policies and closed paths."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import httpx
import pytest
from openai import APIStatusError

from harness.cluster import Cluster
from harness.kubectl import Kubectl
from harness.stack import Published, render
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import AVAILABLE_SECONDS, Install
from tests.cluster.tiny import TINY, gateway

POLICY_SECONDS = 30.0
"""The maximum time until a network policy is in force."""


@pytest.fixture
def restricted(cluster: Cluster, namespace: str) -> str:
    """The test's namespace, in which the API server admits only restricted pods."""
    Kubectl(cluster.kubeconfig).run(
        "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted", "--overwrite"
    )
    return namespace


def test_pods_of_every_example_are_admitted_as_restricted(example: Path, cluster: Cluster, restricted: str) -> None:
    kubectl = Kubectl(cluster.kubeconfig, restricted)
    for deployment in render("t", [example]).kind("Deployment"):
        template = deployment["spec"]["template"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": deployment["metadata"]["name"], "labels": template["metadata"]["labels"]},
            "spec": {**template["spec"], "serviceAccountName": "default"},
        }
        kubectl.apply(json.dumps(pod), dry_run="server")


@pytest.mark.usefixtures("restricted")
def test_a_restricted_namespace_runs_the_gateway_and_an_engine(install: Install) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    with gateway(installed) as client:
        assert client.chat("tiny", QUESTION).strip() == ANSWER
    kubectl = installed.stack.kubectl
    assert kubectl.exec("deployment/t-inference-stack-tiny", ["id", "-u"]).strip() == "10001"
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    assert kubectl.run("exec", "deployment/t-inference-stack-tiny", "--", "test", "-e", token, check=False).returncode


@pytest.mark.parametrize("given", ["by reference", "by value"])
def test_an_engines_key_reaches_the_engine_and_no_configmap(
    given: str, install: Install, namespace: str, cluster: Cluster
) -> None:
    key = 'made-up "\\&|/ ' + secrets.token_hex(8)
    kubectl = Kubectl(cluster.kubeconfig, namespace)
    data = {"key": key, "LLAMA_API_KEY": key}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "engine"}, "stringData": data}
    kubectl.apply(json.dumps(secret))
    reference = {"name": "engine", "key": "key"}
    locked = {**TINY, "env": [{"name": "LLAMA_API_KEY", "valueFrom": {"secretKeyRef": reference}}]}
    groups = {
        "tiny": {**locked, "apiKey": reference if given == "by reference" else key},
        "read": {**locked, "modelAlias": ["read"]},
        "hidden": {**TINY, "modelAlias": ["hidden"], "envFrom": [{"secretRef": {"name": "engine"}}]},
    }
    installed = install({"modelGroups": groups})
    with gateway(installed) as client:
        assert client.chat("tiny", QUESTION).strip() == ANSWER
        assert client.chat("read", QUESTION).strip() == ANSWER  # the gateway sends what the engine's variable refers to
        with pytest.raises(APIStatusError) as refused:
            client.chat("hidden", QUESTION)  # whether envFrom has the variable cannot be seen
    assert refused.value.status_code == 401
    assert key not in json.dumps(kubectl.items("configmaps,deployments,pods"))


def test_an_empty_key_stops_the_new_gateway_with_a_message_while_the_old_one_serves(
    install: Install, chart: Published
) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    kubectl = installed.stack.kubectl
    kubectl.apply(
        json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "engine"}, "stringData": {"key": "\n"}})
    )
    keyed = {"modelGroups": {"tiny": {**TINY, "apiKey": {"name": "engine", "key": "key"}}}}
    installed.stack.helm.upgrade_install("t", chart.reference, version=chart.version, plain_http=True, values=[keyed])
    until = time.monotonic() + AVAILABLE_SECONDS
    stopped: list[str] = []
    while not stopped and time.monotonic() < until:
        time.sleep(0.5)
        pods = kubectl.items("pods", "app.kubernetes.io/component=onwards")
        started = {p["metadata"]["name"]: p["status"].get("initContainerStatuses", ()) for p in pods}
        stopped = [name for name, states in started.items() if any(state["restartCount"] for state in states)]
    log = kubectl.logs(stopped[0], container="assemble-config")
    assert "The key of modelGroups.tiny is empty" in log
    with gateway(installed) as client:
        assert client.chat("tiny", QUESTION).strip() == ANSWER


def test_only_the_gateway_reaches_engines_and_only_configured_peers_metrics(install: Install) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    with gateway(installed) as client:
        assert client.chat("tiny", QUESTION).strip() == ANSWER
    install({"modelGroups": {"other": {**TINY, "modelAlias": ["other"]}}}, release="u")
    kubectl = installed.stack.kubectl
    metrics = "http://t-inference-stack-onwards:9090/metrics"
    for url in ("http://t-inference-stack-tiny:8000/health", metrics):
        assert "timed out" in reach(kubectl, url), url
    outsiders = [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "u"}}}]
    install({"modelGroups": {"tiny": TINY}, "networkPolicy": {"metricsFrom": outsiders}})
    until = time.monotonic() + POLICY_SECONDS
    while (result := reach(kubectl, metrics)) != "200":
        assert time.monotonic() < until, result


def reach(kubectl: Kubectl, url: str) -> str:
    """The result of a request from a pod of the other release: a status, or the error."""
    get = f"import urllib.request as r; print(r.urlopen('{url}', timeout=3).status)"
    tried = kubectl.run("exec", "deployment/u-inference-stack-other", "--", "python3", "-c", get, check=False)
    return tried.stdout.strip() or tried.stderr


def test_a_path_that_is_not_an_openai_route_reaches_no_engine(install: Install) -> None:
    installed = install({"modelGroups": {"tiny": TINY}})
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        for path in ("/metrics", "/props", "/slots", "/v1/../metrics", "/v1/http://127.0.0.1/"):
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers={"model-override": "tiny"})
            assert 400 <= answer.status_code < 500, path
