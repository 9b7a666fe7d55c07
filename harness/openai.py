"""Requests as an OpenAI client sends them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

ANSWER_SECONDS = 60.0
SETTLE_SECONDS = 15.0


class ApiError(Exception):
    """The gateway or the engine answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Client:
    """A client of one endpoint, such as `http://127.0.0.1:8080`."""

    url: str
    key: str = ""

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def models(self) -> list[str]:
        """The aliases that the endpoint offers."""
        answer = httpx.get(f"{self.url}/v1/models", headers=self._headers, timeout=ANSWER_SECONDS)
        return [model["id"] for model in _checked(answer)["data"]]

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait, at most so long, while a model gives 502: kube-proxy hears of a pod a moment after its change."""
        until = time.monotonic() + seconds
        for model in self.models():
            while time.monotonic() < until:
                try:
                    self.chat(model, "Hi", max_tokens=1)
                except ApiError as error:
                    if error.status == httpx.codes.BAD_GATEWAY:
                        time.sleep(0.2)
                        continue
                break

    def chat(self, model: str, question: str, max_tokens: int = 64) -> str:
        """The answer to one question, whole.

        Raises:
            ApiError: any answer but 200.
        """
        body = _question(model, question, max_tokens)
        answer = httpx.post(f"{self.url}/v1/chat/completions", json=body, headers=self._headers, timeout=ANSWER_SECONDS)
        return str(_checked(answer)["choices"][0]["message"]["content"])

    def stream(self, model: str, question: str, max_tokens: int = 64) -> Iterator[str]:
        """The answer to one question, piece by piece as it arrives.

        Raises:
            ApiError: any answer but 200, or a stream that ends without its `[DONE]`.
        """
        body = {**_question(model, question, max_tokens), "stream": True}
        url = f"{self.url}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, headers=self._headers, timeout=ANSWER_SECONDS) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ApiError(answer.status_code, answer.read().decode())
            for line in answer.iter_lines():
                data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                if data == "[DONE]":
                    return
                if data:
                    event = json.loads(data)
                    if "error" in event:
                        raise ApiError(answer.status_code, data)
                    for choice in event["choices"]:
                        if text := choice["delta"].get("content"):
                            yield text
        raise ApiError(answer.status_code, "the stream ended without [DONE]")

    def embed(self, model: str, text: str) -> list[float]:
        """The embedding of a text.

        Raises:
            ApiError: any answer but 200.
        """
        body = {"model": model, "input": text}
        answer = httpx.post(f"{self.url}/v1/embeddings", json=body, headers=self._headers, timeout=ANSWER_SECONDS)
        return [float(number) for number in _checked(answer)["data"][0]["embedding"]]


def _question(model: str, question: str, max_tokens: int) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": max_tokens,
        "temperature": 0,
    }


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise ApiError(answer.status_code, answer.text)
    body: dict[str, Any] = answer.json()
    return body
