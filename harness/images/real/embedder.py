"""A very small BERT with random numbers and the words of the demo model, as Hugging Face has models.

Runs with the engine's packages (torch, transformers). What it says of a text means nothing; it is always the same.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

WIDTH = 64
WORDS = 640


def write(words: Path, directory: Path) -> None:
    """Write the model to a directory, with the tokenizer that lies in another."""
    torch.manual_seed(0)
    sizes = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4}
    BertModel(BertConfig(vocab_size=WORDS, max_position_embeddings=512, **sizes)).save_pretrained(directory)
    (directory / "model.safetensors").chmod(0o644)  # it writes 0600
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(words / name, directory / name)
