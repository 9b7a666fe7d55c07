"""A large model gets the time that its weights need, where nobody says how long it takes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import engine, one
from tests.support import Render

GPUS = {"limits": {"nvidia.com/gpu": 8}}
SECONDS = {
    # the name's billions, and the time that the startup probe allows
    "Qwen/Qwen3-8B": 1800,
    "meta-llama/Llama-3.3-70B-Instruct": 3600,
    "Qwen/Qwen2.5-72B-Instruct-AWQ": 3600,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 1800,
    "mistralai/Mixtral-8x22B-Instruct-v0.1": 3600,
    "Qwen/Qwen3-235B-A22B": 7200,
    "meta-llama/Llama-3.1-405B-Instruct-FP8": 7200,
    "deepseek-ai/DeepSeek-V3.1": 10800,
    "deepseek-ai/DeepSeek-R1": 10800,
    "deepseek-ai/DeepSeek-R1-0528": 10800,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": 1800,
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": 3600,
    "moonshotai/Kimi-K2-Instruct": 10800,
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct": 7200,
    "openai/gpt-oss-120b": 3600,
    "org/model-v2-100beta": 1800,
    "/models/llama-70b/": 3600,
}


def allowed(rendered: Any) -> int:
    probe = engine(rendered)["startupProbe"]
    return int(probe["periodSeconds"] * probe["failureThreshold"])


@pytest.mark.parametrize("model", SECONDS)
def test_the_time_follows_from_the_name(render: Render, model: str) -> None:
    assert allowed(render(one(modelName=model, resources=GPUS))) == SECONDS[model]


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"loadSeconds": 600}, 1800),
        ({"loadSeconds": 5400}, 5400),
        ({"startupProbe": {"failureThreshold": 60}}, 600),
        ({"engine": "tensorrt-llm"}, 3600),
        ({"modelName": "", "args": ["org/a-70b"], "image": "vllm/vllm-openai:v0.30.0"}, 3600),
    ],
    ids=["shorter", "longer", "own-probe", "an-engine-that-has-more", "by-argument"],
)
def test_what_is_said_wins_and_nothing_gets_less(render: Render, fields: dict[str, Any], seconds: int) -> None:
    assert allowed(render(one(**{"modelName": "org/a-70b", "resources": GPUS, **fields}))) == seconds


def test_a_copy_that_gives_up_by_itself_is_told_the_time(render: Render) -> None:
    values = one(modelName="org/a-235b", args=["--data-parallel-size", "2"], resources=GPUS)
    assert {"name": "VLLM_ENGINE_READY_TIMEOUT_S", "value": "7200"} in engine(render(values))["env"]


def test_the_guide_has_the_same_table() -> None:
    text = (ROOT / "docs" / "sizing.md").read_text()
    for each in load((ROOT / "files" / "models.yaml").read_text())["load"]:
        assert f"| {each['billions']} | {each['seconds'] // 60} |" in text
