"""Values with which the gateway would not start, or would panic at each request, are refused before."""

from __future__ import annotations

from typing import Any

import pytest

from harness.stack import routes
from tests.support import Render, Say


def provider(**fields: Any) -> dict[str, Any]:
    return {"externalProviders": {"o": {"preset": "openai", "modelAlias": ["m"], **fields}}}


def client(**fields: Any) -> dict[str, Any]:
    return {**provider(), "onwards": {"clientKeys": {"t": {"apiKey": "sk-1", **fields}}}}


def gateway(**fields: Any) -> dict[str, Any]:
    return {"onwards": fields}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "rate": (client(requestsPerSecond=5_000_000_000), "requestsPerSecond"),
    "rate-as-text": (client(requestsPerSecond="5000000000"), "requestsPerSecond"),
    "burst": (client(burst=2**32), "burst"),
    "concurrency": (client(concurrencyLimit=2**40), "concurrencyLimit"),
    "weight": (provider(weight=2**32), "weight"),
    "weight-of-nothing": (provider(weight=0), "weight"),
    "weight-of-nothing-as-text": (provider(weight="0"), "weight"),
    "attempts-as-text": (gateway(fallback={"maxAttempts": "0"}), "maxAttempts"),
    "port-as-text": (gateway(containerPort="0"), "containerPort"),
    "high-port-as-text": (gateway(containerPort="70000"), "containerPort"),
    "metrics-prefix": (gateway(metrics={"prefix": "-x"}), "prefix"),
    "metrics-prefix-with-a-digit": (gateway(metrics={"prefix": "9x"}), "prefix"),
    "joined-port": (gateway(extraArgs=["-p3001"]), "extraArgs"),
    "joined-watch-and-file": (gateway(extraArgs=["-wf", "/x"]), "extraArgs"),
    "argument-that-is-no-option": (gateway(extraArgs=["0.0.0.0:3000"]), "extraArgs"),
    "argument-behind-a-flag-of-no-value": (gateway(extraArgs=["--watch", "true"]), "extraArgs"),
    "first-token-timeout-of-hours": (
        {
            "modelGroups": {"a": {"enabled": True, "modelAlias": ["m"], "modelName": "org/m", "priority": 1}},
            **provider(),
            "routes": {"m": {"firstTokenTimeoutSeconds": 3601, "loadAware": True}},
        },
        "routes.m.firstTokenTimeoutSeconds",
    ),
    "translation-that-writes-nothing": (
        provider(reasoningTranslation={"chat_completions": {"writes": [{}]}}),
        "externalProviders.o.reasoningTranslation",
    ),
    "translation-without-writes": (
        provider(reasoningTranslation={"chat_completions": {}}),
        "externalProviders.o.reasoningTranslation",
    ),
    "translation-to-nowhere": (
        provider(
            reasoningTranslation={
                "chat_completions": {
                    "writes": [
                        {"values": dict.fromkeys(("none", "minimal", "low", "medium", "high", "xhigh", "max"), 1)}
                    ]
                }
            }
        ),
        "externalProviders.o.reasoningTranslation",
    ),
    "empty-argument": (gateway(extraArgs=[""]), "extraArgs"),
    "key-prefix-with-a-line-break": (provider(apiKey="k", apiKeyPrefix="a\nb"), "apiKeyPrefix"),
    "header-with-a-line-break": (provider(responseHeaders={"x": "a\r\nb"}), "responseHeaders"),
    "url-with-a-password": (provider(url="https://user:pass@llm.example.com/v1"), "externalProviders.o.url"),
    "url-with-a-user": (provider(url="https://user@llm.example.com/v1"), "externalProviders.o.url"),
    "url-with-a-port-that-is-none": (provider(url="https://llm.example.com:99999/v1"), "url"),
    "url-with-a-space": (provider(url="https://llm.example.com/v 1"), "url"),
}


@pytest.mark.parametrize(("values", "path"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused(refusal: Say, values: dict[str, Any], path: str) -> None:
    assert path in refusal(values)


def test_a_password_in_a_url_is_not_repeated(refusal: Say) -> None:
    assert "pa55" not in refusal(provider(url="https://user:pa55@llm.example.com/v1"))


@pytest.mark.parametrize(
    "values",
    [
        client(requestsPerSecond=999_999_999),
        provider(weight="7"),
        gateway(extraArgs=["-v"]),
        gateway(extraArgs=["--flag", "1"]),
    ],
)
def test_what_it_takes_is_taken(render: Render, values: dict[str, Any]) -> None:
    assert len(render(values))


def test_a_translation_that_rejects_no_effort_says_so(render: Render) -> None:
    """The gateway reads no configuration without that list."""
    efforts = dict.fromkeys(("none", "minimal", "low", "medium", "high", "xhigh", "max"), 1)
    own = {"writes": [{"target_path": "/reasoning/effort", "values": efforts}]}
    target = routes(render(provider(reasoningTranslation={"chat_completions": own})))["targets"]["m"]
    assert {"unsupported_efforts": [], **own} in [
        each["reasoning_translation"]["chat_completions"] for each in target["providers"]
    ]
