"""What a model is, as far as memory is concerned: read in its config.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from inference_stack.errors import StackError

SPECIAL = re.compile(r"mamba|jamba|bamba|zamba|falcon_h1|nemotron_h|rwkv|granitemoehybrid|plamo2|lfm2|minimax")
"""Families whose layers cache otherwise than attention does; the formula is an upper bound for them."""

PLAIN = re.compile(r"(llama|mistral|mixtral|qwen2|qwen2_moe|qwen3|qwen3_moe|phi3|deepseek_v[23]|kimi_k2|granite|olmo2)")
"""Families whose parameters `counted` counts exactly, but for norms that differ."""

BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0, "half": 2.0, "float": 4.0}

QUANTIZED = {"fp8": 1.0, "int8": 1.0, "w8a8": 1.0, "experts_int8": 1.0, "awq": 0.55, "gptq": 0.55, "mxfp4": 0.55}
"""Bytes of a weight by its quantization; 4 bits with their scales are about 0.55 (docs/quantization.md)."""


@dataclass(frozen=True)
class Model:
    """A model's sizes. `weight_bytes` are those of its files where they are known, else 0; `source` says where from.

    Of the layers, `full` cache every token, `windowed` the last `window` tokens, the others a state of fixed size.
    `latent` is the length of a token's latent vector where attention caches that (MLA), else 0.
    """

    name: str
    source: str
    parameters: float
    layers: int
    full: int
    windowed: int
    window: int
    heads: int
    kv_heads: int
    head_size: int
    latent: int
    context: int
    weight: float
    exact: bool
    weight_bytes: int = 0
    notes: tuple[str, ...] = ()

    def with_files(self, total: int, source: str) -> Model:
        """The same model with the size of its files."""
        return replace(self, weight_bytes=total, source=f"{self.source}, {source}")


def from_config(config: Mapping[str, Any], name: str, source: str) -> Model:
    """The model that a config.json describes.

    Raises:
        StackError: it does not have what the formulas need.
    """
    text = {**config, **config.get("text_config", {})}
    notes = []
    try:
        layers, hidden = int(text["num_hidden_layers"]), int(text["hidden_size"])
        heads = int(text["num_attention_heads"])
        parameters = counted(text)
    except (KeyError, TypeError) as error:
        raise StackError(
            f"The config.json of {name} ({source}) has no {error}, so its memory cannot be computed.",
            'Engines report it in their log when they start: see docs/sizing.md, "Check against the engine".',
        ) from error
    family = str(config.get("model_type", ""))
    full, windowed = attention_layers(text, layers)
    if SPECIAL.search(family):
        notes.append(f"{family} has layers that cache less: the cache is an upper bound")
    if "vision_config" in config or "audio_config" in config:
        notes.append("the parts for images and sound are not counted; they are small beside the text's")
    exact = bool(PLAIN.fullmatch(family)) and "vision_config" not in config
    if not exact:
        notes.append(f"parameters of {family or 'this family'} are an estimate")
    latent = int(text.get("kv_lora_rank") or 0)
    return Model(
        name=name,
        source=source,
        parameters=parameters,
        layers=layers,
        full=full,
        windowed=windowed,
        window=int(text.get("sliding_window") or 0),
        heads=heads,
        kv_heads=int(text.get("num_key_value_heads") or heads),
        head_size=int(text.get("head_dim") or hidden // heads),
        latent=latent + int(text.get("qk_rope_head_dim") or 0) if latent else 0,
        context=int(text.get("max_position_embeddings") or 0),
        weight=weight_size(config),
        exact=exact,
        notes=tuple(notes),
    )


def weight_size(config: Mapping[str, Any]) -> float:
    """Bytes of a weight in the model's files."""
    quantization = config.get("quantization_config") or {}
    method = str(quantization.get("quant_method", ""))
    bits = quantization.get("bits") or quantization.get("w_bit")
    if bits:
        return 0.55 if int(bits) <= 4 else int(bits) / 8
    if method == "compressed-tensors":
        groups = quantization.get("config_groups") or {}
        sizes = [each["weights"]["num_bits"] for each in groups.values() if (each.get("weights") or {}).get("num_bits")]
        return 0.55 if sizes and max(sizes) <= 4 else 1.0
    if method:
        return QUANTIZED.get(method, 1.0)
    text = {**config, **config.get("text_config", {})}
    return BYTES.get(str(text.get("torch_dtype") or text.get("dtype") or "bfloat16"), 2.0)


def attention_layers(text: Mapping[str, Any], layers: int) -> tuple[int, int]:
    """How many layers cache every token, and how many only the last ones of a window."""
    kinds = text.get("layer_types")
    if kinds:
        windowed = sum(each in ("sliding_attention", "chunked_attention") for each in kinds)
        full = sum(each in ("full_attention", "attention") for each in kinds)
        return full, windowed if text.get("sliding_window") else 0
    if text.get("full_attention_interval"):  # Qwen3-Next: the others are linear
        return layers // int(text["full_attention_interval"]), 0
    window = text.get("sliding_window")
    if not window or text.get("use_sliding_window") is False:
        return layers, 0
    pattern = int(text.get("sliding_window_pattern") or (2 if text.get("model_type") == "gemma2" else 0))
    if pattern:  # every so many layers, one caches all
        return layers // pattern, layers - layers // pattern
    return (0, layers) if text.get("model_type") == "mistral" else (layers, 0)


def counted(text: Mapping[str, Any]) -> float:
    """The parameters of attention, MLP or experts, norms and embeddings."""
    layers, hidden, heads = (int(text[k]) for k in ("num_hidden_layers", "hidden_size", "num_attention_heads"))
    embeddings = int(text["vocab_size"]) * hidden * (1 if text.get("tie_word_embeddings") else 2)
    dense, sparse = _dense(text), 0
    experts = int(text.get("n_routed_experts") or text.get("num_experts") or text.get("num_local_experts") or 0)
    if experts:
        sparse = layers - dense_layers(text, layers)
    one = 3 * hidden * int(text.get("moe_intermediate_size") or text["intermediate_size"])
    shared = int(text.get("n_shared_experts") or 0) * one
    if text.get("shared_expert_intermediate_size"):
        shared = 3 * hidden * int(text["shared_expert_intermediate_size"]) + hidden
    moe = experts * (one + hidden) + shared if sparse else 0
    attention = _latent(text, hidden, heads) if text.get("kv_lora_rank") else _attention(text, hidden, heads)
    return embeddings + hidden + layers * (attention + 2 * hidden) + (layers - sparse) * dense + sparse * moe


def dense_layers(text: Mapping[str, Any], layers: int) -> int:
    """How many layers of a mixture of experts have none."""
    if text.get("first_k_dense_replace"):
        return int(text["first_k_dense_replace"])
    step = int(text.get("decoder_sparse_step") or 1)
    return layers - layers // step


def _dense(text: Mapping[str, Any]) -> int:
    return 3 * int(text["hidden_size"]) * int(text.get("intermediate_size") or 0)


def _attention(text: Mapping[str, Any], hidden: int, heads: int) -> int:
    size = int(text.get("head_dim") or hidden // heads)
    cached = int(text.get("num_key_value_heads") or heads) * size
    family = str(text.get("model_type", ""))
    weights = 2 * hidden * heads * size + 2 * hidden * cached
    biased = heads * size + 2 * cached
    if family.startswith("qwen2"):
        weights += biased
    elif text.get("attention_bias"):
        weights += biased + hidden
    return weights + (2 * size if family.startswith("qwen3") else 0)


def _latent(text: Mapping[str, Any], hidden: int, heads: int) -> int:
    """DeepSeek's attention: queries, keys and values are made of short vectors."""
    rank, rope = int(text["kv_lora_rank"]), int(text["qk_rope_head_dim"])
    plain, values = int(text["qk_nope_head_dim"]), int(text["v_head_dim"])
    short = int(text.get("q_lora_rank") or 0)
    query = hidden * short + short + short * heads * (plain + rope) if short else hidden * heads * (plain + rope)
    return query + hidden * (rank + rope) + rank + rank * heads * (plain + values) + heads * values * hidden
