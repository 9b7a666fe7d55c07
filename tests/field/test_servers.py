"""Servers that people bring beside vLLM and SGLang: what is written is kept, and what is known is completed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import bare, command_line, engine, one, pod, pools, ports, provider
from tests.support import Render, Say

TEI = "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9"
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.7"
OLLAMA = "ollama/ollama:0.33.0"
LMDEPLOY = "openmmlab/lmdeploy:v0.18.0"
INFINITY = "michaelf34/infinity:0.0.77"
NIM = "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.0"
GPU = {"limits": {"nvidia.com/gpu": 2}}
HUB = [{"name": "MODEL_ID", "value": "org/m"}]
MODEL = ["--model-id", "org/m"]
PORT = ["--port", "8000"]
PREFIX = ["--url-prefix", "/v1"]

LINES: dict[str, tuple[dict[str, Any], list[str], int]] = {
    # the group, the command line in its pod, and the port
    "tei": ({"image": TEI, "args": MODEL}, [*MODEL, *PORT], 8000),
    "tei-by-name": ({"image": TEI, "modelName": "org/m"}, [*MODEL, *PORT], 8000),
    "tei-by-variable": ({"image": TEI, "env": HUB, "modelName": "org/m"}, PORT, 8000),
    "tei-port-80": ({"image": TEI, "args": MODEL, "containerPort": 80}, [*MODEL, "--port", "80"], 80),
    "tei-own-port": ({"image": TEI, "args": [*MODEL, "--port", "3000"]}, [*MODEL, "--port", "3000"], 3000),
    "tei-port-by-variable": (
        {"image": TEI, "args": MODEL, "env": [{"name": "PORT", "value": "8080"}]},
        MODEL,
        8080,
    ),
    "tei-command": (
        {"image": "mine:1", "command": ["text-embeddings-router"], "args": MODEL},
        ["text-embeddings-router", *MODEL, *PORT],
        8000,
    ),
    "tei-mirrored": ({"image": "registry.local/text-embeddings-inference:1", "args": MODEL}, MODEL, 8000),
    "tgi": ({"image": TGI, "args": MODEL, "resources": GPU}, [*MODEL, *PORT], 8000),
    "tgi-options": (
        {"image": TGI, "args": [*MODEL, "--num-shard", "2"], "resources": GPU},
        [*MODEL, "--num-shard", "2", *PORT],
        8000,
    ),
    "infinity": ({"image": INFINITY, "args": ["v2", *MODEL]}, ["v2", *MODEL, *PORT, *PREFIX], 8000),
    "infinity-by-name": ({"image": INFINITY, "modelName": "org/m"}, ["v2", *MODEL, *PORT, *PREFIX], 8000),
    "infinity-without-prefix": (
        {"image": INFINITY, "args": ["v2", *MODEL], "basePath": "/"},
        ["v2", *MODEL, *PORT],
        8000,
    ),
    "infinity-own-prefix": (
        {"image": INFINITY, "args": ["v2", *MODEL, "--url-prefix", "/v1", "--port", "7997"]},
        ["v2", *MODEL, "--url-prefix", "/v1", "--port", "7997"],
        7997,
    ),
    "lmdeploy": (
        {"image": LMDEPLOY, "modelName": "org/m", "resources": GPU},
        ["lmdeploy", "serve", "api_server", "org/m", "--server-port", "8000", "--model-name", "m", "--tp", "2"],
        8000,
    ),
    "lmdeploy-own": (
        {
            "image": LMDEPLOY,
            "command": ["lmdeploy", "serve", "api_server", "org/m", "--server-port", "23333", "--tp", "2"],
            "resources": GPU,
        },
        ["lmdeploy", "serve", "api_server", "org/m", "--server-port", "23333", "--tp", "2", "--model-name", "m"],
        23333,
    ),
    "ollama": ({"image": OLLAMA, "modelName": "qwen2.5:7b"}, [], 11434),
    "ollama-args": ({"image": OLLAMA, "args": ["serve"], "modelName": "qwen2.5:7b"}, ["serve"], 11434),
    "ollama-port": ({"image": OLLAMA, "containerPort": 11434}, [], 11434),
    "ollama-elsewhere": ({"image": OLLAMA, "env": [{"name": "OLLAMA_HOST", "value": "0.0.0.0:8080"}]}, [], 8080),
    "ollama-address-alone": ({"image": OLLAMA, "env": [{"name": "OLLAMA_HOST", "value": "0.0.0.0"}]}, [], 11434),
    "nim": ({"image": NIM, "resources": GPU}, [], 8000),
    "nim-port": ({"image": NIM, "env": [{"name": "NIM_SERVER_PORT", "value": "9000"}], "resources": GPU}, [], 9000),
}


@pytest.mark.parametrize(("fields", "line", "port"), LINES.values(), ids=LINES)
def test_what_is_written_is_kept_and_completed(
    render: Render, fields: dict[str, Any], line: list[str], port: int
) -> None:
    rendered = render(bare(**fields))
    assert (command_line(rendered), ports(rendered)["http"]) == (line, port)


PATHS = {
    TEI: ["/health"] * 3,
    TGI: ["/health"] * 3,
    INFINITY: ["/health"] * 3,
    LMDEPLOY: ["/health"] * 3,
    OLLAMA: ["/"] * 3,
    NIM: ["/v1/health/ready", "/v1/health/ready", "/v1/health/live"],
}


@pytest.mark.parametrize("image", PATHS)
def test_it_is_asked_at_its_own_paths(render: Render, image: str) -> None:
    container = engine(render(one(image=image)))
    probes = [container[f"{name}Probe"] for name in ("startup", "readiness", "liveness")]
    assert [probe["httpGet"]["path"] for probe in probes] == PATHS[image]


@pytest.mark.parametrize("image", PATHS)
def test_its_image_keeps_its_user_and_its_files(render: Render, image: str) -> None:
    rendered = render(one(image=image))
    context = engine(rendered).get("securityContext", {})
    assert "runAsUser" not in context
    assert not context.get("readOnlyRootFilesystem")
    assert "HOME" not in {each["name"] for each in engine(rendered).get("env", ())}


def test_a_cache_is_where_the_server_looks_for_it(render: Render) -> None:
    volumes = [{"name": "cache", "size": "1Gi", "mountPath": "/models/cache"}]
    found = {
        image: list(engine(render(one(image=image, persistentVolumes=volumes))).get("env", ()))
        for image in (TEI, TGI, OLLAMA, NIM)
    }
    assert found[TEI] == [{"name": "HUGGINGFACE_HUB_CACHE", "value": "/models/cache"}]
    assert found[TGI] == [{"name": "HF_HOME", "value": "/models/cache"}]
    assert (found[OLLAMA], found[NIM]) == ([], [])


KEYS: dict[str, tuple[str, list[str], str]] = {
    "tei": (TEI, [], "API_KEY"),
    "tgi": (TGI, [], "API_KEY"),
    "infinity": (INFINITY, [], "INFINITY_API_KEY"),
    "lmdeploy": (LMDEPLOY, ["--api-keys=$(LMDEPLOY_API_KEY)"], "LMDEPLOY_API_KEY"),
}


@pytest.mark.parametrize(("image", "words", "variable"), KEYS.values(), ids=KEYS)
def test_it_requires_the_key_that_the_gateway_sends(
    render: Render, image: str, words: list[str], variable: str
) -> None:
    rendered = render(one(image=image, apiKey={"name": "engine-keys", "key": "a"}))
    reference = {"name": variable, "valueFrom": {"secretKeyRef": {"name": "engine-keys", "key": "a"}}}
    assert reference in engine(rendered)["env"]
    assert [word for word in command_line(rendered) if "api" in word and word.startswith("--")] == words
    assert provider(rendered)["onwards_key"]


@pytest.mark.parametrize("image", [OLLAMA, NIM])
def test_one_that_may_cut_answers_is_noted(notes: Say, image: str) -> None:
    assert "no metric shows its running requests" in notes(one(image=image))


@pytest.mark.parametrize("image", [TEI, TGI, INFINITY, LMDEPLOY])
def test_one_that_finishes_them_is_not(notes: Say, image: str) -> None:
    assert "no metric shows its running requests" not in notes(one(image=image, resources=GPU))


def test_a_request_has_the_name_that_the_server_knows(render: Render) -> None:
    assert (
        pools(render(one(image=OLLAMA, modelName="qwen2.5:7b")))["m"]["providers"][0]["onwards_model"] == "qwen2.5:7b"
    )
    assert provider(render(one(image=LMDEPLOY, resources=GPU))).get("onwards_model", "m") == "m"


KINDS: dict[str, tuple[dict[str, Any], bool, str]] = {
    # the group; whether helm test asks it; the path that the notes show
    "engine": ({"image": TEI, "modelName": "org/m"}, True, "/v1/embeddings"),
    "said": ({"modelName": "org/m", "kind": "embedding"}, True, "/v1/embeddings"),
    "said-of-an-embedding-server": (
        {"image": INFINITY, "modelName": "org/m", "kind": "chat"},
        True,
        "/v1/chat/completions",
    ),
    "said-of-a-name": ({"modelName": "org/reranker-chat", "kind": "chat"}, True, "/v1/chat/completions"),
    "ranking": ({"image": TEI, "modelName": "BAAI/bge-reranker-v2-m3"}, False, ""),
    "said-to-be-audio": ({"modelName": "org/m", "kind": "audio"}, False, ""),
}


@pytest.mark.parametrize(("fields", "asked", "path"), KINDS.values(), ids=KINDS)
def test_a_model_is_asked_for_what_it_does(notes: Say, fields: dict[str, Any], asked: bool, path: str) -> None:
    shown = notes(one(**fields))
    assert ("is asked at" in shown) != asked
    assert path in shown


MINE = {"image": "mine:1"}
LISTENING: dict[str, tuple[dict[str, Any], int]] = {
    # the group, and the port that its server listens on
    "http-beside-grpc": ({**MINE, "args": ["--rest_port", "8001", "--port", "9000"]}, 8001),
    "http-behind-grpc": ({**MINE, "args": ["--port=9000", "--rest_port=8001"]}, 8001),
    "api-beside-page": ({**MINE, "args": ["--api-port", "5000", "--listen-port", "7860"]}, 5000),
    "bind": ({**MINE, "command": ["gunicorn", "-b", "0.0.0.0:8080", "app:app"]}, 8080),
    "bind-equals": ({**MINE, "command": ["gunicorn", "--bind=:8080", "app:app"]}, 8080),
    "known-program": ({**MINE, "command": ["xinference-local", "-H", "0.0.0.0", "-p", "9997"]}, 9997),
    "known-program-in-a-script": ({**MINE, "command": ["sh", "-c", "echo a; exec bentoml serve -p 3000 ."]}, 3000),
    "another-program": ({**MINE, "command": ["serve", "-p", "4096"]}, 8000),
    "another-address": ({**MINE, "command": ["serve", "--address", "head.example:6379"]}, 8000),
    "no-address": ({**MINE, "args": ["-b", "2048"]}, 8000),
    "variable": ({**MINE, "env": [{"name": "UVICORN_PORT", "value": "9001"}]}, 9001),
    "option-beside-variable": ({**MINE, "args": ["--port", "80"], "env": [{"name": "PORT", "value": "9001"}]}, 80),
    "said": ({**MINE, "containerPort": 8088, "env": [{"name": "PORT", "value": "9001"}]}, 8088),
}


@pytest.mark.parametrize(("fields", "port"), LISTENING.values(), ids=LISTENING)
def test_the_port_is_where_the_command_of_another_server_makes_it_listen(
    render: Render, fields: dict[str, Any], port: int
) -> None:
    assert ports(render(bare(**fields)))["http"] == port


@pytest.mark.parametrize(
    "repository",
    [
        "vllm/vllm-router",
        "ghcr.io/vllm-project/production-stack/router",
        "lmsysorg/sglang-router",
        "example/vllm-gateway",
    ],
)
def test_a_router_is_not_the_engine_that_it_is_named_after(render: Render, notes: Say, repository: str) -> None:
    values = bare(image=repository, tag="v1", args=["--worker-urls", "http://w:8000", "--port", "8080"])
    rendered = render(values)
    assert engine(rendered)["startupProbe"]["tcpSocket"] == {"port": "http"}
    assert "runAsUser" not in pod(rendered)["securityContext"]
    assert "it requests no GPU" not in notes(values)
