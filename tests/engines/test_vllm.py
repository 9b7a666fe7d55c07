"""vLLM itself on CPU, in a pod as the chart renders it, restricted and read-only; the model is a tiny one."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from harness.bench.starts import initialised
from harness.client import Client
from harness.images import real
from harness.kubectl import Kubectl
from inference_stack.plan import Options, plan
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
    engine_pod,
)
from tests.engines.conftest import InstallEngine

IMAGE = "vllm/vllm-openai-cpu"
TAG = "v0.32.0"
KEY = "sk-made-up-for-the-engine"
ENGINE: dict[str, Any] = {
    "enabled": True,
    "image": IMAGE,
    "tag": TAG,
    "modelName": "/models/tiny",
    "env": [{"name": "VLLM_CPU_KVCACHE_SPACE", "value": "1"}, {"name": "HF_HUB_OFFLINE", "value": "1"}],
    "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}, "limits": {"memory": "7Gi"}},
    "drainSeconds": 60,
}
OPTIONS = ["--dtype", "float32", "--max-model-len", "256", "--enforce-eager"]
# Without it the tiny model begins its JSON with spaces, and goes on with them.
FORMS = ["--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}']
TOOLS = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]
VALUES: dict[str, Any] = {
    "modelGroups": {
        "chat": {
            **ENGINE,
            "modelAlias": ["chat", "gpt-4o", "sql"],
            "apiKey": {"name": "engine-keys", "key": "chat"},
            "args": [
                *OPTIONS,
                *FORMS,
                *TOOLS,
                "--logging-config.formatter",
                "json",
                "--enable-lora",
                "--max-lora-rank",
                "8",
                "--lora-modules",
                "sql=/models/adapter",
            ],
            "persistentVolumes": [{"name": "cache", "size": "2Gi", "mountPath": "/cache"}],
        },
    },
    "tracing": {"endpoint": collector.ADDRESS, "sampleRatio": 0},
}


@pytest.fixture(scope="module")
def installed(install_engine: InstallEngine) -> Installed:
    return install_engine(f"{IMAGE}:{TAG}", VALUES, KEY)


def log(kubectl: Kubectl) -> str:
    return kubectl.run("logs", engine_pod(kubectl)["metadata"]["name"], "-c", "chat").stdout


def test_it_runs_as_no_user_of_its_own_and_writes_nothing_to_its_image(kubectl: Kubectl) -> None:
    check_restricted(kubectl)


@pytest.mark.parametrize("alias", ["chat", "gpt-4o"])
def test_an_alias_answers_and_streams(client: Client, alias: str) -> None:
    check_answers(client, alias)


def test_an_adapter_answers_otherwise_than_its_base(client: Client) -> None:
    assert client.chat("sql", QUESTION, max_tokens=16) not in ("", client.chat("chat", QUESTION, max_tokens=16))


def test_an_answer_has_the_asked_form(client: Client) -> None:
    choices = ["a cluster", "a machine"]
    body = {
        "model": "chat",
        "messages": [{"role": "user", "content": QUESTION}],
        "structured_outputs": {"choice": choices},
        "max_tokens": 64,
    }
    answer = httpx.post(f"{client.url}/v1/chat/completions", json=body, timeout=60)
    assert answer.json()["choices"][0]["message"]["content"] in choices


def test_an_answer_has_the_form_of_a_schema(client: Client) -> None:
    check_json(client)


def test_a_function_is_called(client: Client) -> None:
    check_tools(client, logit_bias=blanks())


def test_a_sampled_request_is_one_trace_through_gateway_and_engine(client: Client, kubectl: Kubectl) -> None:
    check_trace(client, kubectl)


def test_its_log_is_json_and_has_no_prompt(kubectl: Kubectl) -> None:
    lines = log(kubectl).splitlines()
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    assert any("/v1/chat/completions" in each["message"] for each in objects)
    assert [line for line in lines if re.match(r"(\(\w+ pid=\d+\) )?(INFO|WARNING|ERROR)\b", line)] == []
    assert [line for line in lines if QUESTION in line] == []


def test_it_requires_the_key_that_the_gateway_sends(door: str) -> None:
    check_key(door, KEY)


def test_its_metrics_have_the_names_that_the_chart_reads(door: str, client: Client, measured: Measured) -> None:
    client.chat("chat", QUESTION)
    check_metrics(door, "vllm", measured)


def test_its_cache_holds_as_many_tokens_as_plan_says(
    kubectl: Kubectl, installed: Installed, measured: Measured
) -> None:
    """`inference-stack plan` reads the rendered command; vLLM counts whole blocks."""
    found = re.search(r"KV cache size: ([\d,]+) tokens", log(kubectl))
    assert found
    tokens = int(found[1].replace(",", ""))
    files = {str(ENGINE["modelName"]): real.model() / "tiny"}
    (verdict,) = plan(list(installed.manifests), Options(models=files)).verdicts
    said = int(verdict.figures["longest request"].value)
    measured("tokens that vLLM says fit in 1 GiB, and plan", (tokens, said))
    assert verdict.answer == "yes"
    assert 0.99 * said <= tokens <= said


def test_a_terminating_engine_finishes_its_streams(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    measured("seconds to initialise the engine", initialised(log(kubectl)))
    check_drain(kubectl, client, measured)


def test_its_successor_starts_with_what_is_cached(kubectl: Kubectl, measured: Measured) -> None:
    kubectl.run("rollout", "status", "deployment/t-inference-stack-chat", "--timeout=240s")
    measured("seconds to initialise the engine again", initialised(log(kubectl)))
