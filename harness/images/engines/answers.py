"""An answer that costs nothing: for tests that send hundreds of requests a second, and check who answered whom."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from itertools import cycle, islice
from typing import Any


class FixedAnswer:
    """The words of a text, over and over, one a token, up to `max_tokens`; `ask` and `stream` are as `Backend`'s."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def ask(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        words = self._words(body)
        text = "".join(words)
        chat = path.endswith("chat/completions")
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        answer = self._part("chat.completion" if chat else "text_completion", {**choice, "finish_reason": "length"})
        return 200, {**answer, "usage": self._usage(words)}

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        words = self._words(body)
        chat = path.endswith("chat/completions")
        kind = "chat.completion.chunk" if chat else "text_completion"
        for at, word in enumerate(words, start=1):
            choice = {"delta": {"role": "assistant", "content": word}} if chat else {"text": word}
            yield self._part(kind, {**choice, "finish_reason": "length" if at == len(words) else None})
        yield {**self._part(kind), "usage": self._usage(words)}

    def _words(self, body: dict[str, Any]) -> list[str]:
        return [f"{word} " for word in islice(cycle(self._text.split()), body["max_tokens"])]

    def _part(self, kind: str, *choices: dict[str, Any]) -> dict[str, Any]:
        numbered = [{"index": 0, **choice} for choice in choices]
        return {"id": "fixed", "object": kind, "created": int(time.time()), "model": "", "choices": numbered}

    def _usage(self, words: list[str]) -> dict[str, int]:
        return {"prompt_tokens": 1, "completion_tokens": len(words), "total_tokens": len(words) + 1}
