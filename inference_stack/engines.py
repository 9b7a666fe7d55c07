"""What a group's engine is told about memory, read in its rendered command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_stack.documents import Object
from inference_stack.sizing import USABLE


@dataclass(frozen=True)
class Engine:
    """An engine: how its command is recognised, and its options for what memory depends on.

    `fraction` is the part of a device's memory it takes unless told; 0 where that is no fixed part of all of it.
    """

    name: str
    command: str
    image: str
    positional: bool
    model: tuple[str, ...]
    tensor: tuple[str, ...]
    pipeline: tuple[str, ...]
    data: tuple[str, ...]
    context: tuple[str, ...]
    share: tuple[str, ...]
    batch: tuple[str, ...]
    cache: tuple[str, ...]
    quantization: tuple[str, ...]
    fraction: float


ENGINES = (
    Engine(
        name="vllm",
        command=r"""(^|[/\s"'(=])vllm(-omni)?\s+(serve|bench|run-batch)\b|vllm\.([a-z]+\.)?entrypoints""",
        image=r"vllm",
        positional=True,
        model=("--model",),
        tensor=("--tensor-parallel-size", "-tp"),
        pipeline=("--pipeline-parallel-size", "-pp"),
        data=("--data-parallel-size", "-dp"),
        context=("--max-model-len",),
        share=("--gpu-memory-utilization",),
        batch=("--max-num-batched-tokens",),
        cache=("--kv-cache-dtype",),
        quantization=("--quantization", "-q"),
        fraction=USABLE,
    ),
    Engine(
        name="sglang",
        command=r"sglang(\.launch_server|\s+serve\b)",
        image=r"sglang",
        positional=False,
        model=("--model-path", "--model"),
        tensor=("--tensor-parallel-size", "--tp-size", "--tp"),
        pipeline=("--pipeline-parallel-size", "--pp-size", "--pp"),
        data=("--data-parallel-size", "--dp-size", "--dp"),
        context=("--context-length",),
        share=("--mem-fraction-static",),
        batch=("--chunked-prefill-size",),
        cache=("--kv-cache-dtype",),
        quantization=("--quantization",),
        fraction=USABLE,
    ),
    Engine(
        name="tensorrt-llm",
        command=r"trtllm-serve|trtllm-llmapi-launch",
        image=r"tensorrt[-_]llm",
        positional=True,
        model=(),
        tensor=("--tp-size", "--tensor-parallel-size"),
        pipeline=("--pp-size", "--pipeline-parallel-size"),
        data=(),
        context=("--max-seq-len",),
        share=(),
        batch=("--max-num-tokens",),
        cache=(),
        quantization=(),
        fraction=USABLE,
    ),
    Engine(
        name="llama.cpp",
        command=r"llama-server",
        image=r"llama[.-]cpp",
        positional=False,
        model=("-hf", "--hf-repo", "-m", "--model"),
        tensor=(),
        pipeline=(),
        data=(),
        context=("--ctx-size", "-c"),
        share=(),
        batch=(),
        cache=("--cache-type-k", "-ctk"),
        quantization=(),
        fraction=0,
    ),
)

NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kKmMgG]?)")
POWERS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}
"""vLLM reads 16k as 16,000 and 16K as 16,384."""

CACHED = {"auto": 2.0, "bfloat16": 2.0, "float16": 2.0, "f16": 2.0, "bf16": 2.0, "float32": 4.0, "f32": 4.0}
WEIGHTS = {"fp8": 1.0, "w8a8_fp8": 1.0, "bitsandbytes": 0.55, "mxfp8": 1.0, "mxfp4": 0.55}
"""Bytes of a weight where the engine quantizes while it loads; other methods are those of the files."""


@dataclass(frozen=True)
class Told:
    """What an engine is told. 0 and an empty text stand for what it is not told; `by` names the option of each."""

    engine: str
    model: str
    tensor: int
    pipeline: int
    data: int
    context: int
    fraction: float
    batch: int
    cached: float
    weight: float
    by: Mapping[str, str]


def told(container: Object) -> Told:
    """What the container's command line tells its engine; without an engine where it is not recognised."""
    words = [str(each) for each in (*container.get("command", ()), *container.get("args", ()))]
    engine = recognised(words, str(container.get("image", "")))
    if engine is None:
        return Told("", "", 1, 1, 1, 0, 0, 0, 2, 0, {})
    by: dict[str, str] = {}

    def option(what: str, names: Sequence[str]) -> str:
        name, value = last(words, names)
        if name:
            by[what] = name
        return value

    cached, quantized = option("cache", engine.cache), option("quantization", engine.quantization)
    option("file", ("--config", "--extra-llm-api-options"))
    wide = last(words, ("--dtype",))[1] in ("float32", "float")
    return Told(
        engine=engine.name,
        model=_model(engine, words) or option("model", engine.model),
        tensor=count(option("tensor", engine.tensor)) or 1,
        pipeline=count(option("pipeline", engine.pipeline)) or 1,
        data=count(option("data", engine.data)) or 1,
        context=count(option("context", engine.context)),
        fraction=_fraction(option("share", engine.share)) or engine.fraction,
        batch=count(option("batch", engine.batch)),
        cached=CACHED.get(cached, 1.0) if cached and cached != "auto" else (4.0 if wide else 2.0),
        weight=WEIGHTS.get(quantized, 0.0) or (4.0 if wide else 0.0),
        by=by,
    )


def recognised(words: Sequence[str], image: str) -> Engine | None:
    """The engine of a command, else of an image."""
    line = " ".join(words)
    for engine in ENGINES:
        if re.search(engine.command, line):
            return engine
    name = image.partition("@")[0].rpartition("/")[2]
    return next((each for each in ENGINES if re.search(each.image, name) or re.search(each.image, image)), None)


def last(words: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """The last of these options in a command line, and its value; both empty if there is none.

    `--max_model_len` is `--max-model-len`, as engines read it.
    """
    found = ("", "")
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        plain = "--" + name[2:].replace("_", "-") if name.startswith("--") else name
        if plain in names:
            following = words[position + 1] if position + 1 < len(words) else ""
            found = (plain, value if equals else following)
    return found


def _model(engine: Engine, words: Sequence[str]) -> str:
    """The model behind `serve`, or as the first argument."""
    if not engine.positional:
        return ""
    starts = [n for n, word in enumerate(words) if word in ("serve", "trtllm-serve", "/opt/nvidia/trtllm-serve")]
    following = words[starts[-1] + 1] if starts and starts[-1] + 1 < len(words) else ""
    return "" if following.startswith("-") else following


def count(text: str) -> int:
    """A number of pieces: `16384`, `16k`; 0 for `auto` and the like."""
    found = NUMBER.fullmatch(text)
    return int(float(found[1]) * POWERS[found[2]]) if found else 0


def _fraction(text: str) -> float:
    found = NUMBER.fullmatch(text)
    return float(found[1]) if found and not found[2] else 0
