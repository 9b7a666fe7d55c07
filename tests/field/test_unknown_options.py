"""Options that the parser of an engine's exact version does not know."""

from __future__ import annotations

from typing import Any

import pytest

from harness.presets import images
from tests.chart.accessors import command_line, one
from tests.support import Render, Say

SGLANG = f"lmsysorg/sglang:{images()['sglang'].tag}"
KNOWN = f"vllm/vllm-openai:{images()['vllm'].tag}"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "misspelt": ({"args": ["--max-modl-len", "8192"]}, "did you mean --max-model-len?"),
    "with-a-value": ({"args": ["--max-modl-len=8192"]}, "did you mean --max-model-len?"),
    "underscores": ({"args": ["--max_modl_len", "8192"]}, "did you mean --max-model-len?"),
    "in-a-command": ({"command": ["vllm", "serve", "org/m", "--max-modl-len", "1"]}, "modelGroups.a.command: vllm"),
    "in-a-map": ({"engineArgs": {"max-modl-len": 1}}, "max-model-len: VALUE"),
    "far-from-any": ({"args": ["--frobnicate"]}, "has no option --frobnicate"),
    "said-version": (
        {"image": "mine:1", "engine": "vllm", "engineVersion": "0.32.0", "args": ["--frobnicate"]},
        "0.32.0",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "known": {"args": ["--max-model-len", "8192"]},
    "abbreviated": {"args": ["--max-model", "8192"]},
    "turned-off": {"args": ["--no-enable-prefix-caching"]},
    "field": {"args": ["--compilation-config.mode", "3"]},
    "short": {"args": ["-tp", "1", "-O3"]},
    "of-a-launcher": {"command": ["numactl", "--membind=0", "vllm", "serve", "org/m"]},
    "another-version": {"image": "vllm/vllm-openai:v0.20.0", "args": ["--frobnicate"]},
    "unknown-version": {"image": "mine:1", "command": ["vllm", "serve", "org/m", "--frobnicate"]},
    "script": {"command": ["sh", "-c", "vllm serve org/m --frobnicate"]},
    "another-parser": {"image": SGLANG, "args": ["--ring-degree", "2"]},
    "omni": {"args": ["--omni", "--stage-configs-path", "/stages.yaml"]},
    "said-parser": {"image": SGLANG, "args": ["--model-type", "diffusion", "--frobnicate"]},
    "part-of-a-model": {
        "image": SGLANG,
        "modelName": "Wan-AI/Wan2.1-T2V-14B-Diffusers",
        "args": ["--vae-path", "/models/vae", "--component-paths.text_encoder", "/models/encoder"],
    },
    "value": {"args": ["--override-generation-config", '{"--frobnicate": 1}']},
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=REFUSED)
def test_one_that_would_stop_the_engine_is_refused(refusal: Say, fields: dict[str, Any], words: str) -> None:
    assert words in refusal(one(**{"image": KNOWN, **fields})).replace("\n", " ")


@pytest.mark.parametrize("fields", ACCEPTED.values(), ids=ACCEPTED)
def test_others_are_the_engines_to_judge(render: Render, fields: dict[str, Any]) -> None:
    assert command_line(render(one(**{"image": KNOWN, **fields})))
