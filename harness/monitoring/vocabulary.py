"""One vocabulary over all engines: what each calls a thing, with where that was read, and what it has no name for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.presets import presets

READ_IN: Mapping[str, str] = {
    "vllm": "vLLM 0.33.0, source; a scrape of 0.32.0",
    "sglang": "SGLang 0.5.23, source",
    "tensorrt-llm": "TensorRT-LLM, source of its collector (2026)",
    "tgi": "TGI 3.3.7, its page of metrics",
    "tei": "TEI 1.9.3, source",
    "llama-cpp": "the server of xllamacpp 2026.10.11549, a scrape",
    "lmdeploy": "LMDeploy 0.18.0, wheel",
    "triton": "Triton 26.07, its page of metrics",
    "ollama": "Ollama 0.33, source: it has no metrics",
}
"""The engines, by the names of their presets, and where the names of their metrics were read."""

TITLES: Mapping[str, str] = {
    "vllm": "vLLM, NIM",
    "sglang": "SGLang",
    "tensorrt-llm": "TensorRT-LLM",
    "tgi": "TGI",
    "tei": "TEI",
    "llama-cpp": "llama.cpp",
    "lmdeploy": "LMDeploy",
    "triton": "Triton",
    "ollama": "Ollama",
}


@dataclass(frozen=True)
class Hole:
    """The engine has no metric of this, and why nothing stands in its place."""

    why: str


@dataclass(frozen=True)
class Mean:
    """A sum and a count (both counters) whose quotient is the mean; `scale` turns its unit into seconds."""

    total: str
    count: str
    scale: str = ""


@dataclass(frozen=True)
class Share:
    """Counters, of which the first is a part of the second, or of the sum of several."""

    part: str
    whole: str | tuple[str, ...]


@dataclass(frozen=True)
class Gauge:
    """A gauge from 0 to 1."""

    gauge: str


Source = str | tuple[str, ...] | Mean | Share | Gauge | Hole
"""A metric's name (with matchers, if it needs them), or several that are added."""


@dataclass(frozen=True)
class Meaning:
    """One thing that engines count: how it is called here, and by each of them."""

    name: str
    kind: str
    says: str
    engines: Mapping[str, Source]


NONE = Hole("no such metric")
NO_METRICS = Hole("no metrics at all")
NO_TOKENS = Hole("generates no tokens")
LLAMA_PROMPTS = ("llamacpp:prompt_tokens_total", "llamacpp:prompt_tokens_cached_total")
"""The first counts without the second."""


def _like_vllm(suffix: str, *, sglang: Source | None = None, trtllm: Source | None = None) -> dict[str, Source]:
    """The three engines that name a metric alike, but for their prefixes and what is given."""
    return {
        "vllm": f"vllm:{suffix}",
        "sglang": sglang or f"sglang:{suffix}",
        "tensorrt_llm": trtllm or f"trtllm_{suffix}",
        "lmdeploy": f"lmdeploy:{suffix}",
    }


def _scaled_by(what: str) -> dict[str, Source]:
    """What the presets say of it, by which groups are scaled."""
    metrics = {engine: preset.get("scaling", {}).get(what) for engine, preset in presets().items()}
    return {engine.replace("-", "_"): metric for engine, metric in metrics.items() if engine in READ_IN and metric}


def _meaning(name: str, kind: str, says: str, **engines: Source) -> Meaning:
    given = {name.replace("_", "-"): source for name, source in engines.items()}
    return Meaning(name, kind, says, {**dict.fromkeys(READ_IN, NONE), "ollama": NO_METRICS, **given})


MEANINGS: tuple[Meaning, ...] = (
    _meaning(
        "requests_running",
        "gauge",
        "requests that are being answered",
        **_like_vllm("num_requests_running", sglang="sglang:num_running_reqs"),
        tgi="tgi_batch_current_size",
        llama_cpp="llamacpp:requests_processing",
    ),
    _meaning(
        "requests_waiting",
        "gauge",
        "requests that wait for their turn in the engine",
        **_scaled_by("queue"),
    ),
    _meaning(
        "kv_cache_usage",
        "gauge",
        "used part of the KV cache, 0 to 1",
        **_scaled_by("kvCache"),
        tgi=Hole("counts tokens, without how many fit"),
        tei=NO_TOKENS,
    ),
    _meaning(
        "requests",
        "counter",
        "requests that ended, for TGI and TEI those that began",
        **_like_vllm(
            "request_success_total",
            sglang="sglang:num_requests_total",
            trtllm=("trtllm_request_success_total", "trtllm_request_error_total"),
        ),
        tgi="tgi_request_count",
        tei="te_request_count",
        triton=("nv_inference_request_success", "nv_inference_request_failure"),
    ),
    _meaning(
        "requests_failed",
        "counter",
        "requests that the engine could not answer",
        vllm='vllm:request_success_total{finished_reason="error"}',
        sglang=Hole("counts aborted requests, those that clients gave up among them"),
        tensorrt_llm="trtllm_request_error_total",
        tgi="tgi_request_failure",
        tei="te_request_failure",
        triton="nv_inference_request_failure",
    ),
    _meaning(
        "prompt_tokens",
        "counter",
        "tokens in",
        **_like_vllm("prompt_tokens_total"),
        tgi="tgi_request_input_length_sum",
        tei="te_request_input_length_sum",
        llama_cpp=LLAMA_PROMPTS,
    ),
    _meaning(
        "generation_tokens",
        "counter",
        "tokens out",
        **_like_vllm("generation_tokens_total"),
        tgi="tgi_request_generated_tokens_sum",
        tei=NO_TOKENS,
        llama_cpp="llamacpp:tokens_predicted_total",
    ),
    _meaning(
        "cache_hits",
        "ratio",
        "part of the prompts' tokens that the prefix cache had, 0 to 1",
        vllm=Share("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"),
        sglang=Share("sglang:cached_tokens_total", "sglang:prompt_tokens_total"),
        tensorrt_llm=Gauge("trtllm_kv_cache_hit_rate"),
        lmdeploy=Gauge("lmdeploy:prefix_cache_hit_rate"),
        llama_cpp=Share("llamacpp:prompt_tokens_cached_total", LLAMA_PROMPTS),
        tei=NO_TOKENS,
    ),
    _meaning(
        "first_token_seconds",
        "histogram",
        "time from a request's arrival at the engine to its first token",
        **_like_vllm("time_to_first_token_seconds"),
        tei=NO_TOKENS,
        triton=Hole("in milliseconds, and of decoupled models only"),
    ),
    _meaning(
        "inter_token_seconds",
        "histogram",
        "time between two tokens of an answer",
        vllm="vllm:inter_token_latency_seconds",
        sglang="sglang:inter_token_latency_seconds",
        tensorrt_llm="trtllm_time_per_output_token_seconds",
        lmdeploy="lmdeploy:time_per_output_token_seconds",
        tgi="tgi_request_mean_time_per_token_duration",
        tei=NO_TOKENS,
        llama_cpp=Mean("llamacpp:tokens_predicted_seconds_total", "llamacpp:tokens_predicted_total"),
    ),
    _meaning(
        "request_seconds",
        "histogram",
        "time from a request's arrival at the engine to the end of its answer",
        **_like_vllm("e2e_request_latency_seconds"),
        tgi="tgi_request_duration",
        tei="te_request_duration",
        triton=Mean("nv_inference_request_duration_us", "nv_inference_request_success", " / 1e6"),
    ),
)
"""Everything that is recorded of engines. A histogram of which an engine has only sums has its mean."""
