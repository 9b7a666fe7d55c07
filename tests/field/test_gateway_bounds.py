"""Values that Kubernetes accepts and the gateway ends at, or answers nothing with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Say

PROVIDER = {"preset": "openai", "modelAlias": "m"}


def provider(**fields: Any) -> dict[str, Any]:
    return {"externalProviders": {"o": {**PROVIDER, **fields}}}


def gateway(**fields: Any) -> dict[str, Any]:
    return {**provider(), "onwards": fields}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "rate-above-u32": (
        gateway(clientKeys={"t": {"apiKey": "sk-1", "requestsPerSecond": 5_000_000_000}}),
        "requestsPerSecond",
    ),
    "weight-above-u32": (provider(weight=4_294_967_296), "weight"),
    "weight-above-u32-as-text": (provider(weight="4294967296"), "weight"),
    "weight-0-as-text": (provider(weight="0"), "weight"),
    "attempts-0-as-text": (gateway(fallback={"maxAttempts": "0"}), "maxAttempts"),
    "port-0-as-text": (gateway(containerPort="0"), "containerPort"),
    "port-above-65535-as-text": (gateway(containerPort="70000"), "containerPort"),
    "prefix-like-a-flag": (gateway(metrics={"prefix": "-x"}), "prefix"),
    "short-flag-with-its-value": (gateway(extraArgs=["-p3001"]), "onwards.extraArgs"),
    "short-flags-joined": (gateway(extraArgs=["-wf"]), "onwards.extraArgs"),
    "empty-flag": (gateway(extraArgs=[""]), "extraArgs"),
    "line-break-in-a-prefix": (provider(apiKey="k", apiKeyPrefix="a\nb"), "apiKeyPrefix"),
}


@pytest.mark.parametrize(("values", "path"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_its_path(refusal: Say, values: dict[str, Any], path: str) -> None:
    assert path in refusal(values)
