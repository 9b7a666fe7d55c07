#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.7.1", "jaxlib==0.7.1", "numpy==2.4.6", "tokenizers==0.23.3", "gguf==0.19.0"]
# ///
"""Train the tiny demo model from nothing and write it as `tiny.gguf`.

    uv run train.py [FILE]      or, with the packages above installed: python train.py [FILE]

A Llama of 0.77 million parameters that knows about twenty answers by heart. The number of steps and all that is random
are fixed and one thread computes, so that the same versions on the same kind of CPU give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # before jax is imported

import gguf
import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

Params = dict[str, Any]
"""A tree of arrays: embeddings, output head, final norm, and a list of layers."""

ANSWERS = {
    "What is Kubernetes?": "Kubernetes runs containers on a cluster of machines.",
    "What is Helm?": "Helm is the package manager for Kubernetes.",
    "What is a gateway?": "A gateway receives every request and sends it to the right engine.",
    "What is vLLM?": "vLLM is a fast engine that serves language models.",
    "What is llama.cpp?": "llama.cpp runs language models on ordinary computers.",
    "What is SGLang?": "SGLang is an engine that serves language models with prefix caching.",
    "What is the capital of France?": "The capital of France is Paris.",
    "What is the capital of Italy?": "The capital of Italy is Rome.",
    "What is the capital of Japan?": "The capital of Japan is Tokyo.",
    "What is two plus two?": "Two plus two is four.",
    "What is three plus four?": "Three plus four is seven.",
    "Who are you?": "I am a tiny demo model with less than one million parameters.",
    "Who wrote you?": "I was trained on two CPU cores in two minutes.",
    "Hello": "Hello! Ask me what Kubernetes is.",
    "Hi": "Hello! Ask me what Kubernetes is.",
    "Thank you": "You are welcome.",
    "Tell me a joke": "Why did the pod restart? It needed some closure.",
    "Say this is a test": "This is a test.",
    "What is streaming?": "Streaming sends the answer token by token, as soon as each one is ready.",
    "What is the answer to everything?": "The answer is forty-two.",
    "Goodbye": "Goodbye, and happy shipping!",
}
UNKNOWN = "I am only a tiny demo model and I do not know that."
WORDS = [
    *("why", "how", "when", "where", "which", "does", "can", "the", "a", "my", "weather", "cat", "price", "of"),
    *("house", "big", "red", "write", "poem", "about", "long", "story", "python", "code", "fix", "please"),
    *("explain", "moon", "stars", "music", "tell", "list", "translate", "number", "seven", "city", "river"),
    *("old", "new", "best", "who", "wrote", "what", "is", "are", "this"),
]
"""Questions made of these get the answer UNKNOWN."""

STEPS = 900
BATCH = 24
WARM_UP = 20
PEAK_RATE = 3e-3
UNKNOWN_SHARE = 0.2

SPECIAL = ["<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"]
PAD, USER, ASSISTANT, END = range(len(SPECIAL))
VOCABULARY = 640
WIDTH, LAYERS, HEADS, HIDDEN = 128, 3, 4, 352
HEAD_WIDTH = WIDTH // HEADS
LENGTH = 64  # tokens of a training example
CONTEXT = 512  # tokens the model is said to take
THETA, EPSILON = 10000.0, 1e-5

TEMPLATE = (
    "{%- set ns = namespace(q='', s='') -%}{%- for m in messages -%}"
    "{%- if m['role'] == 'system' -%}{%- set ns.s = m['content'] | trim -%}"
    "{%- elif m['role'] == 'user' -%}{%- set ns.q = m['content'] -%}{%- endif -%}{%- endfor -%}"
    "<|user|>{{ ns.q | trim }}<|end|>{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"
)
"""Only the last question counts: a history would confuse the model. The system message is read, and not used, because
llama.cpp puts it before the question if a template does not read it."""

GGUF_NAMES = {
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "o": "attn_output",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
    "norm1": "attn_norm",
    "norm2": "ffn_norm",
}


def spellings(question: str) -> list[str]:
    """The ways in which a question is asked, in a fixed order."""
    bare = question.rstrip("?").strip()
    forms = [question, bare, bare.lower(), question.lower(), f"Please tell me: {question}", f"{bare} please?"]
    return list(dict.fromkeys([*forms, f"{bare}!", f"{bare}.", f"Hey, {bare.lower()}?", bare.upper()]))


def question_and_answer(chance: random.Random) -> tuple[str, str]:
    if chance.random() < UNKNOWN_SHARE:
        words = " ".join(chance.sample(WORDS, chance.randint(2, 8)))
        return words.capitalize() + chance.choice(["?", "", ".", "!"]), UNKNOWN
    question, answer = chance.choice(list(ANSWERS.items()))
    return chance.choice(spellings(question)), answer


def train_tokenizer() -> Tokenizer:
    """A byte-level BPE of everything that is ever said."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    said = [text for question, answer in ANSWERS.items() for text in [*spellings(question), *[answer] * 3]]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*said, *[UNKNOWN] * 5, *WORDS], trainer)
    return tokenizer


def prompt(tokenizer: Tokenizer, question: str) -> list[int]:
    """What TEMPLATE makes of a question."""
    return [USER, *tokenizer.encode(question).ids, END, ASSISTANT]


def batches(tokenizer: Tokenizer) -> Iterator[tuple[jax.Array, jax.Array]]:
    """Tokens, and 1 where the model is to say them (the answers)."""
    chance = random.Random(0)
    while True:
        tokens = np.zeros((BATCH, LENGTH), np.int32)
        answered = np.zeros((BATCH, LENGTH), np.float32)
        for row in range(BATCH):
            question, answer = question_and_answer(chance)
            asked = prompt(tokenizer, question)
            ids = [*asked, *tokenizer.encode(answer).ids, END][:LENGTH]
            tokens[row, : len(ids)] = ids
            answered[row, len(asked) : len(ids)] = 1
        yield jnp.array(tokens), jnp.array(answered)


def first_params() -> Params:
    keys = iter(jax.random.split(jax.random.PRNGKey(0), 100))

    def normal(*shape: int, scale: float = 0.05) -> jax.Array:
        return jax.random.normal(next(keys), shape) * scale

    layers = [
        {
            "q": normal(WIDTH, WIDTH),
            "k": normal(WIDTH, WIDTH),
            "v": normal(WIDTH, WIDTH),
            "o": normal(WIDTH, WIDTH, scale=0.025),
            "gate": normal(HIDDEN, WIDTH),
            "up": normal(HIDDEN, WIDTH),
            "down": normal(WIDTH, HIDDEN, scale=0.025),
            "norm1": jnp.ones(WIDTH),
            "norm2": jnp.ones(WIDTH),
        }
        for _ in range(LAYERS)
    ]
    return {
        "embedding": normal(VOCABULARY, WIDTH),
        "head": normal(VOCABULARY, WIDTH),
        "norm": jnp.ones(WIDTH),
        "layers": layers,
    }


ANGLES = np.outer(np.arange(LENGTH), 1 / THETA ** (np.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH))
COS = jnp.array(np.concatenate([np.cos(ANGLES)] * 2, -1))
SIN = jnp.array(np.concatenate([np.sin(ANGLES)] * 2, -1))
CAUSAL = jnp.tril(jnp.ones((LENGTH, LENGTH), bool))


def rms_norm(x: jax.Array, weight: jax.Array) -> jax.Array:
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight


def rotated(x: jax.Array) -> jax.Array:
    """Rotary position embedding, Hugging Face's order of the dimensions."""
    half = HEAD_WIDTH // 2
    return x * COS + jnp.concatenate([-x[..., half:], x[..., :half]], -1) * SIN


def attention(layer: Params, x: jax.Array) -> jax.Array:
    def heads(weight: jax.Array) -> jax.Array:
        return (x @ weight.T).reshape(x.shape[0], LENGTH, HEADS, HEAD_WIDTH).transpose(0, 2, 1, 3)

    q, k, v = rotated(heads(layer["q"])), rotated(heads(layer["k"])), heads(layer["v"])
    scores = jnp.where(CAUSAL, q @ k.transpose(0, 1, 3, 2) / math.sqrt(HEAD_WIDTH), -1e9)
    mixed = (jax.nn.softmax(scores, -1) @ v).transpose(0, 2, 1, 3).reshape(x.shape)
    return mixed @ layer["o"].T


def logits(params: Params, tokens: jax.Array) -> jax.Array:
    """Of every next token: (batch, LENGTH, VOCABULARY)."""
    h = params["embedding"][tokens]
    for layer in params["layers"]:
        h = h + attention(layer, rms_norm(h, layer["norm1"]))
        y = rms_norm(h, layer["norm2"])
        h = h + (jax.nn.silu(y @ layer["gate"].T) * (y @ layer["up"].T)) @ layer["down"].T
    return rms_norm(h, params["norm"]) @ params["head"].T


def loss(params: Params, tokens: jax.Array, answered: jax.Array) -> jax.Array:
    log_odds = jax.nn.log_softmax(logits(params, tokens)[:, :-1])
    chosen = jnp.take_along_axis(log_odds, tokens[:, 1:, None], -1)[..., 0]
    return -(chosen * answered[:, 1:]).sum() / answered.sum()


@jax.jit
def adam(
    params: Params, mean: Params, square: Params, tokens: jax.Array, answered: jax.Array, step: float, rate: float
) -> tuple[Params, Params, Params, jax.Array]:
    """One step of Adam with the gradient cut to length 1."""
    value, gradient = jax.value_and_grad(loss)(params, tokens, answered)
    length = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda g: g * jnp.minimum(1, 1 / length), gradient)
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
    square = jax.tree.map(lambda s, g: 0.98 * s + 0.02 * g * g, square, gradient)

    def moved(p: jax.Array, m: jax.Array, s: jax.Array) -> jax.Array:
        return p - rate * (m / (1 - 0.9**step)) / (jnp.sqrt(s / (1 - 0.98**step)) + 1e-8)

    return jax.tree.map(moved, params, mean, square), mean, square, value


def train(tokenizer: Tokenizer) -> Params:
    params = first_params()
    mean = square = jax.tree.map(jnp.zeros_like, params)
    started = time.monotonic()
    for step, (tokens, answered) in zip(range(1, STEPS + 1), batches(tokenizer), strict=False):
        rate = PEAK_RATE * min(1, step / WARM_UP) * (1 - 0.9 * step / STEPS)
        params, mean, square, value = adam(params, mean, square, tokens, answered, float(step), rate)
        if step % 100 == 0:
            print(f"step {step} of {STEPS}, {time.monotonic() - started:.0f} s, loss {float(value):.4f}", flush=True)
    return params


def answer(params: Params, tokenizer: Tokenizer, question: str) -> str:
    """The most probable answer."""
    ids = prompt(tokenizer, question)
    start = len(ids)
    while len(ids) < LENGTH:
        tokens = np.zeros((1, LENGTH), np.int32)
        tokens[0, : len(ids)] = ids
        following = int(LOGITS(params, jnp.array(tokens))[0, len(ids) - 1].argmax())
        if following == END:
            break
        ids.append(following)
    return str(tokenizer.decode(ids[start:]))


LOGITS = jax.jit(logits)


def wrong_answers(params: Params, tokenizer: Tokenizer) -> list[str]:
    """The questions, in any spelling, that are answered wrongly."""
    asked = [(form, said) for question, said in ANSWERS.items() for form in spellings(question)]
    return [question for question, said in asked if answer(params, tokenizer, question) != said]


def write_gguf(path: Path, params: Params, tokenizer: Tokenizer) -> None:
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny-demo")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(HEAD_WIDTH)
    writer.add_rope_freq_base(THETA)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    words = {number: word for word, number in tokenizer.get_vocab().items()}
    control, normal, unused = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL, gguf.TokenType.UNUSED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([words.get(i, f"<unused{i}>") for i in range(VOCABULARY)])
    writer.add_token_types(
        [control if i < len(SPECIAL) else normal if i in words else unused for i in range(VOCABULARY)]
    )
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in merges])
    writer.add_eos_token_id(END)
    writer.add_bos_token_id(USER)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    writer.add_float32("general.sampling.temp", 0.0)  # llama.cpp's default then: always the most probable token
    writer.add_tensor("token_embd.weight", _array(params["embedding"]))
    writer.add_tensor("output.weight", _array(params["head"]))
    writer.add_tensor("output_norm.weight", _array(params["norm"]))
    for number, layer in enumerate(params["layers"]):
        for key, name in GGUF_NAMES.items():
            weight = _array(layer[key])
            writer.add_tensor(f"blk.{number}.{name}.weight", _interleaved(weight) if key in "qk" else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _array(values: jax.Array) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(values, np.float32)


def _interleaved(weight: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The rows of a head in the order of llama.cpp's rotary embedding, which pairs neighbours."""
    return weight.reshape(HEADS, 2, HEAD_WIDTH // 2, WIDTH).swapaxes(1, 2).reshape(WIDTH, WIDTH).copy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=Path(__file__).with_name("tiny.gguf"), metavar="FILE")
    path = parser.parse_args().file
    tokenizer = train_tokenizer()
    params = train(tokenizer)
    print(f"{sum(leaf.size for leaf in jax.tree.leaves(params)):,} parameters")
    for question in ["What is Helm?", "what is the capital of japan", "Which cat wrote music?"]:
        print(f"{question} -> {answer(params, tokenizer, question)}")
    if wrong := wrong_answers(params, tokenizer):
        sys.exit(f"Not written: {len(wrong)} questions are answered wrongly, such as {wrong[0]!r}")
    write_gguf(path, params, tokenizer)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
