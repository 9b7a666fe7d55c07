"""Values that cannot work: the exact refusal, and the nearest values that are accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest

from harness.docs.cases import REFUSALS, Refusal
from harness.docs.messages import anchor, anchors, pages
from harness.helm import KUBE_VERSION, Helm, HelmError
from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import engine, one, ports
from tests.chart.validation import effective, validator
from tests.support import Render, Values, plain

GROUP = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
VOLUME = {"name": "v", "size": "1Gi", "mountPath": "/v"}
ANCHORS = anchors(pages()["messages.md"])
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}


def provider(**fields: Any) -> dict[str, Any]:
    """Values with one external provider, `p`."""
    return {"externalProviders": {"p": {"url": "https://api.example.com/v1", "modelAlias": ["m"], **fields}}}


def clients(**keys: dict[str, Any]) -> dict[str, Any]:
    """Values with one group that serves m, and these clients."""
    return {**one(), "onwards": {"clientKeys": keys}}


class Refuse(Protocol):
    """The message with which the chart refuses these values on a Kubernetes version with these APIs besides Helm's."""

    def __call__(
        self,
        values: Values = None,
        *,
        sets: Sequence[str] = (),
        kubernetes: str = KUBE_VERSION,
        apis: Sequence[str] = (),
    ) -> str: ...


@pytest.fixture(scope="module")
def refusal(helm: Helm) -> Refuse:
    """The refusal of the templates, with the schema skipped."""

    def refused(
        values: Values = None,
        *,
        sets: Sequence[str] = (),
        kubernetes: str = KUBE_VERSION,
        apis: Sequence[str] = (),
    ) -> str:
        layers = [] if values is None else [values]
        with pytest.raises(HelmError) as caught:
            helm.template(ROOT, values=layers, sets=sets, skip_schema=True, kube_version=kubernetes, api_versions=apis)
        return caught.value.output

    return refused


def problems(stderr: str) -> list[str]:
    """The problems in Helm's stderr, each with its fix."""
    body = re.split(r"\.yaml:\d+:\d+\): ", plain(stderr), maxsplit=1)[-1]
    return [part.strip() for part in body.partition("Use --debug")[0].split("\n\n") if part.strip()]


UNKNOWN = {name for name in REFUSALS if name.startswith("unknown-key")}
"""Cases that only occur when the schema is skipped."""


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_it_is_refused_with_its_fix(refusal: Refuse, refused: Refusal) -> None:
    text = refusal(refused.values, kubernetes=refused.kubernetes, apis=refused.apis)
    assert problems(text) == [refused.text]
    why, _, fix = text.partition("\n\n")[2].partition("Please set:")
    assert max(map(len, why.splitlines())) <= 100
    ((guide, entry),) = re.findall(r"(?m)^  # See (docs/.+\.md), docs/messages\.md#(.+)$", fix)
    assert (ROOT / guide).is_file()
    assert entry in ANCHORS
    path, _, sentence = refused.text.partition("\n")[0].partition(": ")
    assert entry == anchor(path, sentence)


@pytest.mark.parametrize(
    ("values", "pages"),
    [
        ({"onwards": {"containerPort": 9090}}, ["values"]),
        (one(persistentVolumes=[{"name": "v", "mountPath": "/v"}]), ["caching"]),
        (one(resources={"limits": {"nvidia.com/gpus": 1}}), ["gpus"]),
        (one(apiKey={"key": "k"}), ["engine-keys"]),
        (one(startupProbe={"httpGet": {"path": "/"}, "tcpSocket": {"port": 1}}), ["updates"]),
        (one(modelAlias=[]), ["engines"]),
        (provider(url="https://api.example.com/v1/chat/completions"), ["routing"]),
        ({**provider(url="https://api.example.com/v1/embeddings"), **one(modelAlias=[])}, ["routing", "engines"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_refusal_names_its_page(refusal: Refuse, values: Values, pages: list[str]) -> None:
    found = re.findall(r"(?m)^  # See docs/([a-z-]+)\.md, ", refusal(values))
    assert sorted(found) == sorted(pages)
    assert all((ROOT / "docs" / f"{page}.md").is_file() for page in found)


REFUSED_BY_THE_SCHEMA_TOO = {
    *UNKNOWN,
    "provider-whose-url-is-none",
    "unknown-engine",
    "unknown-engine-of-all",
    "client-without-keys-of-its-own",
    "key-that-yaml-read-as-a-number",
    "hook-of-a-port-as-text",
    "text-for-a-map",
    "text-for-true-or-false",
}


def test_the_schema_leaves_the_rest_to_the_templates() -> None:
    """Their refusals include a fix; the schema's errors only name the mistake."""
    refused = {name for name, each in REFUSALS.items() if not validator().is_valid(effective(each.values))}
    assert refused == REFUSED_BY_THE_SCHEMA_TOO


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_the_nearest_valid_values_are_accepted(render: Render, refused: Refusal) -> None:
    assert len(render(refused.accepted)) > 0


@pytest.mark.parametrize("name", ["g" * 64, "-a", "a-", "a.b", "a b", "Ä", "A", "null", "true", "false"])
def test_a_name_that_is_not_a_label_is_refused(refusal: Refuse, name: str) -> None:
    (problem,) = problems(refusal({"modelGroups": {name: GROUP}}))
    assert problem.startswith(f'modelGroups.{name}: "{name}" is not a valid name: ')


@pytest.mark.parametrize("name", ["g" * 63, "a", "0", "a-b", "1e3", "no"])
def test_a_name_that_is_a_label_is_accepted(render: Render, name: str) -> None:
    assert len(render({"modelGroups": {name: GROUP}})) > 0


def test_all_problems_are_reported_at_once_ordered_by_path(refusal: Refuse) -> None:
    values = {
        "onwards": {"containerPort": 9090},
        "modelGroups": {"z": {"enabled": True}, "a": {**GROUP, "engine": "x"}, "m": {**GROUP, "modelAlias": []}},
        "configMaps": {"onwards": {}},
    }
    found = problems(refusal(values))
    assert [problem.partition(": ")[0] for problem in found] == [
        "configMaps.onwards",
        "modelGroups.a.engine",
        "modelGroups.m.modelAlias",
        "modelGroups.z.modelAlias",
        "modelGroups.z.modelName",
        "onwards.metrics.port",
    ]


RENAMES = (
    *UNKNOWN,
    "provider-whose-name-is-none",
    "group-name",
    "group-name-that-yaml-read",
    "group-name-reserved",
    "group-name-reserved-for-the-load-balancer",
    "config-map-of-the-gateway",
    "config-map-of-a-groups-files",
    "rules-config-map-taken",
    "dashboards-config-map-taken",
    "policy-of-no-group",
)
"""A key must be renamed, which moves the values below it; YAML pasted over the values cannot do that."""

PASTED = {name: case for name, case in REFUSALS.items() if name not in RENAMES}


@pytest.mark.parametrize("case", PASTED.values(), ids=PASTED)
def test_the_fix_merged_over_the_refused_values_is_accepted(helm: Helm, case: Refusal) -> None:
    fix = load(case.text.partition("Please set:")[2])
    helm.template(
        ROOT, values=[case.values, fix], skip_schema=True, kube_version=case.kubernetes, api_versions=case.apis
    )


FLAGS = {
    "--targets": "twice.",
    "-f": "twice.",
    "--port": "twice; its value is onwards.containerPort.",
    "-p": "twice; its value is onwards.containerPort.",
    "--metrics-port": "twice; its value is onwards.metrics.port.",
    "--metrics-prefix": "twice; its value is onwards.metrics.prefix.",
}


@pytest.mark.parametrize(("flag", "end"), FLAGS.items(), ids=FLAGS)
def test_a_flag_that_the_chart_passes_is_refused_with_the_key_to_set(refusal: Refuse, flag: str, end: str) -> None:
    (problem,) = problems(refusal({"onwards": {"extraArgs": [flag, "x"]}}))
    first = problem.splitlines()[0]
    assert first.startswith(f"onwards.extraArgs: {flag} is always passed by the chart")
    assert first.endswith(end)


NAMED: dict[str, Callable[[str], dict[str, Any]]] = {
    "externalProviders": lambda name: {"externalProviders": {name: provider()["externalProviders"]["p"]}},
    "onwards.clientKeys": lambda name: clients(**{name: {"apiKey": "k"}}),
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize(("name", "fit"), [("g" * 64, "g" * 63), ("A", "a"), ("-a", "a"), ("模型", "my-name")])
def test_a_provider_and_a_client_need_a_valid_name(
    refusal: Refuse, render: Render, kind: str, name: str, fit: str
) -> None:
    (problem,) = problems(refusal(NAMED[kind](name)))
    assert problem.startswith(f'{kind}.{name}: "{name}" is not a valid name')
    proposed: Any = load(problem.partition("Please set:\n")[2])
    for key in kind.split("."):
        proposed = proposed[key]
    assert proposed == {fit: {}}
    assert len(render(NAMED[kind]("g" * 63))) > 0


PLACEHOLDERS = {
    "externalProviders.p.responseHeaders": provider(responseHeaders={"x": "@key:a@"}),
    "onwards.clientKeys.c.labels": clients(c={"apiKey": "k", "labels": {"x": "@key:a@"}}),
}


@pytest.mark.parametrize(("path", "values"), PLACEHOLDERS.items(), ids=PLACEHOLDERS)
def test_a_text_that_contains_a_placeholder_is_refused_with_its_fix(
    refusal: Refuse, helm: Helm, path: str, values: dict[str, Any]
) -> None:
    (problem,) = problems(refusal(values))
    assert problem.startswith(f"{path}: a value in it contains @key:, the chart's placeholder for an API key")
    helm.template(ROOT, values=[values, load(problem.partition("Please set:")[2])], skip_schema=True)


@pytest.mark.parametrize("name", ["team", "true", "no", "null", "1e3"])
@pytest.mark.parametrize("given", [{"key": "k"}, {"name": "s"}], ids=str)
def test_the_fix_of_a_reference_is_an_example(refusal: Refuse, given: dict[str, str], name: str) -> None:
    """It repeats nothing of what is given, as that may be the key itself."""
    (problem,) = [each for each in problems(refusal(clients(**{name: {"apiKey": given}}))) if "a reference" in each]
    assert problem.startswith(f"onwards.clientKeys.{name}.apiKey: a reference needs both")
    fix = load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"][name]
    assert fix == {"apiKey": {"name": "client-keys", "key": name}}


@pytest.mark.parametrize("key", [["k", "k"], [{"name": "s", "key": "k"}] * 2], ids=str)
def test_one_key_of_two_clients_is_detected_in_every_form(refusal: Refuse, key: list[Any]) -> None:
    (problem,) = problems(refusal(clients(a={"apiKey": key[0]}, b={"apiKey": key[1]})))
    assert problem.startswith("onwards.clientKeys.b.apiKey: it is also the key of onwards.clientKeys.a,")


def test_two_clients_cannot_share_a_key(refusal: Refuse, render: Render) -> None:
    one_, other = {"name": "s", "key": "k"}, {"name": "s", "key": "l"}
    (problem,) = problems(refusal(clients(a={"apiKey": one_}, b={"apiKey": one_})))
    assert problem.startswith("onwards.clientKeys.b.apiKey: it is also the key of onwards.clientKeys.a,")
    assert len(render(clients(a={"apiKey": one_}, b={"apiKey": other}))) > 0


def test_a_load_balancer_with_the_gateways_name_is_refused(refusal: Refuse) -> None:
    name = "test-release-inference-stack-onwards"
    values = {"onwards": {"loadBalancer": {"enabled": True, "nameOverwrite": name}}}
    (problem,) = problems(refusal(values))
    assert problem.startswith(f"onwards.loadBalancer.nameOverwrite: {name} is the name of the Service of onwards.")


def test_a_model_may_be_set_by_a_variable_but_not_missing(refusal: Refuse, render: Render) -> None:
    (problem,) = problems(refusal(one(engine="llama-cpp", modelName="")))
    assert problem.startswith("modelGroups.a.modelName: neither a model nor a command is set")
    by_variable = one(engine="llama-cpp", modelName="", env=[{"name": "LLAMA_ARG_MODEL", "value": "/x.gguf"}])
    assert len(render(by_variable)) > 0


def test_a_percentage_of_min_available_is_rounded_up(refusal: Refuse, render: Render) -> None:
    found = problems(refusal(one(replicaCount=3, podDisruptionBudget={"minAvailable": "67%"})))
    assert found[0].startswith("modelGroups.a.podDisruptionBudget: it allows none of the 3 pods to be evicted")
    assert len(render(one(replicaCount=3, podDisruptionBudget={"minAvailable": "66%"}))) > 0


def test_the_proposed_startup_probe_is_no_longer_than_load_seconds(refusal: Refuse) -> None:
    few = {"periodSeconds": 10, "failureThreshold": 30}
    (problem,) = problems(refusal(one(loadSeconds=1210, startupProbe=few)))
    assert load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["startupProbe"] == {
        **few,
        "failureThreshold": 121,
    }


@pytest.mark.parametrize(
    ("values", "way", "name", "key"),
    [
        (
            {"serviceMonitor": {"enabled": True, "bearerTokenSecret": {"key": "k"}}},
            ("serviceMonitor", "bearerTokenSecret"),
            "metrics-token",
            "token",
        ),
        (provider(apiKey={"key": "k"}), ("externalProviders", "p", "apiKey"), "provider-keys", "p"),
        (provider(apiKey={"name": "s"}), ("externalProviders", "p", "apiKey"), "provider-keys", "p"),
    ],
    ids=["metrics", "provider-key", "provider-name"],
)
def test_the_fix_of_a_reference_that_lacks_one_of_both_has_both(
    refusal: Refuse, values: dict[str, Any], way: tuple[str, ...], name: str, key: str
) -> None:
    (problem,) = problems(refusal(values))
    fix: Any = load(problem.partition("Please set:\n")[2])
    for part in way:
        fix = fix[part]
    assert fix == {"name": name, "key": key}


def test_the_fix_of_a_client_names_the_first_alias_that_is_served(refusal: Refuse) -> None:
    values = {**one(modelAlias=["n", "m"]), "onwards": {"clientKeys": {"c": {"apiKey": "sk", "allowedAliases": ["x"]}}}}
    (problem,) = problems(refusal(values))
    assert load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["c"]["allowedAliases"] == ["m"]
    (problem,) = problems(refusal({"onwards": values["onwards"]}))
    assert load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["c"]["allowedAliases"] == ["an-alias"]


def test_the_proposed_port_is_9090_or_the_next(refusal: Refuse) -> None:
    proposed = []
    for onwards in SAME_PORT:
        (problem,) = problems(refusal({"onwards": onwards}))
        metrics = load(problem.partition("Please set:\n")[2])["onwards"]["metrics"]
        proposed.append(metrics.get("port") or metrics["service"]["port"])
    assert proposed == [9091, 9091, 9090, 9090]


def test_many_keys_are_not_all_listed(refusal: Refuse) -> None:
    (problem,) = problems(refusal({"onwards": {"zzz": 1}}))
    assert re.search(r"valid keys include (\w+, ){7}\w+ and \d+ more\.$", problem.splitlines()[0])


SECOND: dict[str, dict[str, Any]] = {
    "volumes": {"volumes": [{"name": n, "emptyDir": {}} for n in ("a", "b", "b")]},
    "mounts": {
        "volumes": [{"name": "a", "emptyDir": {}}],
        "volumeMounts": [{"name": "a", "mountPath": path} for path in ("/a", "/b", "/b")],
    },
}


@pytest.mark.parametrize("fields", SECOND.values(), ids=SECOND)
def test_the_fix_changes_the_second_of_two_duplicates(refusal: Refuse, fields: dict[str, Any]) -> None:
    key, given = list(fields.items())[-1]
    (problem,) = problems(refusal(one(**fields)))
    proposed = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"][key]
    assert [one_ == other for one_, other in zip(proposed, given, strict=True)] == [True, True, False]


def test_the_fix_renames_the_volume_whose_claim_is_taken(refusal: Refuse) -> None:
    volumes = {"a": ["b-c"], "a-b": ["x", "c"]}
    groups = {
        group: {**GROUP, "persistentVolumes": [{"name": n, "mountPath": f"/{n}", "size": "1Gi"} for n in names]}
        for group, names in volumes.items()
    }
    (problem,) = problems(refusal({"modelGroups": groups}))
    (proposed,) = load(problem.partition("Please set:\n")[2])["modelGroups"].items()
    assert (proposed[0], [each["name"] for each in proposed[1]["persistentVolumes"]]) == ("a-b", ["x", "c-2"])


def test_two_groups_may_share_an_existing_claim(render: Render) -> None:
    volume = {"name": "w", "mountPath": "/w", "existingClaim": "models", "accessModes": ["ReadWriteMany"]}
    groups = {name: {**GROUP, "persistentVolumes": [volume]} for name in ("a", "b")}
    assert len(render({"modelGroups": groups})) > 0


def test_ports_with_one_name_are_refused_even_if_protocols_differ(refusal: Refuse) -> None:
    ports = [{"name": "x", "containerPort": n, "protocol": p} for n, p in ((9001, "TCP"), (9002, "UDP"))]
    (problem,) = problems(refusal(one(additionalPorts=ports)))
    assert problem.startswith("modelGroups.a.additionalPorts: the name x is used twice in this group.")


def test_an_autoscaler_of_no_replicas_is_refused_with_one_as_fix(refusal: Refuse) -> None:
    (problem,) = problems(refusal({"onwards": {"replicaCount": 0, "autoscaling": {"enabled": True}}}))
    assert load(problem.partition("Please set:\n")[2]) == {
        "onwards": {"replicaCount": 1, "autoscaling": {"minReplicas": 1}}
    }


def test_a_size_is_proposed_for_the_volume_without_one(refusal: Refuse) -> None:
    volumes = [
        {**VOLUME, "accessModes": ["ReadWriteMany"]},
        {"name": "w", "mountPath": "/w", "accessModes": ["ReadWriteMany"]},
    ]
    (problem,) = problems(refusal(one(persistentVolumes=volumes)))
    proposed = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["persistentVolumes"]
    assert [each["size"] for each in proposed] == ["1Gi", "100Gi"]


def test_a_group_cannot_have_the_name_of_the_test(refusal: Refuse) -> None:
    (problem,) = problems(refusal({"modelGroups": {"onwards-test": GROUP}}))
    assert problem.startswith('modelGroups.onwards-test: "onwards-test" is the name of the gateway')


def test_a_fix_uses_the_first_of_several(refusal: Refuse) -> None:
    (problem,) = problems(refusal(one(modelAlias=["", "b", "c"])))
    assert load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["modelAlias"][0] == "b"
    (problem,) = problems(
        refusal({"modelGroups": {"b": GROUP, "c": GROUP}, "networkPolicy": {"modelGroups": {"x": {}}}})
    )
    assert load(problem.partition("Please set:\n")[2])["networkPolicy"]["modelGroups"] == {"b": {}}


@pytest.mark.parametrize("name", ["onwards-routes", "onwards-keys", "onwards-config"])
def test_the_name_of_each_volume_of_the_gateway_is_refused(refusal: Refuse, name: str) -> None:
    (problem,) = problems(refusal({"onwards": {"volumes": [{"name": name, "emptyDir": {}}]}}))
    assert problem.startswith(f"onwards.volumes[0].name: {name} is the name of the chart's own volume of this pod.")


def test_a_stateful_sets_name_of_53_characters_is_refused(refusal: Refuse) -> None:
    (problem,) = problems(refusal({"fullnameOverride": "x" * 51, **one(balancing="perReplica")}))
    assert problem.startswith(f"modelGroups.a.balancing: perReplica creates a StatefulSet, and {'x' * 51}-a is longer")


def test_a_disabled_group_may_be_incomplete(render: Render) -> None:
    assert len(render({"modelGroups": {"onwards": {"persistentVolumes": [{}]}}})) > 0


@pytest.mark.parametrize(
    "fields",
    [
        {"nodeSelector": {"kubernetes.io/hostname": "n"}, "replicaCount": 3, "strategy": SURGE},
        {"strategy": {"type": "Recreate"}},
        {"strategy": {"type": "RollingUpdate"}},
        {"strategy": {"rollingUpdate": {"maxSurge": 0}}},
        {"strategy": {"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": "100%"}}},
        {"replicaCount": 0},
    ],
    ids=["one-node", "recreate", "type-alone", "no-surge", "no-surge-percent", "no-pods"],
)
def test_a_one_node_volume_is_accepted_where_one_node_is_enough(render: Render, fields: dict[str, Any]) -> None:
    assert len(render(one(persistentVolumes=[VOLUME], **fields))) > 0


SAME_PORT: list[dict[str, Any]] = [
    values
    for port in (9090, 3000)
    for values in (
        {"containerPort": port, "metrics": {"port": port}},
        {"service": {"port": port}, "metrics": {"service": {"port": port}}},
    )
]


@pytest.mark.parametrize("onwards", SAME_PORT, ids=str)
def test_the_proposed_port_is_accepted(refusal: Refuse, render: Render, onwards: dict[str, Any]) -> None:
    from harness.manifests import load

    (problem,) = problems(refusal({"onwards": onwards}))
    fix = load(problem.partition("Please set:\n")[2])["onwards"]
    assert len(render({"onwards": {**onwards, **fix}})) > 0


def test_the_fix_is_yaml_that_is_accepted(refusal: Refuse, render: Render) -> None:
    from harness.manifests import load

    values = one(modelAlias=[])
    (problem,) = problems(refusal(values))
    fix = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]
    values["modelGroups"]["a"].update(fix)
    assert len(render(values)) > 0


@pytest.mark.parametrize("name", ["", "a: b", "- a", "#", "{a", "n", "No", "true", "False", "on", "null", "1e3", "12"])
def test_the_fix_is_valid_yaml_for_any_group_name(refusal: Refuse, name: str) -> None:
    for problem in problems(refusal({"modelGroups": {name: {**GROUP, "modelAlias": []}}})):
        fix = load(problem.partition("Please set:\n")[2])
        assert fix.keys() == {"modelGroups"}
        assert all(isinstance(key, str) for key in fix["modelGroups"])


def test_a_group_may_have_only_the_command_of_model_group_defaults(render: Render) -> None:
    values = {"modelGroups": {"a": {"enabled": True, "modelAlias": ["m"], "image": "vllm/vllm-openai"}}}
    command = ["vllm", "serve", "--config", "/config.yaml"]
    rendered = render({**values, "modelGroupDefaults": {"command": command}})
    assert engine(rendered)["command"] == command


def test_a_port_of_model_group_defaults_is_compared_with_each_command(refusal: Refuse, render: Render) -> None:
    values = one(command=["vllm", "serve", "org/m", "--port", "8123"])
    (problem,) = problems(refusal({**values, "modelGroupDefaults": {"containerPort": 9000}}))
    assert problem.startswith(
        "modelGroups.a.containerPort: it is 9000, but the command makes the engine listen on 8123"
    )
    assert ports(render(values))["http"] == 8123  # the chart's default port is not compared


def test_a_provider_preset_of_null_is_no_preset(refusal: Refuse) -> None:
    (problem,) = problems(refusal({"externalProviders": {"p": {"preset": None, "modelAlias": ["m"]}}}))
    assert problem.startswith("externalProviders.p.url: ")
