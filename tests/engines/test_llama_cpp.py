"""llama.cpp's own server with the demo model, in a pod as the chart renders it, restricted and read-only."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client import Client
from harness.kubectl import Kubectl
from harness.presets import images
from tests.cluster.answers import QUESTION
from tests.cluster.conftest import Installed, Measured
from tests.engines.checks import (
    check_answers,
    check_drain,
    check_embeddings,
    check_json,
    check_key,
    check_metrics,
    check_restricted,
    check_tools,
)
from tests.engines.conftest import InstallEngine

KEY = "sk-made-up-for-the-engine"
LONG = 5_000
"""Tokens of a stream that takes longer than the wait until its pod is out of its Service: the model is quick."""
TEMPLATE = """
{%- for message in messages %}
    {{- '<|' + ('assistant' if message.role == 'assistant' else 'user') + '|>' + (message.content or '') }}
    {%- for call in message.tool_calls or [] %}
        {{- '{"name": "' + call.function.name + '", "arguments": ' + (call.function.arguments | tojson) + '}' }}
    {%- endfor %}
    {{- '<|end|>' }}
{%- endfor %}
{%- for tool in tools or [] %}{{- tool.function.name }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}
"""
"""The model's own knows no functions, and those that do write more than the 512 tokens of its context."""
MODEL = {"enabled": True, "engine": "llama-cpp", "modelName": "/models/tiny.gguf", "drainSeconds": 120}
VALUES: dict[str, Any] = {
    "modelGroups": {
        "chat": {
            **MODEL,
            "modelAlias": ["chat", "gpt-4o"],
            "apiKey": {"name": "engine-keys", "key": "chat"},
            "args": ["--context-shift", "--chat-template-file", "/templates/chat.jinja"],
            "files": {"/templates/chat.jinja": TEMPLATE},
        },
        "embed": {**MODEL, "modelAlias": ["embed", "embed-too"], "args": ["--embeddings", "--pooling", "mean"]},
    }
}


@pytest.fixture(scope="module")
def installed(install_engine: InstallEngine) -> Installed:
    return install_engine(str(images()["llama-cpp"]), VALUES, KEY)


def test_it_runs_as_no_user_of_its_own_and_writes_nothing_to_its_image(kubectl: Kubectl) -> None:
    check_restricted(kubectl)


@pytest.mark.parametrize("alias", ["chat", "gpt-4o"])
def test_an_alias_answers_and_streams(client: Client, alias: str) -> None:
    check_answers(client, alias)


def test_an_answer_has_the_asked_form(client: Client) -> None:
    check_json(client)


def test_it_calls_a_function(client: Client) -> None:
    # llama.cpp lets any text stand before a call, also where one is required: the bias begins the call at once.
    check_tools(client, parallel_tool_calls=False, logit_bias={"{": 20})


def test_an_alias_gives_embeddings(client: Client) -> None:
    check_embeddings(client, "embed", "embed-too")


def test_it_requires_the_key_that_the_gateway_sends(door: str) -> None:
    check_key(door, KEY)


def test_its_metrics_have_the_names_that_the_chart_reads(door: str, client: Client, measured: Measured) -> None:
    client.chat("chat", QUESTION)
    check_metrics(door, "llama-cpp", measured, KEY)


def test_a_terminating_engine_finishes_its_streams(kubectl: Kubectl, client: Client, measured: Measured) -> None:
    check_drain(kubectl, client, measured, LONG)
