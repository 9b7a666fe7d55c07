"""Traces: where the gateway sends spans, and whom it tells the context of a trace."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import container
from harness.stack import routes
from tests.chart.accessors import FULLNAME, deployment, gateway, one
from tests.support import Render

ON: dict[str, Any] = {"tracing": {"endpoint": "http://collector:4318", "sampleRatio": 0.25}}
OUTSIDE = {"outside": {"enabled": True, "url": "https://a.example/v1", "modelAlias": ["outside"]}}


def variables(render: Render, **values: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in gateway(render({**one(), **values})).get("env", ())}


def test_nothing_is_traced_unless_there_is_a_collector(render: Render) -> None:
    assert not [name for name in variables(render) if name.startswith("OTEL_")]
    assert "propagate_trace_context" not in str(routes(render(one())))


def test_the_gateway_sends_its_spans_to_the_collector(render: Render) -> None:
    assert variables(render, **ON) == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_SERVICE_NAME": "test-release-inference-stack-onwards",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.25",
    }


def test_the_users_variables_win(render: Render) -> None:
    own = {"env": [{"name": "OTEL_SERVICE_NAME", "value": "mine"}, {"name": "RUST_LOG", "value": "warn"}]}
    found = variables(render, **ON, onwards=own)
    assert (found["OTEL_SERVICE_NAME"], found["RUST_LOG"]) == ("mine", "warn")
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"


def test_engines_get_the_context_and_providers_outside_do_not(render: Render) -> None:
    targets = routes(render({**one(), **ON, "externalProviders": OUTSIDE}))["targets"]
    told = {alias: [each["propagate_trace_context"] for each in pool["providers"]] for alias, pool in targets.items()}
    assert told == {"m": [True], "outside": [False]}


VLLM: dict[str, Any] = {"image": "vllm/vllm-openai", "tag": "v0.32.0"}
ADDRESS = "http://collector:4318/v1/traces"
ENGINE_ENV = {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_SERVICE_NAME": f"{FULLNAME}-a"}


def spans(render: Render, fields: dict[str, Any], **values: Any) -> tuple[str, dict[str, str]]:
    """Where the engine sends its spans, and the variables of its exporter."""
    found = container(deployment(render({**one(**fields), **ON, **values})))
    words = [*found.get("args", ()), "--otlp-traces-endpoint", ""]
    variables = {each["name"]: each["value"] for each in found.get("env", ()) if each["name"].startswith("OTEL_")}
    return words[words.index("--otlp-traces-endpoint") + 1], variables


def test_an_engine_that_is_known_to_sends_its_spans_to_the_same_collector(render: Render) -> None:
    assert spans(render, VLLM) == (ADDRESS, ENGINE_ENV)
    assert spans(render, {"image": "mine/vllm", "engineVersion": "0.18.0"}) == (ADDRESS, ENGINE_ENV)
    slash = {"tracing": {"endpoint": "http://collector:4318/"}}
    assert spans(render, VLLM, **slash)[0] == ADDRESS


@pytest.mark.parametrize("tag", ["v0.5.10", "v0.5.21-cu130", "v0.5.10.post1-cu129", "v0.5.21-cu130-runtime"])
def test_sglang_sends_its_spans_where_its_image_has_the_extra(render: Render, tag: str) -> None:
    fields = {"image": "lmsysorg/sglang", "tag": tag}
    assert spans(render, fields) == (ADDRESS, ENGINE_ENV)
    assert "--enable-trace" in container(deployment(render({**one(**fields), **ON})))["args"]


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({**VLLM, "tag": "v0.17.0"}, {}),
        ({"image": "mine/vllm", "tag": "v0.32.0"}, {}),
        ({"engine": "llama-cpp"}, {}),
        ({"image": "lmsysorg/sglang", "tag": "v0.5.9-cu130"}, {}),
        ({"image": "lmsysorg/sglang", "tag": "v0.5.21-xeon"}, {}),
        ({"image": "lmsysorg/sglang", "tag": "v0.5.21-rocm700-mi35x"}, {}),
        ({"image": "mine/sglang", "engineVersion": "0.5.21"}, {}),
        ({**VLLM, "command": ["bash", "-c", "vllm serve org/m"]}, {}),
        (VLLM, {"tracing": {**ON["tracing"], "engines": False}}),
        (VLLM, {"tracing": {"endpoint": ""}}),
    ],
    ids=["older", "image", "engine", "sglang-older", "xeon", "rocm", "sglang-image", "script", "off", "none"],
)
def test_any_other_sends_none(render: Render, fields: dict[str, Any], values: dict[str, Any]) -> None:
    assert spans(render, fields, **values) == ("", {})


def test_the_users_option_and_variables_win(render: Render) -> None:
    own = ["--otlp-traces-endpoint", "grpc://mine:4317"]
    assert spans(render, {**VLLM, "args": own}) == (own[1], {})
    named = spans(render, {**VLLM, "env": [{"name": "OTEL_SERVICE_NAME", "value": "mine"}]})
    assert named == (ADDRESS, {**ENGINE_ENV, "OTEL_SERVICE_NAME": "mine"})
