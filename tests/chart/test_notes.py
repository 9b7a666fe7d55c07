"""NOTES.txt: how to reach the gateway, what it serves, and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from harness.docs.cases import NO_KEY, WARNINGS, Warned
from harness.helm import Helm
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, one
from tests.snippets import SNIPPETS
from tests.support import Say

ONE_GPU = {"limits": {"nvidia.com/gpu": 1}}


def warnings(text: str) -> list[str]:
    """The warnings in the notes, one sentence each."""
    return [line.removeprefix("- ") for line in text.partition("Please note:")[2].splitlines() if line]


def quiet(**fields: Any) -> dict[str, Any]:
    """Values with one group that causes no warning, with these fields added or replaced."""
    return one(**{"resources": ONE_GPU, "spareGPUs": 8, **fields})


def table(text: str) -> list[list[str]]:
    """The table of models: alias, group or provider with its engine, and its share or place."""
    rows = text.partition("SHARE OR ORDER\n")[2].partition("\n\n")[0].splitlines()
    return [[part.strip() for part in (row[:39], row[39:82], row[82:])] for row in rows]


def test_they_show_the_gateway_and_how_to_reach_it(notes: Say) -> None:
    text = notes(quiet())
    assert f"in the cluster http://{FULLNAME}-onwards.default/v1\n" in text
    assert f"kubectl -n default port-forward service/{FULLNAME}-onwards 8080:80 &" in text
    assert """-d '{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'""" in text


def test_they_show_the_port_of_the_service(notes: Say) -> None:
    text = notes({"onwards": {"service": {"port": 8081}}})
    assert "onwards.default:8081/v1" in text
    assert "8080:8081" in text


@pytest.mark.parametrize(
    ("tls", "url"),
    [([], "http://a.example/v1"), ([{"hosts": ["a.example"]}], "https://a.example/v1")],
    ids=["plain", "tls"],
)
def test_they_show_the_ingress(notes: Say, tls: list[Any], url: str) -> None:
    values = {"ingress": {"enabled": True, "hosts": [{"host": "a.example", "paths": [{"path": "/"}]}], "tls": tls}}
    assert f"Ingress        {url}\n" in notes(values)


@pytest.mark.parametrize("hosts", [[], [{}], [{"paths": [{"path": "/v1"}]}], [{"host": None}]])
def test_they_show_how_to_find_the_address_of_an_ingress_without_a_host(notes: Say, hosts: list[Any]) -> None:
    text = notes({"ingress": {"enabled": True, "hosts": hosts}})
    assert "http://ADDRESS/v1\n    kubectl -n default get ingress test-release-inference-stack\n" in text


ROUTE = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]}
SECURE = {"enabled": True, "parentRefs": [{"name": "public", "sectionName": "https"}], "hostnames": ["a.example"]}


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"httpRoute": ROUTE}, ["HTTPRoute      http://ADDRESS/v1", "  kubectl -n gateways get gateway public"]),
        ({"httpRoute": SECURE}, ["HTTPRoute      https://a.example/v1"]),
        (
            {"onwards": {"service": {"type": "NodePort", "nodePort": 30080}}},
            ["NodePort       http://NODE:30080/v1", f"  kubectl -n default get service {FULLNAME}-onwards"],
        ),
        (
            {"onwards": {"service": {"type": "LoadBalancer", "port": 8080}}},
            ["LoadBalancer   http://ADDRESS:8080/v1", f"  kubectl -n default get service {FULLNAME}-onwards"],
        ),
        (
            {"onwards": {"loadBalancer": {"enabled": True}}},
            ["LoadBalancer   http://ADDRESS/v1", f"  kubectl -n default get service {FULLNAME}-onwards-loadbalancer"],
        ),
    ],
    ids=["route", "route-with-tls", "node-port", "service", "load-balancer"],
)
def test_they_show_each_way_in_from_outside(notes: Say, values: dict[str, Any], lines: list[str]) -> None:
    assert "".join(f"  {line}\n" for line in lines) in notes(values)


def test_they_show_each_alias_with_its_group(notes: Say) -> None:
    assert table(notes(quiet(modelAlias=["m", "n"]))) == [["m", "a (vllm)", "100%"], ["n", "a (vllm)", "100%"]]


@pytest.mark.parametrize(
    ("own", "outside", "parts"),
    [
        ({"weight": 3}, {}, ["75%", "25%"]),
        ({}, {"priority": 1}, ["no. 1", "no. 2"]),
        ({"balancing": "perReplica", "replicaCount": 3}, {}, ["75%", "25%"]),
        ({"balancing": "perReplica", "replicaCount": 0}, {"enabled": False}, ["0%"]),
    ],
    ids=["weight", "priority", "replicas", "none"],
)
def test_they_show_how_an_alias_is_shared(
    notes: Say, own: dict[str, Any], outside: dict[str, Any], parts: list[str]
) -> None:
    values = {**quiet(**own), "externalProviders": {"p": {"preset": "openai", "modelAlias": ["m"], **outside}}}
    assert [row[2] for row in table(notes(values))] == parts


def test_a_long_table_is_cut(notes: Say) -> None:
    text = notes(quiet(modelAlias=[f"m{number:02}" for number in range(14)]))
    assert [row[0] for row in table(text)][-2:] == ["m09", "and 4 more, see GET /v1/models"]


def test_they_name_what_is_not_deployed(notes: Say) -> None:
    values = quiet()
    values["modelGroups"]["z"] = {"modelAlias": ["z"], "modelName": "org/z"}
    assert "Not deployed: z (set modelGroups.NAME.enabled: true)" in notes(values)
    assert "Not deployed" not in notes(quiet())


def test_they_name_the_secrets_that_must_exist(notes: Say) -> None:
    token = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}
    maybe = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "maybe", "key": "k", "optional": True}}}
    clients = {"b": {"apiKey": {"name": "s", "key": "b"}}, "a": {"apiKey": {"name": "s", "key": "a"}}}
    text = notes({**quiet(env=[token, maybe]), "onwards": {"clientKeys": clients}})
    assert "  kubectl -n default create secret generic hf --from-literal=token=YOUR-token\n" in text
    assert "  kubectl -n default create secret generic s --from-literal=a=YOUR-a --from-literal=b=YOUR-b\n" in text
    assert "maybe" not in text
    assert "create secret" not in notes({**quiet(), "onwards": {"clientKeys": {"a": {"apiKey": "sk-x"}}}})


@pytest.mark.parametrize(
    ("values", "command"),
    [
        ({"imagePullSecrets": ["regcred"]}, "docker-registry regcred --docker-server=HOST"),
        (quiet(imagePullSecrets=[{"name": "regcred"}]), "docker-registry regcred --docker-server=HOST"),
        (quiet(envFrom=[{"secretRef": {"name": "env"}}]), "generic env --from-env-file=FILE"),
        ({"ingress": {"enabled": True, "tls": [{"secretName": "cert"}]}}, "tls cert --cert=FILE --key=FILE"),
    ],
    ids=["pull", "pull-of-a-group", "env", "tls"],
)
def test_they_name_secrets_of_other_kinds(notes: Say, values: dict[str, Any], command: str) -> None:
    assert f"kubectl -n default create secret {command}" in notes(values)


def test_a_certificate_that_is_issued_need_not_exist(notes: Say) -> None:
    issuer = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    ingress = {"enabled": True, "annotations": issuer, "tls": [{"secretName": "cert"}]}
    assert "create secret" not in notes({"ingress": ingress})


@pytest.mark.parametrize(
    ("key", "secret", "path"),
    [({"name": "s", "key": "a.txt"}, "s", r"a\.txt"), ("sk-x", f"{FULLNAME}-onwards", r"onwards\.clientKeys\.team")],
    ids=["reference", "value"],
)
def test_the_request_has_the_key_of_a_client(notes: Say, key: Any, secret: str, path: str) -> None:
    text = notes({**quiet(), "onwards": {"clientKeys": {"team": {"apiKey": key}}}}).replace("\\\n    ", "")
    assert f"KEY=$(kubectl -n default get secret {secret} -o 'jsonpath={{.data.{path}}}' | base64 -d)\n" in text
    assert 'chat/completions -H "Authorization: Bearer $KEY"' in text


EMBEDDING = (
    {"modelAlias": ["qwen-embed"]},
    {"modelName": "Qwen/Qwen3-Embedding-0.6B"},
    {"modelName": "BAAI/bge-m3"},
    {"args": ["--runner", "pooling"]},
    {"engine": "sglang", "args": ["--is-embedding"]},
)


@pytest.mark.parametrize("fields", EMBEDDING, ids=str)
def test_an_alias_of_embeddings_gets_a_request_for_them(notes: Say, fields: dict[str, Any]) -> None:
    text = notes(quiet(**fields))
    assert "localhost:8080/v1/embeddings" in text
    assert '"input": "Hello"' in text


def test_an_alias_that_chats_is_preferred(notes: Say) -> None:
    values = quiet(modelAlias=["a-embed"])
    values["modelGroups"]["b"] = {**values["modelGroups"]["a"], "modelAlias": ["b"]}
    assert """-d '{"model": "b", "messages":""" in notes(values)


def test_they_say_how_to_watch(notes: Say) -> None:
    watch = "kubectl -n default rollout status deployment{} -l app.kubernetes.io/instance=test-release --timeout="
    assert f"{watch.format('')}40m" in notes(quiet()).replace("\\\n    ", "")
    assert watch.format(",statefulset") in notes(quiet(balancing="perReplica")).replace("\\\n    ", "")


def test_they_fit_a_terminal(helm: Helm, example: Any) -> None:
    lines = helm.notes(ROOT, values=[example]).strip().splitlines()
    assert len(lines) < 30
    assert [line for line in lines if len(line) > 100] == []


def test_the_complete_notes(helm: Helm) -> None:
    assert helm.notes(ROOT, values=[quiet(tag="v1")]).strip().splitlines() == [
        "Base URL of the OpenAI API:",
        f"  in the cluster http://{FULLNAME}-onwards.default/v1",
        "",
        "MODEL                                  SERVED BY                                  SHARE OR ORDER",
        "m                                      a (vllm)                                   100%",
        "",
        "Models are downloaded and loaded first (Helm waits with --wait --timeout 40m). To watch:",
        "  kubectl -n default rollout status deployment -l app.kubernetes.io/instance=test-release \\",
        "    --timeout=40m",
        "",
        "From here:",
        f"  kubectl -n default port-forward service/{FULLNAME}-onwards 8080:80 &",
        "  curl --retry 9 --retry-connrefused http://localhost:8080/v1/models",
        "  curl http://localhost:8080/v1/chat/completions \\",
        "    -H 'Content-Type: application/json' \\",
        """    -d '{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'""",
        "  helm test test-release -n default || \\",
        "    kubectl -n default logs job/test-release-inference-stack-onwards-test",
        "",
        "Please note (docs/warnings.md has more on each):",
        f"- {NO_KEY}",
    ]


@pytest.mark.parametrize("engine", ["vllm", "sglang", "tensorrt-llm"])
def test_an_engine_that_needs_a_gpu_causes_a_warning_without_one(notes: Say, engine: str) -> None:
    assert WARNINGS["no-gpu"].text in warnings(notes(quiet(engine=engine, resources={})))


def test_a_path_that_cannot_be_reached_causes_no_warning(notes: Say) -> None:
    hosts = [{"host": "a.example", "paths": [{"path": "/"}]}]
    closed = {"ingress": {"enabled": False, "hosts": hosts}, "onwards": {"strictMode": False}}
    strict = {"ingress": {"enabled": True, "hosts": hosts}, "onwards": {"strictMode": True}}
    for values in (closed, strict):
        assert "opens more than /v1" not in notes(values)


def test_they_show_how_to_test_every_model(notes: Say) -> None:
    assert "  helm test test-release -n default || \\\n" in notes(quiet())
    assert "helm test" not in notes()


def test_they_show_the_time_a_first_start_needs(notes: Say) -> None:
    assert "--wait --timeout 40m)" in notes(quiet())
    assert "--wait --timeout 70m)" in notes(quiet(engine="triton"))
    assert "--wait --timeout 20m)" in notes(quiet(startupProbe={"periodSeconds": 10, "failureThreshold": 60}))


def test_without_a_group_there_is_no_table_of_models(notes: Say) -> None:
    assert "MODEL" not in notes()


def test_a_pinned_group_on_a_gpu_causes_no_warning(notes: Say) -> None:
    assert warnings(notes(quiet())) == [NO_KEY]


def test_clients_with_keys_cause_no_warning(notes: Say) -> None:
    assert warnings(notes({**quiet(), "onwards": {"clientKeys": {"team": {"apiKey": "sk-x"}}}})) == []


def test_they_show_what_external_providers_serve(notes: Say) -> None:
    text = notes({"externalProviders": {"p": {"preset": "openai", "modelAlias": ["gpt"]}}})
    assert table(text) == [["gpt", "p (outside)", "100%"]]
    assert "--timeout" not in text
    assert "no model group" not in text


@pytest.mark.parametrize("case", WARNINGS.values(), ids=WARNINGS)
def test_risky_values_cause_a_warning(notes: Say, case: Warned) -> None:
    also = [] if case.text == NO_KEY or "clientKeys" in case.values.get("onwards", {}) else [NO_KEY]
    assert warnings(notes(case.values, upgrade=case.upgrade, kube_version=case.kubernetes)) == [
        *case.text.splitlines(),
        *also,
    ]


NOT_RISKY = {
    "llama-cpp-without-gpu": one(engine="llama-cpp", modelName="org/m-GGUF"),
    "llama-cpp-on-two-gpus": quiet(
        engine="llama-cpp", modelName="org/m-GGUF", resources={"limits": {"nvidia.com/gpu": 2}}
    ),
    "whole-number-as-tag": quiet(image="vllm/vllm-openai", tag=20260101),
    "no-surge": quiet(spareGPUs=0, strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
    "no-pods-to-surge": quiet(spareGPUs=0, replicaCount=0),
    "recreated": quiet(spareGPUs=0, strategy={"type": "Recreate"}),
    "all-gpus-in-use": quiet(args=["--tensor-parallel-size", 2, "-pp", 2], resources={"limits": {"nvidia.com/gpu": 4}}),
    "copies-of-the-model": quiet(args=["-tp", 2, "-dp", 2], resources={"limits": {"nvidia.com/gpu": 4}}),
    "ingress-to-every-path-of-a-strict-gateway": {**quiet(), "ingress": {"enabled": True}},
    "cpu-request-below-limit": quiet(resources={"limits": {"cpu": 2, "nvidia.com/gpu": 1}, "requests": {"cpu": 1}}),
    "device-requests-equal-limits": quiet(
        resources={"limits": {"nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": "1"}}
    ),
}


@pytest.mark.parametrize("values", NOT_RISKY.values(), ids=NOT_RISKY)
def test_other_values_cause_no_warning(notes: Say, values: dict[str, Any]) -> None:
    assert warnings(notes(values)) == [NO_KEY]


def test_they_never_show_a_key(notes: Say) -> None:
    assert "sk-secret" not in notes(quiet(apiKey="sk-secret"))


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_has_notes(notes: Say, snippet: Any) -> None:
    text = notes(snippet.values)
    assert all(alias in text for alias in snippet.aliases)
    assert NO_KEY in text


def test_images_of_an_example_are_pinned(notes: Say, example: Any) -> None:
    assert "is latest" not in notes(example)


def test_a_memory_limit_alone_still_warns_of_a_missing_gpu(notes: Say) -> None:
    limits = {"limits": {"memory": "16Gi"}}
    text = notes(
        {"modelGroups": {"m": {"enabled": True, "modelName": "o/m", "modelAlias": ["m"], "resources": limits}}}
    )
    assert "modelGroups.m: it requests no GPU" in text


def test_a_policy_that_admits_prometheus_causes_no_warning(notes: Say) -> None:
    policy: dict[str, Any] = {"metricsFrom": [{"namespaceSelector": {}}]}
    assert warnings(notes({**quiet(), "serviceMonitor": {"enabled": True}, "networkPolicy": policy})) == [NO_KEY]
