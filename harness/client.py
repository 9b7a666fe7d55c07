"""Requests through the gateway by OpenAI's own client: the calls that the demo and the cluster's tests make."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from openai import APIStatusError, Omit, OpenAI

ANSWER_SECONDS = 60.0
SETTLE_SECONDS = 15.0


class Client:
    """A client of one endpoint, such as `http://127.0.0.1:8080`.

    Every method raises `openai.APIError`, and `openai.APIStatusError` with a `status_code` where that is not 200.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self._api = OpenAI(base_url=f"{url}/v1", api_key=key or "none", max_retries=0, timeout=ANSWER_SECONDS)
        self._headers: dict[str, str | Omit] = {} if key else {"Authorization": Omit()}

    def models(self) -> list[str]:
        """The aliases that the endpoint offers."""
        return [model.id for model in self._api.models.list(extra_headers=self._headers)]

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait, at most so long, while a model gives 502: kube-proxy hears of a pod a moment after its change."""
        until = time.monotonic() + seconds
        for model in self.models():
            while time.monotonic() < until:
                try:
                    self.chat(model, "Hi", max_tokens=1)
                except APIStatusError as error:
                    if error.status_code == HTTPStatus.BAD_GATEWAY:
                        time.sleep(0.2)
                        continue
                break

    def chat(self, model: str, question: str, max_tokens: int = 64) -> str:
        """The complete answer to one question."""
        answer = self._ask(model, question, max_tokens)
        return str(answer.choices[0].message.content)

    def stream(self, model: str, question: str, max_tokens: int = 64) -> Iterator[str]:
        """The answer to one question, piece by piece as it arrives."""
        with self._ask(model, question, max_tokens, stream=True) as answer:
            for chunk in answer:
                yield from (choice.delta.content for choice in chunk.choices if choice.delta.content)

    def embed(self, model: str, text: str) -> list[float]:
        """The embedding of a text."""
        answer = self._api.embeddings.create(model=model, input=text, extra_headers=self._headers)
        return answer.data[0].embedding

    def _ask(self, model: str, question: str, max_tokens: int, **more: Any) -> Any:
        return self._api.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": question}],
            max_tokens=max_tokens,
            temperature=0,
            extra_headers=self._headers,
            **more,
        )
