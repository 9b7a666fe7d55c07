"""Traces: where the gateway sends spans, and whom it tells the context of a trace."""

from __future__ import annotations

from typing import Any

from harness.stack import routes
from tests.chart.accessors import gateway, one
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
