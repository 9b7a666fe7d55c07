"""What the gateway cannot ask: TLS, sockets and gRPC; other base paths; models without a route of the gateway's."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import load
from harness.presets import images
from tests.chart.accessors import FULLNAME, bare, engine, one, pools
from tests.support import Render, Say

VLLM, SGLANG, LLAMA, TRITON = (str(images()[engine]) for engine in ("vllm", "sglang", "llama-cpp", "triton"))
TLS = ["--ssl-keyfile", "/tls/tls.key", "--ssl-certfile", "/tls/tls.crt"]
HTTPS = {"httpGet": {"path": "/health", "port": "http", "scheme": "HTTPS"}}

UNREACHABLE: dict[str, tuple[dict[str, Any], str]] = {
    "vllm-tls": (one(image=VLLM, args=TLS), "--ssl-certfile and --ssl-keyfile would make the engine accept TLS only"),
    "vllm-tls-equals": (one(image=VLLM, args=["--ssl_keyfile=/k"]), "--ssl-keyfile would make the engine accept TLS"),
    "vllm-tls-in-a-script": (
        one(image=VLLM, command=["sh", "-c", "vllm serve org/m --ssl-keyfile /k --ssl-certfile /c"]),
        "--ssl-certfile and --ssl-keyfile would make",
    ),
    "sglang-tls": (one(image=SGLANG, args=TLS), "--ssl-certfile and --ssl-keyfile would make"),
    "llama-tls": (
        one(image=LLAMA, args=["--ssl-key-file", "/k", "--ssl-cert-file", "/c"]),
        "--ssl-cert-file and --ssl-key-file would make",
    ),
    "another-servers-tls": (bare(image="mine:1", args=TLS), "--ssl-certfile and --ssl-keyfile would make"),
    "probe-by-tls": (bare(image="mine:1", livenessProbe=HTTPS), "livenessProbe.httpGet.scheme: it says"),
    "probe-of-a-known-engine-by-tls": (one(readinessProbe=HTTPS), "readinessProbe.httpGet.scheme: it says"),
    "vllm-socket": (one(image=VLLM, args=["--uds", "/tmp/s"]), "--uds would make the engine listen on a socket file"),
    "llama-socket": (
        bare(image=LLAMA, args=["-m", "/x.gguf", "--host=/run/llama.sock"]),
        "--host would make the engine listen on a socket file, which the gateway cannot reach.\n"
        "Please set:\n  modelGroups:\n    a:\n      args:\n      - -m\n      - /x.gguf\n",
    ),
    "vllm-grpc": (one(image=VLLM, args=["--grpc"]), "--grpc would make the engine speak gRPC"),
    "sglang-grpc": (one(image=SGLANG, args=["--grpc-mode"]), "--grpc-mode would make the engine speak gRPC"),
}


@pytest.mark.parametrize(("values", "why"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_an_engine_that_does_not_speak_plain_http_is_refused(refusal: Say, values: dict[str, Any], why: str) -> None:
    assert why in refusal(values)


LOOPBACK: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # fields; what to set
    "vllm": (
        {"image": VLLM, "args": ["--model", "org/m", "--host", "127.0.0.1"]},
        {"args": ["--model", "org/m", "--host", "0.0.0.0"]},
    ),
    "equals": (
        {"image": VLLM, "args": ["--host=localhost", "--model=org/m"]},
        {"args": ["--host=0.0.0.0", "--model=org/m"]},
    ),
    "llama": (
        {"image": LLAMA, "command": ["/app/llama-server", "-m", "/x.gguf", "--host", "::1"]},
        {"command": ["/app/llama-server", "-m", "/x.gguf", "--host", "0.0.0.0"]},
    ),
    "lmdeploy": (
        {"image": "openmmlab/lmdeploy:v0.18.0", "args": ["org/m", "--server-name", "127.0.0.1"]},
        {"args": ["org/m", "--server-name", "0.0.0.0"]},
    ),
    "script": (
        {"command": ["sh", "-c", 'vllm serve org/m --host "127.0.0.1" --port 8000']},
        {"command": ["sh", "-c", 'vllm serve org/m --host "0.0.0.0" --port 8000']},
    ),
    "text": (
        {"image": VLLM, "args": "--model org/m --host 127.0.0.1"},
        {"args": ["--model", "org/m", "--host", "0.0.0.0"]},
    ),
}


@pytest.mark.parametrize(("fields", "fix"), LOOPBACK.values(), ids=LOOPBACK)
def test_an_engine_that_listens_inside_of_its_pod_is_refused(
    render: Render, refusal: Say, fields: dict[str, Any], fix: dict[str, Any]
) -> None:
    said = refusal(bare(**fields))
    assert "would make the engine listen inside of its pod only" in said
    assert load(said.partition("Please set:\n")[2].partition("\nUse --debug")[0])["modelGroups"]["a"] == fix
    assert render(bare(**{**fields, **fix}))


PROXY = {"name": "proxy", "image": "nginx:1", "ports": [{"name": "web", "containerPort": 80}]}


@pytest.mark.parametrize(
    "fields",
    [
        {"args": ["--model", "org/m", "--host", "127.0.0.1"], "containers": [PROXY], "service": {"targetPort": "web"}},
        {
            "args": ["--model", "org/m", "--host", "127.0.0.1"],
            "initContainers": [{**PROXY, "restartPolicy": "Always"}],
            "service": {"targetPort": 80},
        },
        {"command": ["sh", "-c", "vllm serve org/m --host 127.0.0.1 --port 9 & serve --host 0.0.0.0 --port 8000"]},
        {"args": ["--model", "org/m", "--host", "0.0.0.0"]},
        {"args": ["--model", "org/m", "--host", "::"]},
        {"image": "mine:1", "command": ["proxy", "--host", "127.0.0.1", "--listen", "0.0.0.0:8000"]},
    ],
    ids=["sidecar", "native-sidecar", "server-in-front", "all", "all-of-ipv6", "of-another-meaning"],
)
def test_an_engine_that_is_reached_is_accepted(render: Render, fields: dict[str, Any]) -> None:
    assert render(bare(**{"image": VLLM, **fields}))


def test_an_engine_behind_its_sidecar_is_probed_there(render: Render, refusal: Say) -> None:
    fields = {"image": VLLM, "args": ["--model", "org/m", "--host", "127.0.0.1"], "containers": [PROXY]}
    container = engine(render(bare(**fields, service={"targetPort": "web"})))
    assert [container[f"{kind}Probe"]["tcpSocket"] for kind in ("startup", "liveness")] == [{"port": 80}] * 2
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": 80}
    assert "would make the engine listen inside of its pod only" in refusal(bare(**fields))


BASES = {"/v1": "/v1", "/v3": "/v3", "/": "", "/openai/v1/": "/openai/v1", None: "/v1"}


@pytest.mark.parametrize(("base", "path"), BASES.items())
def test_routes_end_in_the_base_path(render: Render, base: str | None, path: str) -> None:
    rendered = render(bare(image="openvino/model_server:2025.2-gpu", basePath=base))
    assert pools(rendered)["m"]["providers"][0]["url"] == f"http://{FULLNAME}-a:8000{path}"


def test_each_replica_has_the_base_path(render: Render) -> None:
    rendered = render(bare(image="mine:1", basePath="/v3", balancing="perReplica", replicaCount=2))
    urls = [each["url"] for each in pools(rendered)["m"]["providers"]]
    assert urls == [f"http://{FULLNAME}-a-{at}.{FULLNAME}-a-replicas:8000/v3" for at in (0, 1)]


@pytest.mark.parametrize("base", ["v3", "/v 3", "/v3?x=1", "http://x/v3"])
def test_a_base_path_is_a_path(refusal: Say, base: str) -> None:
    assert "/modelGroups/a/basePath" in refusal(bare(image="mine:1", basePath=base))


OLD = "vllm/vllm-openai:v0.8.0"
OTHER: dict[str, tuple[dict[str, Any], str]] = {
    "whisper": ({"modelName": "openai/whisper-large-v3"}, "/v1/audio"),
    "faster-whisper": (
        {"image": "ghcr.io/speaches-ai/speaches:0.8.3-cpu", "modelName": "Systran/faster-whisper-small"},
        "/v1/audio",
    ),
    "speaches-without-a-model": ({"image": "ghcr.io/speaches-ai/speaches:0.8.3-cpu", "modelName": ""}, "/v1/audio"),
    "speech": ({"image": "mine:1", "modelName": "hexgrad/Kokoro-82M"}, "/v1/audio"),
    "tts": ({"image": "mine:1", "modelName": "org/Voice-TTS-1.7B"}, "/v1/audio"),
    "reranker": (
        {"modelName": "BAAI/bge-reranker-v2-m3", "image": OLD, "args": ["--task", "score"]},
        "/v1/rerank and /v1/score",
    ),
    "score": ({"image": OLD, "args": ["--task=score"]}, "/v1/rerank and /v1/score"),
    "classify": ({"args": ["--runner", "pooling", "--convert", "classify"]}, "/v1/rerank and /v1/score"),
    "llama-reranker": ({"image": LLAMA, "args": ["--reranking"]}, "/v1/rerank and /v1/score"),
    "diffusion": (
        {"command": ["sglang", "serve", "--model-path", "Wan-AI/Wan2.1-T2V-14B-Diffusers"]},
        "/v1/images and /v1/videos",
    ),
    "image": ({"image": "mine:1", "modelName": "black-forest-labs/FLUX.1-dev"}, "/v1/images and /v1/videos"),
}
CHAT = {"enabled": True, "modelAlias": ["chat"], "modelName": "Qwen/Qwen3-8B"}


def questions(rendered: Any) -> str:
    """The arguments of `helm test`, which name every alias that it asks."""
    job = rendered["Job", f"{FULLNAME}-onwards-test"]
    return " ".join(job["spec"]["template"]["spec"]["containers"][0]["args"])


@pytest.mark.parametrize(("fields", "paths"), OTHER.values(), ids=OTHER)
def test_a_model_without_a_route_is_noted_and_not_asked(
    render: Render, notes: Say, fields: dict[str, Any], paths: str
) -> None:
    values = {"modelGroups": {"chat": CHAT, **one(**{"modelAlias": ["other"], **fields})["modelGroups"]}}
    assert f"modelGroups.a: its model is asked at {paths}, where the gateway answers 404" in notes(values)
    assert ('"chat"' in questions(render(values)), '"other"' in questions(render(values))) == (True, False)


CHATS: list[dict[str, Any]] = [
    {"modelName": "Qwen/Qwen3-8B", "args": ["--chat-template", "/templates/attsend.jinja"]},
    {"modelName": "mistralai/Voxtral-Mini-3B-2507"},
    {"modelName": "Qwen/Qwen2.5-VL-7B-Instruct", "args": ["--limit-mm-per-prompt.image", "2"]},
    {"modelName": "BAAI/bge-m3", "args": ["--runner", "pooling"]},
]


@pytest.mark.parametrize("fields", CHATS, ids=lambda fields: str(fields["modelName"]))
def test_other_models_are_asked(render: Render, notes: Say, fields: dict[str, Any]) -> None:
    assert "is asked at" not in notes(one(**fields))
    assert '"m"' in questions(render(one(**fields)))


def test_outside_strict_mode_only_forms_need_a_word(notes: Say) -> None:
    open_gateway = {"onwards": {"strictMode": False}}
    assert "header model-override" in notes({**one(modelName="openai/whisper-1"), **open_gateway})
    assert "is asked at" not in notes({**one(modelName="BAAI/bge-reranker-v2-m3"), **open_gateway})


HINTS: dict[str, tuple[dict[str, Any], str]] = {
    "model-not-told": (
        {"image": "localai/localai:v3.8.0", "modelName": "org/m"},
        "its args, env or image have to make it serve org/m on 0.0.0.0:8000",
    ),
    "ollama-port": ({"image": "ollama/ollama:0.33.0", "containerPort": 9000}, "set containerPort: 11434"),
    "localai-port": ({"image": "localai/localai:v3.8.0"}, "set containerPort: 8080"),
    "model-server": ({"image": "openvino/model_server:2025.2-gpu"}, "set basePath: /v3"),
    "nim": ({"image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"}, "podSecurityContext: {fsGroup: 1000}"),
}
HEEDED: dict[str, dict[str, Any]] = {
    "model-not-told": {"args": ["--model-id", "org/m"]},
    "ollama-port": {"env": [{"name": "OLLAMA_HOST", "value": "0.0.0.0:9000"}]},
    "localai-port": {"containerPort": 8080},
    "model-server": {"basePath": "/v3"},
    "nim": {"podSecurityContext": {"fsGroup": 1000}},
}


@pytest.mark.parametrize("name", HINTS)
def test_what_is_known_of_an_image_is_noted_until_it_is_heeded(notes: Say, name: str) -> None:
    fields, hint = HINTS[name]
    assert (hint in notes(bare(**fields)), hint in notes(bare(**{**fields, **HEEDED[name]}))) == (True, False)


def test_an_engine_without_openai_routes_is_open_to_the_namespace(render: Render) -> None:
    rendered = render(one(image=TRITON, modelName="/models"))
    ingress = rendered["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    opened = [rule for rule in ingress if {"podSelector": {}} in rule["from"]]
    assert any({"port": "http", "protocol": "TCP"} in rule["ports"] for rule in opened)
