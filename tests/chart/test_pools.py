"""The gateway's configuration of pools, external providers, clients and routes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object
from tests.chart.accessors import FULLNAME, one, pools, routing
from tests.support import Render

GROUP = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
OUTSIDE = {"url": "https://api.example.com/v1", "modelAlias": ["m"], "modelName": "gpt-x"}


def pool(render: Render, alias: str = "m", **values: Any) -> Object:
    found: Object = pools(render({**one(), **values}))[alias]
    return found


def urls(found: Object) -> list[str]:
    return [each["url"] for each in found["providers"]]


OWN, THEIRS = f"http://{FULLNAME}-a:8000/v1", "https://api.example.com/v1"


def test_an_external_provider_gets_its_own_model_name_and_no_trace_context(render: Render) -> None:
    found = pool(render, "m", externalProviders={"p": {**OUTSIDE, "apiKey": {"name": "s", "key": "k"}}})
    assert found["providers"][1] == {
        "url": THEIRS,
        "weight": 1,
        "onwards_model": "gpt-x",
        "onwards_key": "@key:externalProviders.p@",
        "propagate_trace_context": False,
        "response_headers": {},
    }


def test_a_provider_without_a_model_name_gets_the_alias(render: Render) -> None:
    provider = {"url": THEIRS, "modelAlias": ["gpt-x"]}
    (only,) = pool(render, "gpt-x", externalProviders={"p": provider})["providers"]
    assert "onwards_model" not in only


@pytest.mark.parametrize(
    ("fields", "header", "prefix"),
    [
        ({}, None, None),
        ({"apiKeyHeader": "api-key"}, "api-key", ""),
        ({"apiKeyHeader": "authorization"}, "authorization", "Bearer "),
        ({"apiKeyPrefix": "Token "}, "Authorization", "Token "),
        ({"apiKeyHeader": "x-key", "apiKeyPrefix": "Key "}, "x-key", "Key "),
        ({"preset": "azure-openai"}, "api-key", ""),
        ({"preset": "azure-openai", "apiKeyHeader": "x-own"}, "x-own", ""),
    ],
    ids=str,
)
def test_a_key_is_sent_in_the_header_of_the_provider(
    render: Render, fields: dict[str, Any], header: str | None, prefix: str | None
) -> None:
    found = pool(render, externalProviders={"p": {**OUTSIDE, "apiKey": "sk", **fields}})["providers"][1]
    assert (found.get("upstream_auth_header_name"), found.get("upstream_auth_header_prefix")) == (header, prefix)


@pytest.mark.parametrize(
    "preset", ["openai", "anthropic", "deepseek", "fireworks", "gemini", "groq", "mistral", "openrouter", "together"]
)
def test_a_presets_url_is_the_default_and_can_be_overridden(render: Render, preset: str) -> None:
    known = {"preset": preset, "modelAlias": ["x"]}
    assert urls(pool(render, "x", externalProviders={"p": known}))[0].startswith("https://")
    assert urls(pool(render, "x", externalProviders={"p": {**known, "url": THEIRS}})) == [THEIRS]


def test_several_providers_of_an_alias_are_one_weighted_pool(render: Render) -> None:
    found = pool(render, externalProviders={"p": {**OUTSIDE, "weight": 3}})
    assert (found["strategy"], urls(found)) == ("weighted_random", [OWN, THEIRS])
    assert [each["weight"] for each in found["providers"]] == [1, 3]


@pytest.mark.parametrize(
    ("own", "theirs", "order"), [(0, 1, [OWN, THEIRS]), (2, 1, [THEIRS, OWN]), (10, 9, [THEIRS, OWN])], ids=str
)
def test_different_priorities_order_the_pool(render: Render, own: int, theirs: int, order: list[str]) -> None:
    found = pools(render({**one(priority=own), "externalProviders": {"p": {**OUTSIDE, "priority": theirs}}}))["m"]
    assert (found["strategy"], urls(found)) == ("priority", order)


@pytest.mark.parametrize(("configured", "strategy"), [("weighted", "weighted_random"), ("priority", "priority")])
def test_a_route_can_set_the_strategy(render: Render, configured: str, strategy: str) -> None:
    providers = {"p": {**OUTSIDE, "priority": 1}}
    assert pool(render, externalProviders=providers, routes={"m": {"strategy": configured}})["strategy"] == strategy


def test_limits_and_timeouts_of_an_engine(render: Render) -> None:
    fields = {"concurrencyLimit": 8, "requestTimeoutSeconds": 90, "responseHeaders": {"x-a": 1}}
    (found,) = pools(render(one(**fields)))["m"]["providers"]
    assert found["concurrency_limit"] == {"max_concurrent_requests": 8}
    assert found["request_timeout_secs"] == 90
    assert found["response_headers"] == {"x-a": "1"}


def test_a_route_has_limits_and_overrides_the_gateways_fallback(render: Render) -> None:
    route = {"requestsPerSecond": 5, "concurrencyLimit": 3, "fallback": {"onStatus": [429], "maxAttempts": 7}}
    found = pool(render, routes={"m": route})
    assert found["rate_limit"] == {"requests_per_second": 5, "burst_size": 5}
    assert found["concurrency_limit"] == {"max_concurrent_requests": 3}
    assert found["fallback"] == {
        "enabled": True,
        "on_status": [429],
        "on_rate_limit": False,
        "max_attempts": 7,
        "backoff": {"initial_ms": 100, "max_ms": 1000},
        "first_token_timeout_ms": 0,
        "aimd": {"enabled": False},
    }
    assert "fallback" not in pool(render, routes={"m": {"fallback": {"enabled": False}}})


def test_a_stream_without_a_first_token_is_tried_elsewhere(render: Render) -> None:
    assert pool(render, routes={"m": {"firstTokenTimeoutSeconds": 20}})["fallback"]["first_token_timeout_ms"] == 20000


@pytest.mark.parametrize("off", [None, False], ids=str)
def test_load_does_not_move_requests_unless_configured(render: Render, off: object) -> None:
    ordered = {"strategy": "priority", "loadAware": off}
    assert pool(render, routes={"m": ordered})["fallback"]["aimd"] == {"enabled": False}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, {}),
        ({}, {}),
        ({"latencyBudgetSeconds": 20, "dwellSeconds": 60}, {"latency_budget_ms": 20000, "dwell_ms": 60000}),
        ({"windowSamples": 100, "minSamples": 20}, {"window_samples": 100, "min_samples": 20}),
        ({"breachRateTarget": 0.1, "shareStep": 0.05}, {"breach_rate_target": 0.1, "share_step": 0.05}),
        ({"shareDecay": 0.5, "shareFloor": 0.1}, {"share_decay": 0.5, "share_floor": 0.1}),
    ],
    ids=str,
)
def test_load_moves_requests_where_configured(render: Render, given: object, expected: dict[str, float]) -> None:
    fallback = pool(render, routes={"m": {"strategy": "priority", "loadAware": given}})["fallback"]
    assert fallback["aimd"] == {"enabled": True, **expected}
    assert fallback["first_token_timeout_ms"] == 0


def test_a_request_is_held_until_an_engine_is_there(render: Render) -> None:
    route = {"holdSeconds": 90, "fallback": {"onStatus": [429, 502]}}
    assert pool(render, routes={"m": route})["fallback"] == {
        "enabled": True,
        "on_status": [429, 502, 503],
        "on_rate_limit": False,
        "max_attempts": 1803,
        "max_total_backoff_ms": 90000,
        "backoff": {"initial_ms": 100, "max_ms": 1000},
        "first_token_timeout_ms": 0,
        "aimd": {"enabled": False},
    }


@pytest.mark.parametrize(("given", "rendered"), [((0, 0), (100, 1000)), ((500, 5000), (500, 5000))], ids=str)
def test_a_held_request_is_not_retried_all_the_time(
    render: Render, given: tuple[int, int], rendered: tuple[int, int]
) -> None:
    backoff = {"initialMilliseconds": given[0], "maxMilliseconds": given[1]}
    fallback = pool(render, routes={"m": {"holdSeconds": 9, "fallback": {"backoff": backoff}}})["fallback"]
    assert (fallback["backoff"]["initial_ms"], fallback["backoff"]["max_ms"]) == rendered


EFFORTS = {"none": False, **dict.fromkeys(("minimal", "low", "medium", "high", "xhigh", "max"), True)}


@pytest.mark.parametrize("argument", ["enable_thinking", "thinking"])
def test_an_effort_becomes_an_argument_of_the_chat_template(render: Render, argument: str) -> None:
    expected = {
        "chat_completions": {
            "unsupported_efforts": [],
            "writes": [{"target_path": f"/chat_template_kwargs/{argument}", "values": EFFORTS}],
        }
    }
    (own,) = pools(render(one(reasoningTranslation=argument)))["m"]["providers"]
    assert own["reasoning_translation"] == expected
    (by_route,) = pool(render, routes={"m": {"reasoningTranslation": argument}})["providers"]
    assert by_route["reasoning_translation"] == expected


def test_a_groups_translation_overrides_its_routes(render: Render) -> None:
    values = {effort: effort for effort in EFFORTS if effort != "max"}
    writes = [{"target_path": "/reasoning/effort", "values": values}]
    own = {"chat_completions": {"unsupported_efforts": ["max"], "writes": writes}}
    release = {**one(reasoningTranslation=own), "routes": {"m": {"reasoningTranslation": "thinking"}}}
    assert pools(render(release))["m"]["providers"][0]["reasoning_translation"] == own


def test_each_replica_is_a_provider(render: Render) -> None:
    rendered = render(one(balancing="perReplica", replicaCount=3, containerPort=9000, concurrencyLimit=4))
    found = pools(rendered)["m"]["providers"]
    service = f"{FULLNAME}-a-replicas"
    assert [each["url"] for each in found] == [f"http://{FULLNAME}-a-{n}.{service}:9000/v1" for n in range(3)]
    assert all(each["concurrency_limit"] == {"max_concurrent_requests": 4} for each in found)
    assert ("Deployment", f"{FULLNAME}-a") not in rendered
    spec = rendered["StatefulSet", f"{FULLNAME}-a"]["spec"]
    assert (spec["replicas"], spec["serviceName"], spec["podManagementPolicy"]) == (3, service, "Parallel")
    headless = rendered["Service", service]["spec"]
    assert (headless["clusterIP"], headless["selector"]) == ("None", spec["selector"]["matchLabels"])
    assert headless["type"] == "ClusterIP"
    assert headless["ports"] == [{"name": "http", "port": 9000, "targetPort": "http", "protocol": "TCP"}]


def test_replicas_are_replaced_one_after_the_other_in_each_of_several_groups(render: Render) -> None:
    groups = {**one(balancing="perReplica")["modelGroups"], "b": one(balancing="perReplica")["modelGroups"]["a"]}
    rendered = render({"modelGroups": groups})
    for name in ("a", "b"):
        spec = rendered["StatefulSet", f"{FULLNAME}-{name}"]["spec"]
        assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
        assert ("Service", f"{FULLNAME}-{name}-replicas") in rendered


def test_without_limits_none_are_rendered(render: Render) -> None:
    rendered = render(
        {**one(), "onwards": {"clientKeys": {"c": {"apiKey": "sk"}}}, "routes": {"m": {"strategy": "priority"}}}
    )
    assert pools(rendered)["m"].keys() == {"strategy", "trusted", "providers", "fallback"}
    assert routing(rendered)["auth"]["key_definitions"] == {"c": {"key": "@key:onwards.clientKeys.c@", "labels": {}}}


def test_a_burst_defaults_to_the_rate(render: Render) -> None:
    limited = {"c": {"apiKey": "sk", "requestsPerSecond": 5}}
    rendered = render({**one(), "onwards": {"clientKeys": limited}, "routes": {"m": {"requestsPerSecond": 7}}})
    assert pools(rendered)["m"]["rate_limit"] == {"requests_per_second": 7, "burst_size": 7}
    (definition,) = routing(rendered)["auth"]["key_definitions"].values()
    assert definition["rate_limit"] == {"requests_per_second": 5, "burst_size": 5}


def test_a_weight_defaults_to_1(render: Render) -> None:
    provider = {"url": "http://outside.example/v1", "modelAlias": ["m"]}
    rendered = render({**one(), "externalProviders": {"a": provider, "b": {**provider, "weight": 3}}})
    assert [each["weight"] for each in pools(rendered)["m"]["providers"]] == [1, 1, 3]


def test_groups_precede_providers_of_equal_priority(render: Render) -> None:
    provider = {"url": "http://outside.example/v1", "modelAlias": ["m"]}
    rendered = render({**one(), "externalProviders": {"a": provider}})
    assert [each["url"] for each in pools(rendered)["m"]["providers"]] == [
        f"http://{FULLNAME}-a:8000/v1",
        "http://outside.example/v1",
    ]


def test_a_deployment_and_a_statefulset_have_the_same_pod(render: Render) -> None:
    deployment = render(one())["Deployment", f"{FULLNAME}-a"]["spec"]["template"]
    assert render(one(balancing="perReplica"))["StatefulSet", f"{FULLNAME}-a"]["spec"]["template"] == deployment


def test_a_clients_name_may_be_a_number(render: Render) -> None:
    clients = {"1": {"apiKey": "sk-1"}, "2": {"apiKey": "sk-2"}}
    values = {**one(), "onwards": {"clientKeys": clients}, "routes": {"m": {"allowedKeys": [1]}}}
    assert routing(render(values))["auth"]["global_keys"] == ["@key:onwards.clientKeys.1@"]


CLIENTS: dict[str, Any] = {
    "all": {"apiKey": "sk-all"},
    "some": {"apiKey": {"name": "s", "key": "k"}, "allowedAliases": ["n"]},
}


def keys(found: Object) -> list[str] | None:
    listed = found.get("keys")
    return None if listed is None else [each.removeprefix("@key:onwards.clientKeys.").rstrip("@") for each in listed]


def with_clients(clients: dict[str, Any], routes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**one(modelAlias=["m", "n"]), "onwards": {"clientKeys": clients}, "routes": routes or {}}


def test_without_clients_the_gateway_is_open(render: Render) -> None:
    config = routing(render(one()))
    assert "auth" not in config
    assert "keys" not in config["targets"]["m"]


def test_a_client_of_every_alias_is_listed_once(render: Render) -> None:
    config = routing(render(with_clients(CLIENTS)))
    assert config["auth"]["global_keys"] == ["@key:onwards.clientKeys.all@"]
    assert {alias: keys(found) for alias, found in config["targets"].items()} == {"m": None, "n": ["some"]}


def test_a_route_admits_only_its_allowed_clients(render: Render) -> None:
    config = routing(render(with_clients(CLIENTS, {"n": {"allowedKeys": ["some"]}})))
    assert config["auth"]["global_keys"] == []
    assert {alias: keys(found) for alias, found in config["targets"].items()} == {"m": ["all"], "n": ["some"]}


def test_an_alias_that_no_client_may_use_is_closed_to_all(render: Render) -> None:
    config = routing(render(with_clients({"some": CLIENTS["some"]})))
    assert {alias: keys(found) for alias, found in config["targets"].items()} == {"m": [], "n": ["some"]}


def test_a_clients_limits_and_labels_are_defined_with_its_key(render: Render) -> None:
    client = {"apiKey": "sk", "labels": {"level": 2}, "requestsPerSecond": 5, "burst": 9, "concurrencyLimit": 3}
    assert routing(render(with_clients({"team": client})))["auth"]["key_definitions"] == {
        "team": {
            "key": "@key:onwards.clientKeys.team@",
            "labels": {"level": "2"},
            "rate_limit": {"requests_per_second": 5, "burst_size": 9},
            "concurrency_limit": {"max_concurrent_requests": 3},
        }
    }
