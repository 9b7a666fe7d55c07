"""What vLLM itself counts on CPU of a model's KV cache, and what `inference-stack plan` says of the same config.json.

No pod: vLLM's library in a Python of its own, with random weights. On CPU it is told how much memory its cache has.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.images import real
from harness.run import run
from inference_stack import sizing
from inference_stack.lookup import local
from tests.cluster.conftest import Measured

CONTEXT = 4096
LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "num_hidden_layers": 8,
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "vocab_size": 32000,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "bos_token_id": 1,
    "eos_token_id": 2,
}
PROGRAM = f"""
import sys
from vllm import LLM
LLM(model=sys.argv[1], load_format="dummy", dtype="bfloat16", max_model_len={CONTEXT}, enforce_eager=True)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model without weights, with the demo model's tokenizer."""
    shutil.copytree(real.model() / "tiny", tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (tmp_path / "model" / "config.json").write_text(json.dumps(LLAMA))
    return tmp_path / "model"


def test_vllm_counts_what_plan_says(model: Path, measured: Measured) -> None:
    env = {
        "PYTHONPATH": str(real.packages()),
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CACHE_ROOT": str(model.parent / "cache"),
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "HOME": os.environ["HOME"],
    }
    done = run([sys.executable, "-c", PROGRAM, model], env=env, cwd=model.parent)
    text = done.stdout + done.stderr
    form = r"KV cache size: ([\d,]+) tokens, Maximum concurrency for 4,096 tokens per request: ([\d.]+)x"
    found = re.search(form, text)
    assert found
    said = local("own", model)
    tokens = sizing.longest(said, sizing.GIB)
    at_a_time = sizing.GIB / sizing.request(said, CONTEXT)
    measured("tokens and requests that vLLM says fit in 1 GiB, and plan", (found[1], found[2], tokens, at_a_time))
    assert int(found[1].replace(",", "")) == tokens
    assert float(found[2]) == at_a_time
