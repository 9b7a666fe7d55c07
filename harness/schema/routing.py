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


def api_key() -> Schema:
    reference = settings(
        name=described("Name of the Secret that holds the key.", text()),
        key=described("Key of the entry in that Secret.", text()),
    )
    return either(common.word(), reference)


def reasoning_translation() -> Schema:
    """A name, or Onwards' own form; closed, because the gateway itself ignores unknown keys."""
    write = obj(
        target_path=described("JSON pointer to the request field to write.", text(pattern="^/")),
        values=described("Value to write, by effort.", open_map()),
    )
    surface = obj(
        unsupported_efforts=described("Efforts to reject.", listing(text())),
        writes=described("Fields to write into the request.", listing(write)),
    )
    own = obj(
        chat_completions=described("Translation for chat completions.", optional(surface)),
        responses=described("Translation for responses.", optional(surface)),
    )
    return either(text(pattern=REASONING), own)


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
        "apiKeyPrefix": text(),
        "responseHeaders": common.strings(),
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
                enabled=described("Route its aliases to this provider.", boolean()),
                preset=described("A known provider, which sets url and header.", text("", *PRESETS)),
                url=described(
                    "Base URL of its OpenAI API, including /v1 or its equivalent.",
                    text(pattern="^(https?://[^/?#]+[^?#]*)?$"),
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
                **_limits(),
                allowedKeys=described("Clients that may use the alias; empty is all.", common.words()),
                reasoningTranslation=described(
                    "Translation of reasoning_effort for groups and providers that do not set their own.",
                    reasoning_translation(),
                ),
            )
        )
    )
