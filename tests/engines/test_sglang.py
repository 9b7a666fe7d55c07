"""SGLang's own server on CPU, with a stand-in for its kernels, in a pod as the chart renders it, restricted."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client import Client
from harness.images.real.sglang import VERSION
from harness.kubectl import Kubectl
from tests.cluster.answers import QUESTION
from tests.cluster.conftest import Installed, Measured
from tests.engines import collector
from tests.engines.checks import (
    blanks,
    check_answers,
    check_drain,
    check_json,
    check_key,
    check_metrics,
    check_restricted,
    check_tools,
    check_trace,
)
from tests.engines.conftest import InstallEngine

IMAGE = "lmsysorg/sglang"
TAG = f"v{VERSION}-xeon"
KEY = "sk-made-up-for-the-engine"
OPTIONS = [
    *("--device", "cpu", "--attention-backend", "torch_native", "--dtype", "float32"),
    *("--disable-overlap-schedule", "--skip-server-warmup", "--max-total-tokens", "4096"),
]
TOOLS = ["--tool-call-parser", "qwen25"]
FORMS = ["--constrained-json-disable-any-whitespace"]  # as the tiny model begins its JSON with spaces, and goes on
SPANS = ["--enable-trace", "--otlp-traces-endpoint", f"{collector.ADDRESS}/v1/traces"]
VALUES: dict[str, Any] = {
    "tracing": {"endpoint": collector.ADDRESS, "sampleRatio": 0},
    "modelGroups": {
        "chat": {
            "enabled": True,
            "image": IMAGE,
            "tag": TAG,
            "modelName": "/models/tiny",
            "modelAlias": ["chat", "gpt-4o"],
            "apiKey": {"name": "engine-keys", "key": "chat"},
            "args": [*OPTIONS, *FORMS, *TOOLS, *SPANS],
            "env": [
                {"name": "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "value": "http/protobuf"},
                {"name": "OTEL_SERVICE_NAME", "value": "t-inference-stack-chat"},
            ],
            "hub": {"offline": True},
            "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}, "limits": {"memory": "8Gi"}},
            "drainSeconds": 60,
        }
    },
}


@pytest.fixture(scope="module")
def installed(install_engine: InstallEngine) -> Installed:
    return install_engine(f"{IMAGE}:{TAG}", VALUES, KEY)


def test_it_runs_as_no_user_of_its_own_and_writes_nothing_to_its_image(kubectl: Kubectl) -> None:
    check_restricted(kubectl)


@pytest.mark.parametrize("alias", ["chat", "gpt-4o"])
def test_an_alias_answers_and_streams(client: Client, alias: str) -> None:
    check_answers(client, alias)


def test_an_answer_has_the_form_of_a_schema(client: Client) -> None:
    check_json(client)


def test_a_function_is_called(client: Client) -> None:
    check_tools(client, parallel_tool_calls=False, logit_bias=blanks(), max_tokens=256)


def test_a_sampled_request_is_one_trace_through_gateway_and_engine(client: Client, kubectl: Kubectl) -> None:
    check_trace(client, kubectl)


def test_it_requires_the_key_that_the_gateway_sends(door: str) -> None:
    check_key(door, KEY)


def test_its_metrics_have_the_names_that_the_chart_reads(door: str, client: Client, measured: Measured) -> None:
    client.chat("chat", QUESTION)
    check_metrics(door, "sglang", measured)


def test_a_terminating_engine_finishes_its_streams(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    check_drain(kubectl, client, measured)
