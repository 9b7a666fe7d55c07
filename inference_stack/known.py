"""Sizes that need no network: configurations of known models, and the memory of known devices."""

from __future__ import annotations

import re
from typing import Any

SOURCE = "config.json on Hugging Face, read in November 2026"


def _dense(family: str, shape: str, **more: Any) -> dict[str, Any]:
    """A configuration from `layers hidden MLP heads KV-heads head-size vocabulary context`."""
    names = (
        "num_hidden_layers",
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "vocab_size",
        "max_position_embeddings",
    )
    return {"model_type": family, **dict(zip(names, map(int, shape.split()))), **more}


_TIED = {"tie_word_embeddings": True}
_QWEN3_30B = _dense(
    "qwen3_moe",
    "48 2048 6144 32 4 128 151936 262144",
    num_experts=128,
    moe_intermediate_size=768,
    decoder_sparse_step=1,
)
_DEEPSEEK = _dense(
    "deepseek_v3",
    "61 7168 18432 128 128 0 129280 163840",
    n_routed_experts=256,
    n_shared_experts=1,
    moe_intermediate_size=2048,
    first_k_dense_replace=3,
    kv_lora_rank=512,
    q_lora_rank=1536,
    qk_rope_head_dim=64,
    qk_nope_head_dim=128,
    v_head_dim=128,
    quantization_config={"quant_method": "fp8"},
)

CONFIGS: dict[str, dict[str, Any]] = {
    "qwen/qwen2.5-0.5b": _dense("qwen2", "24 896 4864 14 2 64 151936 32768", **_TIED),
    "qwen/qwen2.5-7b": _dense("qwen2", "28 3584 18944 28 4 128 152064 32768"),
    "qwen/qwen2.5-coder-7b": _dense("qwen2", "28 3584 18944 28 4 128 152064 32768"),
    "qwen/qwen2.5-32b": _dense("qwen2", "64 5120 27648 40 8 128 152064 32768"),
    "qwen/qwen2.5-72b": _dense("qwen2", "80 8192 29568 64 8 128 152064 32768"),
    "qwen/qwen3-4b": _dense("qwen3", "36 2560 9728 32 8 128 151936 40960", **_TIED),
    "qwen/qwen3-4b-instruct-2507": _dense("qwen3", "36 2560 9728 32 8 128 151936 262144", **_TIED),
    "qwen/qwen3-8b": _dense("qwen3", "36 4096 12288 32 8 128 151936 40960"),
    "qwen/qwen3-32b": _dense("qwen3", "64 5120 25600 64 8 128 151936 40960"),
    "qwen/qwen3-30b-a3b": {**_QWEN3_30B, "max_position_embeddings": 40960},
    "qwen/qwen3-30b-a3b-instruct-2507": _QWEN3_30B,
    "meta-llama/llama-3.1-8b": _dense("llama", "32 4096 14336 32 8 128 128256 131072"),
    "meta-llama/llama-3.1-70b": _dense("llama", "80 8192 28672 64 8 128 128256 131072"),
    "meta-llama/llama-3.3-70b": _dense("llama", "80 8192 28672 64 8 128 128256 131072"),
    "mistralai/mistral-7b-instruct-v0.3": _dense("mistral", "32 4096 14336 32 8 128 32768 32768"),
    "deepseek-ai/deepseek-v3": _DEEPSEEK,
    "deepseek-ai/deepseek-r1": _DEEPSEEK,
}
"""By the model's name in lower case, without `-instruct`."""

MEMORY: dict[str, int] = {
    "T4": 16,
    "V100": 16,
    "L4": 24,
    "A10": 24,
    "A10G": 24,
    "A40": 48,
    "L40S": 48,
    "A100-40GB": 40,
    "A100-80GB": 80,
    "A100": 40,
    "H100": 80,
    "H200": 141,
    "MI300X": 192,
}
"""Memory of a device in GB, as its vendor gives it; of those with several sizes the smallest."""


def config(name: str) -> dict[str, Any] | None:
    """The configuration of a model that is known by its name."""
    key = name.lower().replace("/meta-llama-", "/llama-")
    return CONFIGS.get(key) or CONFIGS.get(re.sub(r"-instruct$", "", key))


def memory(product: str) -> int | None:
    """GB of a device by its name, such as `H100`, `NVIDIA-A100-SXM4-80GB` or `nvidia-l4`; None if it is not known."""
    words = re.split(r"[-_ ]+", product.upper())
    sized = [int(found[1]) for found in (re.fullmatch(r"(\d+)GB", word) for word in words) if found]
    named = [name for name in MEMORY if name.partition("-")[0] in words]
    if not named:
        return sized[0] if sized else None
    return sized[0] if sized else MEMORY[named[-1]]
