"""The wrong model answers: names that an engine serves, adapters it loads, and names that it cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from harness.presets import images
from tests.chart.accessors import bare, command_line, one, pools
from tests.support import Render

VLLM, SGLANG, LLAMA = (str(images()[engine]) for engine in ("vllm", "sglang", "llama-cpp"))
ADAPTER = ["--enable-lora", "--lora-modules"]
JSON = '{"name": "sql", "path": "org/adapter", "base_model_name": "org/m"}'


def told(line: list[str], flag: str = "--served-model-name") -> list[str]:
    """The names behind a flag of a command line, up to the next flag."""
    if flag not in line:
        return []
    after = line[line.index(flag) + 1 :]
    return after[: next((at for at, word in enumerate(after) if word.startswith("-")), len(after))]


def asked(rendered: Any) -> dict[str, str]:
    """The name that the engine is asked for, for each alias."""
    return {alias: pool["providers"][0].get("onwards_model", alias) for alias, pool in pools(rendered).items()}


BOTH = ["llama", "sql"]
ADAPTERS: dict[str, tuple[dict[str, Any], list[str], dict[str, str]]] = {
    # fields of the group; the names that its engine is told; the name it is asked for by alias
    "vllm": ({"image": VLLM, "args": [*ADAPTER, "sql=org/adapter"]}, ["llama"], {"llama": "llama", "sql": "sql"}),
    "vllm-equals": ({"args": ["--lora-modules=sql=org/adapter"]}, ["llama"], {"llama": "llama", "sql": "sql"}),
    "vllm-json": ({"args": [*ADAPTER, JSON]}, ["llama"], {"llama": "llama", "sql": "sql"}),
    "vllm-underscores": ({"args": ["--lora_modules", "x=y", "sql=z"]}, ["llama"], {"llama": "llama", "sql": "sql"}),
    "vllm-with-a-name": (
        {"args": ["--served-model-name", "llama", *ADAPTER, "sql=org/adapter"]},
        ["llama"],
        {"llama": "llama", "sql": "sql"},
    ),
    "vllm-with-another-name": (
        {"args": ["--served-model-name", "base", *ADAPTER, "sql=org/adapter"]},
        ["base"],
        {"llama": "base", "sql": "sql"},
    ),
    "vllm-adapters-only": (
        {"modelAlias": ["sql", "code"], "args": [*ADAPTER, "sql=a", "code=b"]},
        [],
        {"sql": "sql", "code": "code"},
    ),
    "vllm-script": (
        {"command": ["bash", "-c", "vllm serve org/m --enable-lora --lora-modules sql=a"]},
        [],
        {"llama": "org/m", "sql": "sql"},
    ),
    "sglang": (
        {"image": SGLANG, "args": ["--enable-lora", "--lora-paths", "sql=org/adapter"]},
        ["llama"],
        {"llama": "llama", "sql": "llama:sql"},
    ),
    "sglang-with-a-name": (
        {"image": SGLANG, "args": ["--served-model-name", "base", "--lora-paths", "sql=a"]},
        ["base"],
        {"llama": "base", "sql": "base:sql"},
    ),
    "sglang-by-its-own-form": (
        {"image": SGLANG, "modelAlias": ["llama", "llama:sql"], "args": ["--lora-paths", "sql=a"]},
        ["llama"],
        {"llama": "llama", "llama:sql": "llama:sql"},
    ),
    "sglang-adapter-first": (
        {"image": SGLANG, "modelAlias": ["sql", "llama"], "args": ["--lora-paths", "sql=a"]},
        ["llama"],
        {"llama": "llama", "sql": "llama:sql"},
    ),
    "sglang-adapters-only": (
        {"image": SGLANG, "modelAlias": ["sql"], "args": ["--lora-paths", "sql=a"]},
        [],
        {"sql": "org/m:sql"},
    ),
    "text-generation-inference": (
        {
            "image": "ghcr.io/huggingface/text-generation-inference:3.3.7",
            "env": [{"name": "LORA_ADAPTERS", "value": "code=org/b,sql=org/a"}],
        },
        [],
        {"llama": "org/m", "sql": "sql"},
    ),
    "another-server": (
        {"image": "openmmlab/lmdeploy:v0.18.0", "args": ["--adapters", "sql=org/adapter"]},
        [],
        {"llama": "llama", "sql": "sql"},
    ),
}


@pytest.mark.parametrize(("fields", "names", "requests"), ADAPTERS.values(), ids=ADAPTERS)
def test_an_adapter_answers_by_its_own_name(
    render: Render, fields: dict[str, Any], names: list[str], requests: dict[str, str]
) -> None:
    rendered = render(one(**{"modelAlias": BOTH, **fields}))
    line = command_line(rendered)
    assert (told(line), asked(rendered)) == (names, requests)


def test_each_of_several_servers_of_a_script_is_asked_by_its_own_name(render: Render) -> None:
    script = (
        "vllm serve org/a --port 8001 --served-model-name chat &\n"
        "vllm serve org/b --port 8002 --served-model-name embed second &\n"
        "exec proxy --host 0.0.0.0 --port 8000"
    )
    values = bare(modelAlias=["chat", "embed", "second", "m"], command=["bash", "-c", script], containerPort=8000)
    assert asked(render(values)) == {"chat": "chat", "embed": "embed", "second": "second", "m": "embed"}


NEVER: dict[str, tuple[dict[str, Any], str, list[str], dict[str, str]]] = {
    # fields; the flag; what the engine is told; the name it is asked for by alias
    "colon-sglang": (
        {"image": SGLANG, "modelAlias": ["qwen3:8b", "qwen3"]},
        "--served-model-name",
        ["qwen3"],
        {"qwen3:8b": "qwen3", "qwen3": "qwen3"},
    ),
    "colon-sglang-alone": (
        {"image": SGLANG, "modelAlias": ["qwen3:8b"]},
        "--served-model-name",
        [],
        {"qwen3:8b": "org/m"},
    ),
    "colon-sglang-of-a-command": (
        {"command": ["sglang", "serve", "--model-path", "org/x"], "modelAlias": ["a:b"], "modelName": ""},
        "--served-model-name",
        [],
        {"a:b": "org/x"},
    ),
    "colon-vllm": (
        {"image": VLLM, "modelAlias": ["qwen3:8b"]},
        "--served-model-name",
        ["qwen3:8b"],
        {"qwen3:8b": "qwen3:8b"},
    ),
    "dash-vllm": (
        {"image": VLLM, "modelAlias": ["--help", "m"]},
        "--served-model-name",
        ["m"],
        {"--help": "m", "m": "m"},
    ),
    "dash-vllm-alone": ({"image": VLLM, "modelAlias": ["-h"]}, "--served-model-name", [], {"-h": "org/m"}),
    "dash-sglang": ({"image": SGLANG, "modelAlias": ["-x", "m"]}, "--served-model-name", ["m"], {"-x": "m", "m": "m"}),
    "comma-llama": ({"image": LLAMA, "modelAlias": ["a,b", "m"]}, "--alias", ["m"], {"a,b": "m", "m": "m"}),
    "dollar-vllm": (
        {"image": VLLM, "modelAlias": ["$(HOME)"]},
        "--served-model-name",
        ["$$(HOME)"],
        {"$(HOME)": "$(HOME)"},
    ),
    "dollar-llama": ({"image": LLAMA, "modelAlias": ["a$b"]}, "--alias", ["a$$b"], {"a$b": "a$b"}),
}


@pytest.mark.parametrize(("fields", "flag", "names", "requests"), NEVER.values(), ids=NEVER)
def test_a_name_that_an_engine_refuses_is_routed_but_not_told(
    render: Render, fields: dict[str, Any], flag: str, names: list[str], requests: dict[str, str]
) -> None:
    rendered = render(one(**fields))
    assert (told(command_line(rendered), flag), asked(rendered)) == (names, requests)


def test_a_path_is_served_by_its_name(render: Render) -> None:
    rendered = render(one(modelName="/models/x", modelAlias=["-x"]))
    assert asked(rendered) == {"-x": "/models/x"}


OVMS, OLLAMA = "openvino/model_server:2026.0-gpu", "ollama/ollama:0.35.0"
OTHERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "served-name": (
        {"image": "alpindale/aphrodite-openai:v0.9.0", "args": ["run", "org/m", "--served-model-name", "big"]},
        {"m": "big"},
    ),
    "served-name-first": (
        {"image": "mine:1", "args": ["--model-name=org/m", "--served-model-name=big"]},
        {"m": "big"},
    ),
    "model-name": ({"image": OVMS, "args": ["--source_model", "org/m", "--model_name", "qwen"]}, {"m": "qwen"}),
    "in-a-script": ({"image": "mine:1", "command": ["sh", "-c", "serve --model_name qwen --port 8000"]}, {"m": "qwen"}),
    "a-path": ({"image": "mine:1", "args": ["--model-name", "/models/qwen"]}, {"m": "m"}),
    "of-unknown-value": ({"image": "mine:1", "args": ["--served-model-name", "$(NAME)"], "envFrom": []}, {"m": "m"}),
    "the-values-win": ({"image": OVMS, "modelName": "org/m", "args": ["--model_name", "qwen"]}, {"m": "org/m"}),
    "pulled": (
        {"image": OLLAMA, "command": ["sh", "-c", "ollama serve & sleep 5; ollama pull qwen3:4b && wait"]},
        {"m": "qwen3:4b"},
    ),
    "several-pulled": (
        {
            "image": OLLAMA,
            "modelAlias": ["m", "gemma3"],
            "command": ["sh", "-c", "ollama serve & ollama pull qwen3:4b; ollama pull gemma3; wait"],
        },
        {"m": "qwen3:4b", "gemma3": "gemma3"},
    ),
    "mode-of-an-entrypoint": (
        {"image": "registry.example/vllm-installer:1", "args": ["server", "--config-file", "x.yaml"]},
        {"m": "m"},
    ),
}


@pytest.mark.parametrize(("fields", "requests"), OTHERS.values(), ids=OTHERS)
def test_another_servers_name_is_read_from_its_command(
    render: Render, fields: dict[str, Any], requests: dict[str, str]
) -> None:
    assert asked(render(bare(**fields))) == requests


ROUTERS: dict[str, dict[str, Any]] = {
    "preset": {"args": ["--models-preset", "/config/presets.ini", "--models-max", "1"]},
    "directory": {"args": ["--models-dir=/models"]},
    "no-model": {"args": ["--models-max", "2"]},
    "script": {"command": ["sh", "-c", "llama-server --models-dir /models"]},
}


@pytest.mark.parametrize("fields", ROUTERS.values(), ids=ROUTERS)
def test_a_router_serves_names_of_its_own(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(bare(image=LLAMA, modelAlias=["gemma", "qwen"], **fields))
    assert "--alias" not in command_line(rendered)
    assert asked(rendered) == {"gemma": "gemma", "qwen": "qwen"}


def test_a_router_gets_no_model(render: Render) -> None:
    line = command_line(render(one(image=LLAMA, modelName="gemma", args=["--models-preset", "/presets.ini"])))
    assert line[:3] == ["/app/llama-server", "--models-preset", "/presets.ini"]


NO_ROUTERS: dict[str, dict[str, Any]] = {
    "variable": {"env": [{"name": "LLAMA_ARG_HF_REPO", "value": "org/m"}]},
    "flag": {"args": ["--model", "/models/x.gguf"]},
    "short-flag": {"args": ["-m", "/models/x.gguf"]},
    "repository": {"args": ["-hf", "org/m:Q4_K_M"]},
}


@pytest.mark.parametrize("fields", NO_ROUTERS.values(), ids=NO_ROUTERS)
def test_a_server_of_one_model_is_told_the_alias(render: Render, fields: dict[str, Any]) -> None:
    assert told(command_line(render(bare(image=LLAMA, **fields))), "--alias") == ["m"]


INFINITY = "michaelf34/infinity:0.0.77"
TWO = ["v2", "--model-id", "/d/e", "--served-model-name", "emb", "--model-id", "/d/r", "--served-model-name=rank"]


@pytest.mark.parametrize(
    "fields",
    [{"args": TWO}, {"env": [{"name": "INFINITY_SERVED_MODEL_NAME", "value": "emb;rank;"}]}],
    ids=["options", "variable"],
)
def test_each_of_several_models_is_asked_by_its_own_name(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(bare(image=INFINITY, modelAlias=["emb", "rank"], **fields))
    assert asked(rendered) == {"emb": "emb", "rank": "rank"}
