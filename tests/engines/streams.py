"""Streams that are open while a test changes the pods behind them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

TOKENS = 220
REFUSED = "refused"


@dataclass(frozen=True)
class Stream:
    """An answer: when it began and ended, by this machine's clock, and how, as `end_of_stream` says it."""

    began: float
    ended: float
    how: str


def end_of_stream(url: str, model: str, tokens: int = TOKENS) -> str:
    """Why an answer of so many tokens ended: "length" if it is complete, "cut" without a reason, else the error.

    `REFUSED` is one that never began, because the gateway had no engine for it.
    """
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Tell me a joke"}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
    }
    try:
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=120) as answer:
            if answer.status_code in (502, 503):
                return REFUSED
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
def open_streams(
    url: str, model: str, count: int, tokens: int = TOKENS, *, repeat: bool = False
) -> Iterator[list[Stream]]:
    """Streams that are open when the body begins; all of them, how they ended, are in the list when it is over.

    With `repeat`, another follows each that ends, until the body is over: as many are open all the time.
    """
    streams: list[Stream] = []
    over = threading.Event()

    def send() -> None:
        while True:
            began = time.monotonic()
            how = end_of_stream(url, model, tokens)
            streams.append(Stream(began, time.monotonic(), how))
            if not repeat or over.wait(0.1):
                return

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        yield streams
    finally:
        over.set()
        for thread in threads:
            thread.join()
