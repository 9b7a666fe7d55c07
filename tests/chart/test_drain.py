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
    assert command[3:] == ["drain", "9090", "/metrics", "5", "200", "", "onwards_requests_inflight?"]
    assert spec["containers"][0]["args"][-4:] == ["--shutdown-delay-secs", "0", "--shutdown-timeout-secs", "100"]
    assert spec["terminationGracePeriodSeconds"] == 220
    assert "shareProcessNamespace" not in spec


def test_the_gateways_hook_is_the_two_scripts(render: Render) -> None:
    script = gateway_pod(render)["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][2]
    names = ("onwards/config.sh", "onwards/send-clients-away.sh", "drain.sh")
    assert script == "".join((ROOT / "files" / name).read_text() for name in names)


@pytest.mark.parametrize(
    ("lifecycle", "grace"),
    [
        (HOOK, 10 + 100 + 20),
        ({"preStop": {"sleep": {"seconds": 300}}}, 300 + 10 + 100 + 20),
        ({"preStop": {"exec": {"command": ["sh", "-c", "sleep 30 && x && sleep 15"]}}}, 45 + 10 + 100 + 20),
        ({"postStart": HOOK["preStop"]}, 2 * 100 + 20),
    ],
    ids=["exec", "sleep", "script", "postStart"],
)
def test_the_gateway_drains_by_itself_behind_a_hook_of_the_user(
    render: Render, lifecycle: dict[str, Any], grace: int
) -> None:
    spec = gateway_pod(render, drainSeconds=100, lifecycle=lifecycle)
    own = "preStop" in lifecycle
    args = ["--shutdown-delay-secs", "10" if own else "0", "--shutdown-timeout-secs", "100"]
    assert spec["containers"][0]["args"][-4:] == args
    assert spec["terminationGracePeriodSeconds"] == grace


@pytest.mark.parametrize(
    "fields",
    [
        {"extraArgs": ["--shutdown-timeout-secs", 900, "--shutdown-delay-secs=30"]},
        {
            "env": [
                {"name": "ONWARDS_SHUTDOWN_TIMEOUT_SECS", "value": 900},
                {"name": "ONWARDS_SHUTDOWN_DELAY_SECS", "value": "30"},
            ]
        },
    ],
    ids=["options", "variables"],
)
def test_a_drain_that_the_user_configures_is_left_alone(render: Render, fields: dict[str, Any]) -> None:
    spec = gateway_pod(render, drainSeconds=100, **fields)
    args = spec["containers"][0]["args"]
    assert sum("shutdown" in word for word in args) == (2 if "extraArgs" in fields else 0)
    assert spec["terminationGracePeriodSeconds"] == 30 + 900 + 20


def test_the_gateways_own_drain_takes_a_second_at_least(render: Render) -> None:
    assert gateway_pod(render, drainSeconds=0)["containers"][0]["args"][-1] == "1"


def test_each_hook_of_the_user_replaces_one_of_the_charts(render: Render) -> None:
    assert gateway_pod(render, lifecycle=HOOK)["containers"][0]["lifecycle"] == HOOK
    assert engine(render(one(lifecycle=HOOK)))["lifecycle"] == HOOK
    start = {"postStart": {"exec": {"command": ["true"]}}}
    for container, plain in (
        (gateway_pod(render, lifecycle=start)["containers"][0], gateway_pod(render)["containers"][0]),
        (engine(render(one(lifecycle=start))), engine(render(one()))),
    ):
        assert container["lifecycle"] == {**start, **plain["lifecycle"]}


def test_a_gateway_that_hangs_has_a_short_grace_period(render: Render) -> None:
    assert gateway(render(one()))["livenessProbe"]["terminationGracePeriodSeconds"] == 10


@pytest.mark.parametrize("name", ["tensorrt-llm", "triton", "custom"])
def test_an_engine_without_a_gauge_waits_until_no_new_requests_reach_it(render: Render, name: str) -> None:
    fields = {"engine": name, "image": "x:1", "drainSeconds": 100}
    rendered = render(one(**fields))
    assert engine(rendered)["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}
    assert pod(rendered)["terminationGracePeriodSeconds"] == 140
    older = engine(render(one(**fields), kube_version="1.29.0"))["lifecycle"]
    assert older == {"preStop": {"exec": {"command": ["sleep", "10"]}}}


GAUGES = {
    "vllm": ("VLLM_API_KEY", ["vllm:num_requests_running", "vllm:num_requests_waiting"]),
    "sglang": ("SGLANG_API_KEY", ["sglang:num_running_reqs", "sglang:num_queue_reqs"]),
    "llama-cpp": ("LLAMA_API_KEY", ["llamacpp:requests_processing", "llamacpp:requests_deferred"]),
}


def hook(render: Render, **fields: Any) -> list[str]:
    lifecycle = engine(render(one(**fields)))["lifecycle"]["preStop"]
    return [str(word) for word in lifecycle["exec"]["command"]] if "exec" in lifecycle else []


@pytest.mark.parametrize("name", GAUGES)
def test_the_hook_of_an_engine_with_gauges_polls_them_until_it_is_idle(render: Render, name: str) -> None:
    variable, gauges = GAUGES[name]
    command = hook(render, engine=name, image="x:1", drainSeconds=100, args=["--port", "9000"])
    assert command[:2] == ["bash", "-c"]
    assert command[2] == (ROOT / "files" / "drain.sh").read_text()
    assert command[3:] == ["drain", "9000", "/metrics", "10", "100", variable, *gauges]
    assert pod(render(one(engine=name, image="x:1", drainSeconds=100)))["terminationGracePeriodSeconds"] == 140


def test_the_hook_reads_the_metrics_where_they_are_and_with_their_key(render: Render) -> None:
    env = [{"name": "MINE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    command = hook(render, engine="llama-cpp", metricsPath="/x", args=["--api-key", "$(MINE)"], env=env)
    assert command[5] == "/x"
    assert command[8] == "MINE"


@pytest.mark.parametrize(
    ("fields", "polls"),
    [
        ({"args": ["--disable-log-stats"]}, False),
        ({"command": ["sh", "-c", "vllm serve m"]}, True),
        ({"command": ["sh", "-c", "vllm serve m --disable-log-stats"]}, False),
        ({"engine": "sglang", "command": ["sh", "-c", "python3 -m sglang.launch_server"]}, False),
        ({"engine": "sglang", "command": ["sh", "-c", "python3 -m sglang.launch_server --enable-metrics"]}, True),
    ],
    ids=str,
)
def test_gauges_are_polled_where_the_command_has_them(render: Render, fields: dict[str, Any], polls: bool) -> None:
    assert bool(hook(render, **fields)) is polls


@pytest.mark.parametrize(
    ("fields", "grace"),
    [
        ({"args": ["--shutdown-timeout", 600]}, 10 + 100 + 600 + 30),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": 60}}}}, 60 + 100 + 30),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": 60}}}, "args": ["--shutdown-timeout=5"]}, 60 + 5 + 30),
        ({"engine": "triton", "args": ["--exit-timeout-secs=300"]}, 10 + 300 + 30),
        ({"lifecycle": {"postStart": {"sleep": {"seconds": 60}}}}, 10 + 100 + 30),
    ],
    ids=["flag", "hook", "both", "triton", "postStart"],
)
def test_the_grace_period_is_what_really_runs(render: Render, fields: dict[str, Any], grace: int) -> None:
    assert pod(render(one(drainSeconds=100, **fields)))["terminationGracePeriodSeconds"] == grace


def test_no_engine_needs_a_flag_to_drain(render: Render) -> None:
    assert not any("shutdown" in word for word in command_line(render(one())))


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

    assert annotations("sk-0123456789-one") != annotations("sk-0123456789-two")


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
