"""Known ways to bypass the OpenAI routes of the gateway and the engines, tried with a valid key.

The engine's log shows what is forwarded: it has a line for each request, with the sender's address.
"""

from __future__ import annotations

import http.client
import json
import re
from typing import Any

import pytest

from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed
from tests.cluster.load import node_port

KEY = "made-up-key"
SERVICES = {"vllm": "t-inference-stack-vllm", "sglang": "t-inference-stack-sglang"}
GATEWAY = "t-inference-stack-onwards"

# Paths of vLLM 0.33 and SGLang 0.5.23 that control the engine, expose its state, or use it without the OpenAI routes.
CONTROL = {
    "vllm": (
        *("abort_requests", "classify", "collective_rpc", "detokenize", "docs", "generative_scoring", "health"),
        *("init_weight_transfer_engine", "invocations", "is_sleeping", "load", "metrics", "openapi.json", "pause"),
        *("ping", "pooling", "rerank", "reset_mm_cache", "reset_prefix_cache", "resume", "scale_elastic_ep", "score"),
        *("server_info", "sleep", "start_profile", "stop_profile", "tokenize", "update_weights", "version", "wake_up"),
        *("v1/audio/transcriptions", "v1/load_lora_adapter", "v1/unload_lora_adapter", "v1/rerank", "v2/rerank"),
    ),
    "sglang": (
        *("abort_request", "classify", "clear_hicache_storage_backend", "close_session", "configure_logging"),
        *("continue_generation", "encode", "flush_cache", "generate", "get_internal_state", "get_model_info"),
        *("get_server_info", "get_weights_by_name", "health", "health_generate", "init_weights_update_group"),
        *("load_lora_adapter", "load_lora_adapter_from_tensors", "metrics", "open_session", "pause_generation"),
        *("ready", "release_memory_occupation", "resume_memory_occupation", "set_internal_state", "slow_down"),
        *("start_profile", "stop_profile", "unload_lora_adapter", "update_weights_from_disk", "v1/rerank"),
        *("update_weights_from_distributed", "update_weights_from_tensor", "v1/score", "vertex_generate"),
    ),
}

# Spellings of a path that a proxy might forward and the engine accept.
SPELLINGS = (
    "/{path}",
    "//{path}",
    "/v1/{path}",
    "/v1/../{path}",
    "/v1/%2e%2e/{path}",
    "/v1/%2E%2E%2F{path}",
    "/v1/..%2f{path}",
    "/v1/chat/../../{path}",
    "/v1/chat/completions/../../../{path}",
    "/v1/chat/completions/%2e%2e/%2e%2e/%2e%2e/{path}",
    "/v1/chat/completions/..;/{path}",
    "/v1/http://{service}:8000/{path}",
    "/http://{service}:8000/{path}",
    "http://{service}:8000/{path}",
    "/v1/models/../../{path}",
)
METHODS = ("GET", "POST")

VALUES: dict[str, Any] = {
    "onwards": {"service": {"type": "NodePort"}, "clientKeys": {"client": {"apiKey": KEY}}},
    "modelGroups": {
        engine: {
            "enabled": True,
            "engine": engine,
            "modelName": f"demo/{engine}",
            "modelAlias": [engine],
            "env": [{"name": "STANDIN_LOAD_SECONDS", "value": "0"}, {"name": "STANDIN_ANSWER", "value": "Served."}],
        }
        for engine in SERVICES
    },
}


@pytest.fixture(scope="module")
def installed(install_for_all: Install) -> Installed:
    return install_for_all(VALUES)


@pytest.mark.parametrize("engine", SERVICES)
def test_no_control_path_reaches_an_engine(engine: str, installed: Installed) -> None:
    kubectl = installed.stack.kubectl
    address = node_port(kubectl, GATEWAY)
    accepted = []
    for path in CONTROL[engine]:
        for spelling in SPELLINGS:
            for method in METHODS:
                written = spelling.format(path=path, service=SERVICES[engine])
                status = send(address, method, written, engine)
                if not 400 <= status < 500:
                    accepted.append((method, written, status))
    assert not accepted
    assert forwarded_requests(kubectl, engine) == []
    # The check of the log is effective: it finds a request that is forwarded.
    assert send(address, "POST", "/v1/chat/completions", engine) == 200
    assert forwarded_requests(kubectl, engine) == ["POST /v1/chat/completions"]


def send(address: tuple[str, int], method: str, path: str, model: str) -> int:
    """The status of a request whose path is sent unchanged."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Let me in"}], "max_tokens": 1})
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (
        ("Authorization", f"Bearer {KEY}"),
        ("Content-Type", "application/json"),
        ("model-override", model),
        ("Content-Length", str(len(body))),
    ):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    status = connection.getresponse().status
    connection.close()
    return status


def forwarded_requests(kubectl: Kubectl, engine: str) -> list[str]:
    """Requests in the engine's log that come from the gateway's pods; the kubelet's probes have other addresses."""
    gateways = {pod["status"]["podIP"] for pod in kubectl.items("pods", "app.kubernetes.io/component=onwards")}
    lines = re.findall(r'(\S+):\d+ - "(\S+ \S+) HTTP', kubectl.logs(f"deployment/{SERVICES[engine]}"))
    return [request for address, request in lines if address in gateways]
