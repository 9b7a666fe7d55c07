"""The reasoning effort of a request, as the engine behind the gateway receives it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from harness.presets import images
from tests.cluster.conftest import Install
from tests.cluster.tiny import gateway

ECHO = """
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        received = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": json.dumps(received)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        self.answer({"id": "echo", "object": "chat.completion", "created": 0, "model": received["model"],
                     "choices": [choice], "usage": usage})

http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
"""Not an engine: a server that answers with the request it received, to show what the gateway forwards."""


def echo(alias: str, **fields: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "engine": "custom",
        "image": str(images()["vllm"]),
        "command": ["python3", "-c", ECHO],
        "modelAlias": [alias],
        **fields,
    }


def test_an_effort_reaches_the_engine_as_an_argument_of_its_chat_template(install: Install) -> None:
    installed = install(
        {
            "modelGroups": {
                "plain": echo("plain"),
                "switch": echo("switch", reasoningTranslation="enable_thinking"),
            }
        }
    )
    with gateway(installed) as client:
        received = {
            (alias, effort): json.loads(_send(client.url, alias, effort))
            for alias in ("plain", "switch")
            for effort in ("none", "high")
        }
        refused = httpx.post(
            f"{client.url}/v1/chat/completions",
            json={**_body("switch"), "chat_template_kwargs": {"enable_thinking": True}},
        )
    assert received["plain", "high"]["reasoning_effort"] == "high"
    assert received["plain", "none"]["reasoning_effort"] == "none"
    assert "chat_template_kwargs" not in received["plain", "high"]
    assert received["switch", "high"]["chat_template_kwargs"] == {"enable_thinking": True}
    assert received["switch", "none"]["chat_template_kwargs"] == {"enable_thinking": False}
    assert refused.status_code == httpx.codes.BAD_REQUEST


def _body(alias: str) -> dict[str, Any]:
    return {"model": alias, "messages": [{"role": "user", "content": "Hello"}]}


def _send(url: str, alias: str, effort: str) -> str:
    answer = httpx.post(f"{url}/v1/chat/completions", json={**_body(alias), "reasoning_effort": effort})
    answer.raise_for_status()
    return str(answer.json()["choices"][0]["message"]["content"])
