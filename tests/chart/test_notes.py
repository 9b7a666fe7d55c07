"""NOTES.txt: how to reach the gateway, what it serves, and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from harness.docs.cases import NO_KEY, WARNINGS, Warned
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


def test_they_show_the_gateway_and_how_to_reach_it(notes: Say) -> None:
    text = notes(quiet())
    assert f"The gateway is {FULLNAME}-onwards.default:80 inside the cluster." in text
    assert f"kubectl -n default port-forward service/{FULLNAME}-onwards 8080:80" in text
    assert """-d '{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'""" in text


def test_they_show_the_port_of_the_service(notes: Say) -> None:
    text = notes({"onwards": {"service": {"port": 8081}}})
    assert "onwards.default:8081 inside" in text
    assert "8080:8081" in text


@pytest.mark.parametrize(
    ("tls", "url"), [([], "http://a.example"), ([{"hosts": ["a.example"]}], "https://a.example")], ids=["plain", "tls"]
)
def test_they_show_the_ingress(notes: Say, tls: list[Any], url: str) -> None:
    values = {"ingress": {"enabled": True, "hosts": [{"host": "a.example", "paths": [{"path": "/"}]}], "tls": tls}}
    assert f"From outside: {url}\n" in notes(values)


@pytest.mark.parametrize("hosts", [[], [{}], [{"paths": [{"path": "/v1"}]}], [{"host": None}]])
def test_they_show_how_to_find_the_address_of_an_ingress_without_a_host(notes: Say, hosts: list[Any]) -> None:
    text = notes({"ingress": {"enabled": True, "hosts": hosts}})
    shown = "http://ADDRESS, as kubectl -n default get ingress test-release-inference-stack shows it"
    assert f"From outside: {shown}\n" in text


def test_they_show_each_alias_with_its_group(notes: Say) -> None:
    text = notes(quiet(modelAlias=["m", "n"], tag="v1"))
    rows = [line.split() for line in text.splitlines() if "vllm/vllm-openai" in line]
    assert rows == [[alias, "a", "vllm", "vllm/vllm-openai:v1"] for alias in ("m", "n")]
    assert "MODEL                                    SERVED BY                  ENGINE         IMAGE\nm " in text


def test_the_complete_notes(notes: Say) -> None:
    assert [line for line in notes(quiet(tag="v1")).splitlines() if line] == [
        f"The gateway is {FULLNAME}-onwards.default:80 inside the cluster.",
        "From here:",
        f"  kubectl -n default port-forward service/{FULLNAME}-onwards 8080:80",
        "  curl http://localhost:8080/v1/models",
        "  curl http://localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \\",
        """    -d '{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}'""",
        "MODEL                                    SERVED BY                  ENGINE         IMAGE",
        "m                                        a                          vllm           vllm/vllm-openai:v1",
        "Once they are ready, helm test test-release -n default --logs sends a request to every model.",
        "The first start downloads and loads the models; to wait for it, pass --wait --timeout 40m.",
        "Please note:",
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
    line = "Once they are ready, helm test test-release -n default --logs sends a request to every model."
    assert line in notes(quiet())
    assert "helm test" not in notes()


def test_they_show_the_time_a_first_start_needs(notes: Say) -> None:
    assert "--wait --timeout 40m." in notes(quiet())
    assert "--wait --timeout 70m." in notes(quiet(engine="triton"))
    assert "--wait --timeout 20m." in notes(quiet(startupProbe={"periodSeconds": 10, "failureThreshold": 60}))


def test_without_a_group_there_is_no_table_of_models(notes: Say) -> None:
    assert "MODEL" not in notes()


def test_a_pinned_group_on_a_gpu_causes_no_warning(notes: Say) -> None:
    assert warnings(notes(quiet())) == [NO_KEY]


def test_clients_with_keys_cause_no_warning(notes: Say) -> None:
    assert warnings(notes({**quiet(), "onwards": {"clientKeys": {"team": {"apiKey": "sk-x"}}}})) == []


def test_they_show_what_external_providers_serve(notes: Say) -> None:
    text = notes({"externalProviders": {"p": {"preset": "openai", "modelAlias": ["gpt"]}}})
    assert [line.split() for line in text.splitlines() if "api.openai.com" in line] == [
        ["gpt", "p", "external", "https://api.openai.com/v1"]
    ]
    assert "--timeout" not in text
    assert "no model group" not in text


@pytest.mark.parametrize("case", WARNINGS.values(), ids=WARNINGS)
def test_risky_values_cause_a_warning(notes: Say, case: Warned) -> None:
    also = [] if case.text == NO_KEY or "clientKeys" in case.values.get("onwards", {}) else [NO_KEY]
    assert warnings(notes(case.values)) == [*case.text.splitlines(), *also]


NOT_RISKY = {
    "llama-cpp-without-gpu": one(engine="llama-cpp"),
    "llama-cpp-on-two-gpus": quiet(engine="llama-cpp", resources={"limits": {"nvidia.com/gpu": 2}}),
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
