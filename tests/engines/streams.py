"""Streams that are open while a test changes the pods behind them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

TOKENS = 220


def end_of_stream(url: str, model: str, tokens: int = TOKENS) -> str:
    """Why an answer of so many tokens ended: "length" if it is complete, "cut" without a reason, else the error."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Tell me a joke"}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
    }
    try:
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=120) as answer:
            events = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: {")]
    except httpx.HTTPError as error:
        return f"cut: {type(error).__name__}"
    reasons = [choice.get("finish_reason") for event in events for choice in json.loads(event).get("choices", ())]
    return next((reason for reason in reasons if reason), "cut")


def end_of_streams(url: str, model: str, most: int = 60) -> str:
    """Why the first of several streams, one after the other, was cut; "length" if none was."""
    ends = (end_of_stream(url, model) for _ in range(most))
    return next((end for end in ends if end != "length"), "length")


@contextmanager
def open_streams(url: str, model: str, count: int, tokens: int = TOKENS) -> Iterator[list[str]]:
    """Streams that are open when the body begins; how each ended is in the list when it is over."""
    ends: list[str] = []
    threads = [threading.Thread(target=lambda: ends.append(end_of_stream(url, model, tokens))) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        yield ends
    finally:
        for thread in threads:
            thread.join()
