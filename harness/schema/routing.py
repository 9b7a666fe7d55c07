"""The gateway's configuration of engines, external providers, clients and aliases."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import (
    Schema,
    boolean,
    described,
    either,
    integer,
    listing,
    mapping,
    number,
    obj,
    open_map,
    optional,
    settings,
    text,
)

PRESETS = (
    *("openai", "anthropic", "azure-openai", "deepseek", "fireworks", "gemini", "groq", "mistral", "openrouter"),
    "together",
)
REASONING = "^(enable_thinking|thinking)?$"
HEADER = "^[A-Za-z0-9-]*$"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Reasoning efforts, and where they may be written to: Onwards' reasoning.rs, which refuses any other at its start."""
EFFORT_TARGET = (
    "^/(reasoning_effort|thinking_token_budget|(reasoning|thinking)(/[A-Za-z0-9_-]+){0,7}"
    "|chat_template_kwargs/(thinking|enable_thinking))$"
)
ONE_LINE = "^[^\\x00-\\x1f\\x7f]*$"
"""Text of an HTTP header; Onwards panics at each request whose header has a control character (its handlers.rs)."""
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\x00-,/:-@\[-^`{-\x7f]+)"
_PORT = f"([0-9]{{1,4}}|{common.FIVE_DIGIT_PORT})"
URL = rf"^(https?://([^/?#\s]*@)?{_HOST}(:{_PORT})?(/[^?#\s]*)?)?$"
"""A base URL that the url crate takes. Userinfo is refused by the chart, which does not print it, as Helm would."""


def secret_reference() -> Schema:
    return settings(
        name=described("Name of the Secret that holds the key.", text()),
        key=described("Key of the entry in that Secret.", text()),
    )


def api_key() -> Schema:
    return either(text(), secret_reference())  # a long number would lose digits


def reasoning_translation() -> Schema:
    """A name, or Onwards' own form; closed, because the gateway itself ignores unknown keys."""
    write = obj(
        target_path=described("JSON pointer to the request field to write.", text(pattern=EFFORT_TARGET)),
        values=described(
            "Value to write, by effort.",
            {**open_map(), "propertyNames": {"enum": list(EFFORTS)}, "minProperties": 1},
        ),
    )
    surface = obj(
        unsupported_efforts=described("Efforts to reject.", listing(text(*EFFORTS))),
        writes=described("Fields to write into the request.", {**listing(write), "minItems": 1}),
    )
    own = obj(
        chat_completions=described("Translation for chat completions.", optional(surface)),
        responses=described("Translation for responses.", optional(surface)),
    )
    return either(text(pattern=REASONING), {**own, "minProperties": 1})


def endpoint() -> dict[str, Schema]:
    """Keys of both model groups and external providers."""
    return {
        "modelAlias": common.words(),
        "modelName": common.word(),
        "weight": common.count(1),
        "priority": common.count(0),
        "concurrencyLimit": common.count(0),
        "requestTimeoutSeconds": common.seconds(),
        "apiKey": api_key(),
        "apiKeyHeader": text(pattern=HEADER),
        "apiKeyPrefix": text(pattern=ONE_LINE),
        "responseHeaders": mapping(optional({**common.scalar(), "pattern": ONE_LINE})),
        "reasoningTranslation": reasoning_translation(),
    }


PROVIDER_PROSE = {
    "modelAlias": "Model names that clients request.",
    "modelName": "The provider's name of the model; empty is the requested alias.",
    "weight": "Relative share of the requests of an alias that several groups or providers serve.",
    "priority": "Failover order within an alias; 0 is tried first.",
    "concurrencyLimit": "Maximum concurrent requests from each gateway pod; 0 is unlimited.",
    "requestTimeoutSeconds": "Timeout until the answer begins, in seconds; 0 is no timeout.",
    "apiKey": "API key of the provider: {name, key} of a Secret, or the key itself for testing.",
    "apiKeyHeader": "Header of the API key; empty is the preset's, else Authorization.",
    "apiKeyPrefix": 'Prefix of the API key; empty is "Bearer " for Authorization, and none for others.',
    "responseHeaders": "Additional headers of responses.",
    "reasoningTranslation": "Translation of reasoning_effort, as in a model group.",
}


def providers() -> Schema:
    """`externalProviders`: by name; null removes one."""
    shared = {name: described(PROVIDER_PROSE[name], schema) for name, schema in endpoint().items()}
    return mapping(
        optional(
            settings(
                enabled=described("Route its aliases to this provider; true if it is not set.", boolean()),
                preset=described("A known provider, which sets url and header.", text("", *PRESETS)),
                url=described(
                    "Base URL of its OpenAI API, including /v1 or its equivalent.",
                    text(pattern=URL),
                ),
                **shared,
            )
        )
    )


def fallback() -> dict[str, Schema]:
    return {
        "enabled": boolean(),
        "onStatus": listing(integer(1, 599)),
        "onRateLimit": boolean(),
        "maxAttempts": common.count(1),
        "backoff": settings(initialMilliseconds=common.count(0), maxMilliseconds=common.count(0)),
    }


def _limits() -> dict[str, Schema]:
    return {
        "requestsPerSecond": described("Requests per second, for each gateway pod; 0 is unlimited.", common.count(0)),
        "burst": described("Burst size of the rate limit; 0 is requestsPerSecond.", common.count(0)),
        "concurrencyLimit": described(
            "Maximum concurrent requests, each counted until its answer begins; 0 is unlimited.",
            common.count(0),
        ),
    }


def client_keys() -> Schema:
    """`onwards.clientKeys`: by name; null removes one."""
    return mapping(
        optional(
            settings(
                apiKey=described("API key of the client: {name, key} of a Secret, or the key itself.", api_key()),
                labels=described("Labels that routing rules of the gateway can match.", common.strings()),
                **_limits(),
                allowedAliases=described("Aliases that the client may use; empty is all.", common.words()),
            )
        )
    )


def load_aware() -> Schema:
    """Onwards' AimdConfig (its aimd.rs), whose defaults hold for what is absent."""
    share = {**number(), "exclusiveMinimum": 0, "maximum": 1}
    return settings(
        latencyBudgetSeconds=described("Time to the first token that is too slow, in seconds; 10.", integer(1, 3600)),
        breachRateTarget=described(
            "Share of slow answers to tolerate; 0.05.", {**number(), "minimum": 0, "exclusiveMaximum": 1}
        ),
        windowSamples=described("Number of latest answers that count; 200.", integer(2, 100_000)),
        minSamples=described("Fewest answers to decide by; 50.", integer(2, 100_000)),
        shareStep=described("Share that the first member gets back at a time; 0.02.", share),
        shareDecay=described("Factor by which its share shrinks at a time; 0.8.", {**share, "exclusiveMaximum": 1}),
        shareFloor=described("Least share of the first member; 0.05.", share),
        dwellSeconds=described("Time between two changes, in seconds; 30.", integer(1, 86_400)),
    )


def routes() -> Schema:
    """`routes`: by alias; null removes one."""
    own = {
        "enabled": described("Retry.", boolean()),
        "onStatus": described("Status codes that are retried.", listing(integer(1, 599))),
        "onRateLimit": described("Also try another one when one is at its limit.", boolean()),
        "maxAttempts": described("Maximum number of attempts, including the first.", common.count(1)),
        "backoff": described(
            "Delay between attempts.",
            settings(
                initialMilliseconds=described("Delay before the second attempt, in milliseconds.", common.count(0)),
                maxMilliseconds=described("Maximum delay, in milliseconds.", common.count(0)),
            ),
        ),
    }
    return mapping(
        optional(
            settings(
                strategy=described(
                    "weighted, or priority for failover by priority; empty is priority if priorities differ.",
                    text("", "weighted", "priority"),
                ),
                fallback=described("Merged over onwards.fallback.", settings(**own)),
                firstTokenTimeoutSeconds=described(
                    "Streams only: try another engine if no answer arrives within this time, in seconds; 0 waits.",
                    common.seconds(),
                ),
                loadAware=described(
                    "Send a share of streams to members of lower priority while the first is slow, which may cost "
                    "money: true, or parameters. false tries them only when the first fails.",
                    either(boolean(), load_aware()),
                ),
                holdSeconds=described(
                    "Time that a request waits for an engine that is not there, in seconds; 0 answers at once.",
                    common.seconds(),
                ),
                **_limits(),
                allowedKeys=described("Clients that may use the alias; empty is all.", common.words()),
                reasoningTranslation=described(
                    "Translation of reasoning_effort for groups and providers that do not set their own.",
                    reasoning_translation(),
                ),
            )
        )
    )
