"""Configuration of the gateway: engines, external providers, clients and aliases."""

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
        key=described("The key's name in that Secret.", text()),
    )
    return either(common.word(), reference)


def reasoning_translation() -> Schema:
    """A name, or Onwards' own form; closed, because the gateway itself passes over a key that it does not know."""
    write = obj(
        target_path=described("Place in the request that is written.", text(pattern="^/")),
        values=described("What is written there, for each effort.", open_map()),
    )
    surface = obj(
        unsupported_efforts=described("Efforts that are refused.", listing(text())),
        writes=described("What is written into the request.", listing(write)),
    )
    own = obj(
        chat_completions=described("For chat completions.", optional(surface)),
        responses=described("For responses.", optional(surface)),
    )
    return either(text(pattern=REASONING), own)


def endpoint() -> dict[str, Schema]:
    """What a model group and an outside provider have in common."""
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
    "modelAlias": "Model names that clients use.",
    "modelName": "The model's name at the provider; empty is the requested alias.",
    "weight": "Share of the requests among those that serve the same alias.",
    "priority": "Order among those that serve the same alias; 0 is tried first.",
    "concurrencyLimit": "Most requests at once that each gateway pod sends there; 0 is no limit.",
    "requestTimeoutSeconds": "Seconds until the answer must begin; 0 waits forever.",
    "apiKey": "API key that the provider requires: {name, key} of a Secret, or the key itself to try things out.",
    "apiKeyHeader": "Header that carries the key; empty is the preset's, else Authorization.",
    "apiKeyPrefix": 'What stands before the key; empty is "Bearer " in Authorization, and nothing in any other header.',
    "responseHeaders": "Headers added to the answers.",
    "reasoningTranslation": "How reasoning_effort is passed to the model, as in a model group.",
}


def providers() -> Schema:
    """`externalProviders`: by name; null takes one away."""
    shared = {name: described(PROVIDER_PROSE[name], schema) for name, schema in endpoint().items()}
    return mapping(
        optional(
            settings(
                enabled=described("Route its aliases to it.", boolean()),
                preset=described("A known provider, whose url and header need not be set.", text("", *PRESETS)),
                url=described(
                    "Where its OpenAI API begins, up to and with /v1 or what stands in its place.",
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
        "requestsPerSecond": described("Requests a second, for each gateway pod; 0 is no limit.", common.count(0)),
        "burst": described("Requests that may come at once; 0 is requestsPerSecond.", common.count(0)),
        "concurrencyLimit": described(
            "Requests at once whose answers have not begun; 0 is no limit. Streams count until they begin.",
            common.count(0),
        ),
    }


def client_keys() -> Schema:
    """`onwards.clientKeys`: by name; null takes one away."""
    return mapping(
        optional(
            settings(
                apiKey=described("The client's key: {name, key} of a Secret, or the key itself.", api_key()),
                labels=described("Labels, which the gateway's rules can match.", common.strings()),
                **_limits(),
                allowedAliases=described("Aliases that the client may use; empty is all.", common.words()),
            )
        )
    )


def routes() -> Schema:
    """`routes`: by alias; null takes one away."""
    own = {
        "enabled": described("Try again.", boolean()),
        "onStatus": described("Statuses that are tried again.", listing(integer(1, 599))),
        "onRateLimit": described("Try another where one is at its limit.", boolean()),
        "maxAttempts": described("Attempts in all.", common.count(1)),
        "backoff": described(
            "The wait between two attempts.",
            settings(
                initialMilliseconds=described("Milliseconds before the second attempt.", common.count(0)),
                maxMilliseconds=described("Most milliseconds between two attempts.", common.count(0)),
            ),
        ),
    }
    return mapping(
        optional(
            settings(
                strategy=described(
                    "weighted, or priority for the order of their priorities; empty is priority where those differ.",
                    text("", "weighted", "priority"),
                ),
                fallback=described("Laid over onwards.fallback.", settings(**own)),
                **_limits(),
                allowedKeys=described("Clients that may use the alias; empty is all.", common.words()),
                reasoningTranslation=described(
                    "How reasoning_effort is passed to the model, where a group or provider does not set it.",
                    reasoning_translation(),
                ),
            )
        )
    )
