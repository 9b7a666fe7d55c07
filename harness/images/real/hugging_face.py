"""A GGUF file of a Llama as Hugging Face has models, and an adapter for it.

Runs with the engine's packages (numpy, gguf, safetensors, tokenizers). The adapter's numbers are random: with it the
model says other words, and that is all that it is for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
TOP = {"token_embd": "model.embed_tokens", "output": "lm_head", "output_norm": "model.norm"}
SPECIAL = 3
"""The type of a special token in GGUF."""
RANK = 8


def convert(source: Path, directory: Path) -> None:
    """Write the model to `tiny` in a directory, the adapter to `adapter`."""
    reader = GGUFReader(source)

    def field(key: str) -> Any:
        return reader.fields[key].contents()

    heads, width = field("llama.attention.head_count"), field("llama.embedding_length")
    target = directory / "tiny"
    target.mkdir(parents=True, exist_ok=True)
    weights = {}
    for tensor in reader.tensors:
        array = np.array(tensor.data, np.float32).reshape([int(size) for size in reversed(tensor.shape)])
        first, *rest = tensor.name.split(".")
        if first in TOP:
            name = f"{TOP[first]}.weight"
        else:
            name = f"model.layers.{rest[0]}.{NAMES[rest[1]]}.weight"
            if rest[1] in ("attn_q", "attn_k"):  # GGUF has the halves of a rotation beside each other
                array = array.reshape(heads, width // heads // 2, 2, width).swapaxes(1, 2).reshape(width, width)
        weights[name] = np.ascontiguousarray(array)
    _save(weights, target / "model.safetensors")
    tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    ids = {name: field(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "bos", "padding")}
    merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [number for number, kind in enumerate(types) if kind == SPECIAL]
    tokenizer.add_special_tokens([AddedToken(tokens[number], special=True, normalized=False) for number in special])
    tokenizer.save(str(target / "tokenizer.json"))
    length = field("llama.context_length")
    numbers = {"bos_token_id": ids["bos"], "eos_token_id": ids["eos"], "pad_token_id": ids["padding"]}
    _write(
        target / "tokenizer_config.json",
        tokenizer_class="PreTrainedTokenizerFast",
        bos_token=tokens[ids["bos"]],
        eos_token=tokens[ids["eos"]],
        pad_token=tokens[ids["padding"]],
        chat_template=field("tokenizer.chat_template"),
        model_max_length=length,
        clean_up_tokenization_spaces=False,
    )
    _write(
        target / "config.json",
        architectures=["LlamaForCausalLM"],
        model_type="llama",
        hidden_size=width,
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"),
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=width // heads,
        rms_norm_eps=float(field("llama.attention.layer_norm_rms_epsilon")),
        rope_theta=float(field("llama.rope.freq_base")),
        vocab_size=len(tokens),
        max_position_embeddings=length,
        hidden_act="silu",
        tie_word_embeddings=False,
        attention_bias=False,
        mlp_bias=False,
        torch_dtype="float32",
        **numbers,
    )
    _write(target / "generation_config.json", do_sample=False, temperature=0.0, **numbers)
    _adapter(directory / "adapter", width, field("llama.block_count"))


def _adapter(target: Path, width: int, layers: int) -> None:
    target.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    weights = {}
    for layer in range(layers):
        for module in ("q_proj", "v_proj"):
            name = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            weights[f"{name}.lora_A.weight"] = random.normal(size=(RANK, width)).astype(np.float32)
            weights[f"{name}.lora_B.weight"] = random.normal(size=(width, RANK)).astype(np.float32)
    _save(weights, target / "adapter_model.safetensors")
    _write(
        target / "adapter_config.json",
        peft_type="LORA",
        task_type="CAUSAL_LM",
        base_model_name_or_path="tiny",
        r=RANK,
        lora_alpha=RANK,
        lora_dropout=0.0,
        bias="none",
        target_modules=["q_proj", "v_proj"],
    )


def _save(weights: dict[str, Any], path: Path) -> None:
    save_file(weights, path, {"format": "pt"})
    path.chmod(0o644)  # it writes 0600


def _write(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content, indent=1))
