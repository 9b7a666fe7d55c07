"""Routing from a client's model name to an engine: aliases, pools, Services, keys."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, bare, gateway, one, pools, provider, routing
from tests.chart.cases import CASES
from tests.support import Render, Values

KEY = 'sk-"\\secret'


def aliases(*names: Any) -> dict[str, Any]:
    return one(modelAlias=list(names))


def pod_annotations(manifests: Manifests) -> Object:
    metadata: Object = manifests["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["metadata"]
    return dict(metadata["annotations"])


LONG = "sk-0123456789abc"
"""What a key may begin with that is long enough for a checksum."""


def checksum(manifests: Manifests) -> str:
    return str(pod_annotations(manifests)["checksum/config"])


def key_sources(manifests: Manifests) -> list[Object]:
    """The Secrets that the gateway's pod mounts keys from."""
    volumes = manifests["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]["volumes"]
    return [
        source["secret"] for volume in volumes if "projected" in volume for source in volume["projected"]["sources"]
    ]


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_each_upstream_of_an_alias_is_a_port_of_a_service(render: Render, values: Values) -> None:
    rendered = render(values)
    services = {
        each["metadata"]["name"]: {port["port"]: port["name"] for port in each["spec"]["ports"]}
        for each in rendered.kind("Service")
    }
    for pool in pools(rendered).values():
        for each in pool["providers"]:
            url = urlsplit(each["url"])
            assert url.path == "/v1"
            if url.scheme == "https":  # an external provider
                assert each["propagate_trace_context"] is False
                continue
            *_, service = str(url.hostname).split(".")  # a replica's hostname has its own name before the Service's
            assert services[service][url.port] == "http"


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_each_pool_is_valid_for_the_gateway(render: Render, values: Values) -> None:
    for pool in pools(render(values)).values():
        assert pool["providers"]
        assert pool["strategy"] in ("weighted_random", "priority")
        assert pool["trusted"] is True
        assert all(isinstance(each["weight"], int) and each["weight"] > 0 for each in pool["providers"])


def test_every_alias_of_a_group_is_routed_to_it(render: Render) -> None:
    found = pools(render(aliases("llama", "llama-3.1-8b-instruct")))
    urls = {alias: [each["url"] for each in pool["providers"]] for alias, pool in found.items()}
    assert urls == {name: [f"http://{FULLNAME}-a:8000/v1"] for name in ("llama", "llama-3.1-8b-instruct")}


def test_an_alias_of_two_groups_is_one_pool(render: Render) -> None:
    group = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
    values = {"modelGroups": {"a": {**group, "weight": 3}, "b": {**group, "service": {"port": 81}}}}
    assert pools(render(values))["m"]["providers"] == [
        {"url": f"http://{FULLNAME}-a:8000/v1", "weight": 3, "response_headers": {}},
        {"url": f"http://{FULLNAME}-b:81/v1", "weight": 1, "response_headers": {}},
    ]


def test_an_alias_named_twice_by_one_group_is_routed_once(render: Render) -> None:
    assert provider(render(aliases("m", "m")))


def test_a_disabled_group_has_no_route(render: Render) -> None:
    assert pools(render({"modelGroups": {"a": {"modelAlias": ["m"], "modelName": "org/m"}}})) == {}


@pytest.mark.parametrize(
    ("given", "alias"),
    [
        (1.5, "1.5"),
        (1048576, "1048576"),
        (True, "true"),
        ("łódź-模型", "łódź-模型"),
        ('say "a\\b"', 'say "a\\b"'),
        ("org/model:Q4_K_M", "org/model:Q4_K_M"),
        ("<a&b>", "<a&b>"),
        ("on", "on"),
    ],
    ids=["fraction", "large", "boolean", "unicode", "quotes", "slash", "html", "yaml-boolean"],
)
def test_an_alias_may_be_any_text(render: Render, given: object, alias: str) -> None:
    rendered = render(aliases(given))
    assert list(pools(rendered)) == [alias]
    served = rendered["Deployment", f"{FULLNAME}-a"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert served[-2:] == ["--served-model-name", alias]


def test_one_alias_may_be_a_plain_string(render: Render) -> None:
    assert list(pools(render(one(modelAlias="m")))) == ["m"]


UPSTREAM_MODELS: dict[str, tuple[dict[str, Any], str | None]] = {
    "vllm-serves-every-alias": ({"engine": "vllm", "modelName": "org/m"}, None),
    "llama-cpp-serves-every-alias": ({"engine": "llama-cpp", "modelName": "org/m"}, None),
    "sglang-serves-the-first-alias": ({"engine": "sglang", "modelName": "org/m", "modelAlias": ["x", "m"]}, "x"),
    "trtllm-serves-its-model": ({"engine": "tensorrt-llm", "modelName": "org/m"}, "org/m"),
    "trtllm-serves-its-directory-name": ({"engine": "tensorrt-llm", "modelName": "/engines/m-fp8"}, "m-fp8"),
    "triton-serves-its-model": ({"command": ["tritonserver"], "modelName": "ensemble"}, "ensemble"),
    "custom-serves-its-model": ({"engine": "custom", "image": "x:1", "modelName": "gpt"}, "gpt"),
    "custom-without-a-model": ({"engine": "custom", "image": "x:1"}, None),
    "custom-whose-model-is-the-alias": ({"engine": "custom", "image": "x:1", "modelName": "m"}, None),
    "served-names-without-the-alias": ({"command": ["vllm", "serve", "x", "--served-model-name", "y", "z"]}, "y"),
    "served-names-with-the-alias": ({"command": ["vllm", "serve", "x", "--served-model-name", "y", "m"]}, None),
    "name-with-an-equals-sign": ({"command": ["vllm", "serve", "x", "--served-model-name=y=1"]}, "y=1"),
    "name-like-a-number": ({"command": ["vllm", "serve", "x", "--served-model-name", "-7b"]}, "-7b"),
    "script-serves-its-model": (
        {"command": ["sh", "-c", "vllm serve org/x"], "image": "x:1", "modelName": "org/x"},
        "org/x",
    ),
}


@pytest.mark.parametrize(("fields", "model"), UPSTREAM_MODELS.values(), ids=UPSTREAM_MODELS)
def test_an_engine_is_sent_a_model_name_it_serves(render: Render, fields: dict[str, Any], model: str | None) -> None:
    assert provider(render(bare(**fields))).get("onwards_model") == model


def test_the_gateway_is_strict_and_has_no_idle_connections(render: Render) -> None:
    config = routing(render())
    assert config["strict_mode"] is True
    assert config["http_pool"] == {"max_idle_per_host": 0, "idle_timeout_secs": 4}


def test_failed_requests_are_retried(render: Render) -> None:
    assert pools(render(one()))["m"]["fallback"] == {
        "enabled": True,
        "on_status": [502, 503],
        "on_rate_limit": False,
        "max_attempts": 3,
        "backoff": {"initial_ms": 100, "max_ms": 1000},
        "first_token_timeout_ms": 0,
        "aimd": {"enabled": False},
    }


def test_fallback_can_be_off(render: Render) -> None:
    assert "fallback" not in pools(render({**one(), "onwards": {"fallback": {"enabled": False}}}))["m"]


def test_strict_mode_can_be_off(render: Render) -> None:
    assert routing(render({"onwards": {"strictMode": False}}))["strict_mode"] is False


def test_a_key_by_value_is_in_the_secret_only(helm_text: str) -> None:
    encoded = base64.b64encode(KEY.encode()).decode()
    assert helm_text.count(encoded) == 1
    assert json.dumps(KEY)[1:-1] not in helm_text
    assert KEY not in helm_text


@pytest.fixture
def helm_text(request: pytest.FixtureRequest) -> str:
    from harness.paths import ROOT

    text: str = request.getfixturevalue("helm").template(ROOT, values=[one(apiKey=KEY)])
    return text


def test_a_key_by_value_is_read_from_the_charts_secret(render: Render) -> None:
    rendered = render(one(apiKey=KEY))
    assert base64.b64decode(rendered["Secret", f"{FULLNAME}-onwards"]["data"]["modelGroups.a"]).decode() == KEY
    assert rendered["Secret", f"{FULLNAME}-onwards"]["type"] == "Opaque"
    items = [{"key": "modelGroups.a", "path": "modelGroups.a"}]
    assert key_sources(rendered) == [{"name": f"{FULLNAME}-onwards", "items": items, "optional": True}]
    assert provider(rendered)["onwards_key"] == "@key:modelGroups.a@"


def test_a_key_by_reference_is_read_from_its_secret(render: Render) -> None:
    rendered = render(one(apiKey={"name": "engine-keys", "key": "llama"}))
    assert rendered.kind("Secret") == []
    items = [{"key": "llama", "path": "modelGroups.a"}]
    assert key_sources(rendered) == [{"name": "engine-keys", "items": items, "optional": True}]
    assert provider(rendered)["onwards_key"] == "@key:modelGroups.a@"


def test_without_keys_there_is_no_secret(render: Render) -> None:
    rendered = render(one(apiKey=""))
    assert rendered.kind("Secret") == []
    assert key_sources(rendered) == []
    assert "onwards_key" not in provider(rendered)


def test_a_number_is_no_key(helm: Helm) -> None:
    """YAML has rounded a long one before the chart sees it."""
    with pytest.raises(HelmError, match=r"/modelGroups/a/apiKey.*number"):
        helm.template(ROOT, release="test-release", values=[one(apiKey=12345678901234567890)])


@pytest.mark.parametrize("name", ["on", "no", "y", "1e3", "12"])
def test_a_groups_key_is_found_under_any_name(render: Render, name: str) -> None:
    group = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m", "apiKey": "k"}
    rendered = render({"modelGroups": {name: group}})
    assert list(rendered["Secret", f"{FULLNAME}-onwards"]["data"]) == [f"modelGroups.{name}"]


RESTARTS = {
    "alias": aliases("m", "n"),
    "model": one(modelName="org/other", engine="tensorrt-llm"),
    "port": one(service={"port": 81}),
    "weight": one(weight=2),
    "literal-key": one(apiKey="b"),
    "key-by-reference": one(apiKey={"name": "s", "key": "a"}),
    "strict-mode": {**one(), "onwards": {"strictMode": False}},
}


@pytest.mark.parametrize("values", RESTARTS.values(), ids=RESTARTS)
def test_a_change_of_the_configuration_restarts_the_gateway(render: Render, values: Values) -> None:
    assert checksum(render(values)) != checksum(render(one()))


def test_a_changed_literal_key_restarts_the_gateway(render: Render) -> None:
    assert checksum(render(one(apiKey=f"{LONG}1"))) != checksum(render(one(apiKey=f"{LONG}2")))


def test_no_checksum_tells_a_short_key(render: Render) -> None:
    """Anyone who may read pods could try all of them."""
    first, second = ({**one(apiKey=key), "onwards": {"clientKeys": {"c": {"apiKey": key}}}} for key in ("sk-1", "sk-2"))
    for name in ("a", "onwards"):
        pods = [render(values)["Deployment", f"{FULLNAME}-{name}"]["spec"]["template"] for values in (first, second)]
        assert pods[0] == pods[1]


def test_a_changed_secret_name_restarts_the_gateway(render: Render) -> None:
    assert checksum(render(one(apiKey={"name": "one", "key": "k"}))) != checksum(
        render(one(apiKey={"name": "two", "key": "k"}))
    )


NO_RESTART = {
    "labels": {**one(), "commonLabels": {"a": "b"}},
    "annotations": {**one(), "commonAnnotations": {"a": "b"}},
    "replicas": {**one(replicaCount=3), "onwards": {"replicaCount": 2}},
    "engine": one(args=["--enforce-eager"]),
}


@pytest.mark.parametrize("values", NO_RESTART.values(), ids=NO_RESTART)
def test_the_checksum_depends_on_the_configuration_only(render: Render, values: Values) -> None:
    assert checksum(render(values)) == checksum(render(one()))


def test_annotations_of_the_user_do_not_override_the_checksum(render: Render) -> None:
    values = {"onwards": {"podAnnotations": {"checksum/config": "mine", "a": "b"}}}
    default = {"kubectl.kubernetes.io/default-container": "onwards"}
    assert pod_annotations(render(values)) == {"checksum/config": checksum(render()), "a": "b", **default}
    other = {"onwards": {"podAnnotations": dict.fromkeys(default, "watch-config")}}
    assert pod_annotations(render(other)) == {
        "checksum/config": checksum(render()),
        **other["onwards"]["podAnnotations"],
    }


@pytest.mark.parametrize(
    ("changes", "rolls"),
    [
        ({"routes": {"m": {"holdSeconds": 9}}}, False),
        ({"externalProviders": {"p": {"preset": "openai", "modelAlias": ["n"]}}}, False),
        ({"onwards": {"clientKeys": {"c": {"apiKey": f"{LONG}2"}}}}, False),
        ({"modelGroups": {"a": {"weight": 9}}}, False),
        ({"modelGroups": {"a": {"apiKey": f"{LONG}2"}}}, True),
        ({"onwards": {"strictMode": False, "allowKeyExposure": True}}, True),
        ({"onwards": {"httpPool": {"maxIdlePerHost": 9}}}, True),
    ],
    ids=str,
)
def test_what_a_running_gateway_takes_over_need_not_roll_its_pods(
    helm: Helm, changes: dict[str, Any], rolls: bool
) -> None:
    def annotation(roll: bool, *more: dict[str, Any]) -> str:
        fixed = {**one(apiKey=f"{LONG}1"), "onwards": {"clientKeys": {"c": {"apiKey": f"{LONG}1"}}}}
        layers = [fixed, {"onwards": {"rollOnChange": roll}}, *more]
        return checksum(Manifests.parse(helm.template(ROOT, release="test-release", values=layers)))

    assert (annotation(False, changes) != annotation(False)) is rolls
    assert annotation(True, changes) != annotation(True)


def test_the_gateway_has_the_configured_ports(render: Render) -> None:
    values = {
        "onwards": {
            "containerPort": 3001,
            "metrics": {"port": 9091, "prefix": "gw"},
            "extraArgs": ["--some-flag", 1000000],
        }
    }
    of = gateway(render(values))
    assert of["args"] == [
        *("--targets", "/app/config/config.json", "--port", "3001"),
        *("--metrics-port", "9091", "--metrics-prefix", "gw"),
        *("--shutdown-delay-secs", "0", "--shutdown-timeout-secs", "600", "--some-flag", "1000000"),
    ]
    assert {port["name"]: port["containerPort"] for port in of["ports"]} == {"http": 3001, "metrics": 9091}


def test_the_gateways_default_ports_are_passed_as_flags(render: Render) -> None:
    args = gateway(render())["args"]
    assert args[2:8] == ["--port", "3000", "--metrics-port", "9090", "--metrics-prefix", "onwards"]
