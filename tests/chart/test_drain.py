"""How pods of the gateway and of engines terminate: each has time to finish its longest answer."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object, pod_spec
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, command_line, engine, gateway, one, pod
from tests.support import Render

HOOK = {"preStop": {"exec": {"command": ["true"]}}}


def gateway_pod(render: Render, **onwards: Any) -> Object:
    return pod_spec(render({"onwards": onwards})["Deployment", f"{FULLNAME}-onwards"])


def test_drain_seconds_set_the_gateways_hook_and_grace_period(render: Render) -> None:
    spec = gateway_pod(render, drainSeconds=100)
    command = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:2] == ["bash", "-c"]
    assert command[3:] == ["drain", "9090", "onwards_requests_inflight", "5", "200", ""]
    assert spec["terminationGracePeriodSeconds"] == 220
    assert spec["shareProcessNamespace"] is True


def test_the_gateways_hook_is_the_two_scripts(render: Render) -> None:
    script = gateway_pod(render)["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][2]
    parts = [(ROOT / "files" / name).read_text().strip() for name in ("onwards/send-clients-away.sh", "drain.sh")]
    assert script.strip().splitlines() == "\n".join(parts).splitlines()


def test_a_hook_of_the_user_replaces_the_charts(render: Render) -> None:
    assert gateway_pod(render, lifecycle=HOOK)["containers"][0]["lifecycle"] == HOOK
    assert engine(render(one(lifecycle=HOOK)))["lifecycle"] == HOOK


def test_a_gateway_that_hangs_has_a_short_grace_period(render: Render) -> None:
    assert gateway(render(one()))["livenessProbe"]["terminationGracePeriodSeconds"] == 10


@pytest.mark.parametrize("name", ["vllm", "sglang", "tensorrt-llm", "triton", "custom"])
def test_an_engine_waits_until_no_new_requests_reach_it(render: Render, name: str) -> None:
    fields = {"engine": name, "image": "x:1", "drainSeconds": 100}
    rendered = render(one(**fields))
    assert engine(rendered)["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}
    assert pod(rendered)["terminationGracePeriodSeconds"] == 140
    older = engine(render(one(**fields), kube_version="1.29.0"))["lifecycle"]
    assert older == {"preStop": {"exec": {"command": ["sleep", "10"]}}}


def test_the_hook_of_an_engine_that_would_cut_its_answers_polls_until_it_is_idle(render: Render) -> None:
    command = engine(render(one(engine="llama-cpp", drainSeconds=100)))["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:2] == ["bash", "-c"]
    assert command[2].strip() == (ROOT / "files" / "drain.sh").read_text().strip()
    assert command[3:] == ["drain", "8000", "llamacpp:requests_processing", "10", "100", "LLAMA_API_KEY"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"image": "vllm/vllm-openai:v0.18.0"}, True),
        ({"image": "vllm/vllm-openai:v0.18.1-cu129"}, True),
        ({"image": "vllm/vllm-openai", "tag": "latest"}, True),
        ({"image": "registry:5000/vllm"}, True),
        ({"image": "vllm/vllm-openai:v0.17.9"}, False),
        ({"image": "vllm/vllm-openai", "tag": "v0.8.5.post1"}, False),
        ({"image": {"repository": "vllm/vllm-openai", "tag": "0.9.1"}}, False),
        ({"args": ["--shutdown-timeout=5"]}, False),
    ],
    ids=str,
)
def test_the_shutdown_timeout_is_set_for_a_vllm_that_has_the_flag(
    render: Render, fields: dict[str, Any], expected: bool
) -> None:
    line = command_line(render(one(drainSeconds=77, **fields)))
    assert (line[-2:] == ["--shutdown-timeout", "77"]) is expected


KEYED = {
    "vllm": ("VLLM_API_KEY", []),
    "sglang": ("SGLANG_API_KEY", ["--api-key=$(SGLANG_API_KEY)"]),
    "llama-cpp": ("LLAMA_API_KEY", []),
}


@pytest.mark.parametrize("name", KEYED)
def test_an_engine_is_configured_with_its_key(render: Render, name: str) -> None:
    variable, flags = KEYED[name]
    rendered = render(one(engine=name, apiKey={"name": "s", "key": "k"}))
    assert {"name": variable, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}} in engine(rendered)["env"]
    assert [word for word in command_line(rendered) if "api-key" in word] == flags
    literal = render(one(engine=name, apiKey="sk"))
    secret = {"name": f"{FULLNAME}-onwards", "key": "modelGroups.a"}
    assert {"name": variable, "valueFrom": {"secretKeyRef": secret}} in engine(literal)["env"]


def test_a_changed_literal_key_restarts_the_engine(render: Render) -> None:
    def annotations(key: str) -> object:
        return render(one(apiKey=key))["Deployment", f"{FULLNAME}-a"]["spec"]["template"]["metadata"]["annotations"]

    assert annotations("one") != annotations("two")


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [{"name": "VLLM_API_KEY", "value": "own"}]},
        {"args": ["--api-key", "own"]},
        {"engine": "tensorrt-llm"},
    ],
    ids=["variable", "flag", "no-key"],
)
def test_no_key_is_set_for_an_engine_that_has_one_or_supports_none(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(one(apiKey={"name": "s", "key": "k"}, **fields))
    assert [e for e in engine(rendered).get("env", ()) if "valueFrom" in e] == []
