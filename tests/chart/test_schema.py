"""values.schema.json: what it accepts, what it refuses and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from harness.helm import Helm, HelmError
from harness.manifests import Manifests
from harness.paths import ROOT
from harness.tools import tool
from tests.chart.cases import CASES
from tests.chart.test_values_0_4 import STORED, USED
from tests.chart.validation import faults
from tests.support import Values

SCHEMA: dict[str, Any] = json.loads((ROOT / "values.schema.json").read_text())
HELMS = ("helm", "helm3")
ACCEPTED: dict[str, Values] = {**CASES, "stored-0.4": STORED, "used-0.4": USED}

MISSPELT = """
onwarsd
onwards.replicas
onwards.image.repo
onwards.imagePullSecrets.0.nam
onwards.serviceAccount.annotation
onwards.service.ports
onwards.loadBalancer.nameOverride
onwards.metrics.enable
onwards.metrics.service.nodePort
onwards.fallback.retries
onwards.fallback.backoff.initial
onwards.httpPool.maxIdle
onwards.probes.livenessProbe
onwards.probes.startup.periodSecond
onwards.resources.limit
onwards.env.0.valuFrom
onwards.volumes.0.secrets
onwards.volumeMounts.0.path
modelGroupDefaults.replicas
modelGroupDefaults.image.repositry
modelGroups.a.limit
modelGroups.a.image.repo
modelGroups.a.apiKey.secret
modelGroups.a.additionalPorts.0.prot
modelGroups.a.service.prot
modelGroups.a.persistentVolumes.0.nam
modelGroups.a.persistentVolumes.0.selector.matchLabel
modelGroups.a.serviceAccount.named
modelGroups.a.strategy.rolling
modelGroups.a.strategy.rollingUpdate.surge
modelGroups.a.lifecycle.prestop
modelGroups.a.lifecycle.preStop.execute
modelGroups.a.lifecycle.preStop.sleep.second
modelGroups.a.resources.request
modelGroups.a.resources.claims.0.nam
modelGroups.a.env.0.valueFrom.secretRef
modelGroups.a.env.0.valueFrom.secretKeyRef.secret
modelGroups.a.env.0.valueFrom.configMapKeyRef.keys
modelGroups.a.env.0.valueFrom.fieldRef.path
modelGroups.a.env.0.valueFrom.resourceFieldRef.resources
modelGroups.a.envFrom.0.secret
modelGroups.a.envFrom.0.secretRef.nam
modelGroups.a.envFrom.0.configMapRef.key
modelGroups.a.volumes.0.emptydir
modelGroups.a.volumes.0.emptyDir.size
modelGroups.a.volumes.0.configMap.files
modelGroups.a.volumes.0.secret.name
modelGroups.a.volumes.0.hostPath.paths
modelGroups.a.volumes.0.nfs.host
modelGroups.a.volumes.0.persistentVolumeClaim.claim
modelGroups.a.volumes.0.csi.drivers
modelGroups.a.volumes.0.projected.source
modelGroups.a.volumes.0.projected.sources.0.secrets
modelGroups.a.volumes.0.ephemeral.volumeClaimTemplate.spec.accessMode
modelGroups.a.volumeMounts.0.mountpath
modelGroups.a.initContainers.0.arguments
modelGroups.a.initContainers.0.ports.0.prot
modelGroups.a.initContainers.0.securityContext.priviledged
modelGroups.a.startupProbe.periodSecond
modelGroups.a.livenessProbe.httpGet.url
modelGroups.a.livenessProbe.httpGet.httpHeaders.0.nam
modelGroups.a.readinessProbe.tcpSocket.prot
modelGroups.a.readinessProbe.exec.cmd
modelGroups.a.readinessProbe.grpc.prot
modelGroups.a.podSecurityContext.runAsUsr
modelGroups.a.podSecurityContext.seccompProfile.types
modelGroups.a.podSecurityContext.seLinuxOptions.lvl
modelGroups.a.podSecurityContext.sysctls.0.nam
modelGroups.a.securityContext.capabilities.dropp
modelGroups.a.imagePullSecrets.0.secret
modelGroups.a.tolerations.0.operater
modelGroups.a.affinity.nodeAfinity
modelGroups.a.affinity.nodeAffinity.required
modelGroups.a.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchExpression
modelGroups.a.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchFields.0.val
modelGroups.a.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.wieght
modelGroups.a.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm.topology
modelGroups.a.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchExpressions.0.op
modelGroups.a.topologySpreadConstraints.0.maxskew
onwards.autoscaling.target
onwards.clientKeys.a.secret
onwards.clientKeys.a.apiKey.secretName
externalProviders.a.baseUrl
externalProviders.a.apiKey.secret
routes.a.retries
modelGroups.a.reasoningTranslation.completions
modelGroups.a.reasoningTranslation.chat_completions.write
modelGroups.a.reasoningTranslation.chat_completions.writes.0.path
externalProviders.a.reasoningTranslation.completions
externalProviders.a.reasoningTranslation.chat_completions.write
externalProviders.a.reasoningTranslation.chat_completions.writes.0.path
externalProviders.a.reasoningTranslation.responses.write
externalProviders.a.reasoningTranslation.responses.writes.0.path
modelGroups.a.reasoningTranslation.responses.write
modelGroups.a.reasoningTranslation.responses.writes.0.path
routes.a.reasoningTranslation.completions
routes.a.reasoningTranslation.chat_completions.write
routes.a.reasoningTranslation.chat_completions.writes.0.path
routes.a.reasoningTranslation.responses.write
routes.a.reasoningTranslation.responses.writes.0.path
routes.a.fallback.status
routes.a.fallback.backoff.initial
httpRoute.gateways
httpRoute.parentRefs.0.section
httpRoute.timeouts.backend
networkPolicy.metricsFrom.0.podSelecter
onwards.lifecycle.prestop
modelGroups.a.responseHeader
onwards.podDisruptionBudget.min
modelGroups.a.podDisruptionBudget.max
ingress.class
ingress.hosts.0.hostname
ingress.hosts.0.paths.0.type
ingress.tls.0.secret
networkPolicy.gateway
networkPolicy.onwards.ingres
networkPolicy.onwards.ingress.0.form
networkPolicy.modelGroups.a.egress.0.prots
networkPolicy.modelGroups.a.ingress.0.ports.0.endport
networkPolicy.modelGroups.a.ingress.0.from.0.podSelecter
networkPolicy.modelGroups.a.ingress.0.from.0.ipBlock.cird
serviceMonitor.intervall
serviceMonitor.bearerTokenSecret.secret
"""
TYPOS = MISSPELT.strip().splitlines()

WRONG: dict[str, Any] = {
    "nameOverride": 1,
    "commonLabels": ["a"],
    "imagePullSecrets": "registry",
    "onwards.replicaCount": "three",
    "onwards.service.type": "Clusterip",
    "onwards.service.port": 70000,
    "onwards.image.digest": "latest",
    "onwards.strictMode": "yes",
    "onwards.fallback.onStatus": 502,
    "modelGroups.a.enabled": "true",
    "modelGroups.a.engine": "vLLM",
    "modelGroups.a.weight": 0,
    "modelGroups.a.containerPort": "http",
    "modelGroups.a.sharedMemory": "8 GB",
    "modelGroups.a.image.pullPolicy": "always",
    "modelGroups.a.env": {"HF_TOKEN": "x"},
    "modelGroups.a.nodeSelector.gpu": True,
    "modelGroups.a.strategy.type": "Rolling",
    "modelGroups.a.persistentVolumes.0.accessModes.0": "RWO",
    "modelGroups.a.persistentVolumes.0.size": "100GiB",
    "modelGroups.a.resources.limits.memory": "16G B",
    "modelGroups.a.tolerations.0.effect": "noSchedule",
    "modelGroups.a.tolerations.0.operator": "Exist",
    "modelGroups.a.initContainers.0.imagePullPolicy": "Allways",
    "modelGroups.a.initContainers.0.restartPolicy": "always",
    "modelGroups.a.livenessProbe.httpGet.scheme": "https",
    "modelGroups.a.livenessProbe.type": "grpc",
    "modelGroups.a.additionalPorts.0.protocol": "tcp",
    "modelGroups.a.additionalPorts.0.name": "a_name",
    "modelGroups.a.topologySpreadConstraints.0.whenUnsatisfiable": "Ignore",
    "modelGroups.a": [],
    "modelGroups.a.balancing": "perPod",
    "modelGroups.a.reasoningTranslation": "thoughts",
    "externalProviders.a.url": "api.example.com",
    "externalProviders.a.preset": "openAI",
    "externalProviders.a.priority": -1,
    "routes.a.strategy": "round-robin",
    "onwards.clientKeys.a.requestsPerSecond": 5.5,
    "httpRoute.timeouts.request": "forever",
    "ingress.hosts.0": "a.example",
    "ingress.hosts.0.paths.0.pathType": "prefix",
    "networkPolicy.onwards.policyTypes.0": "ingress",
    "serviceMonitor.interval": "30 s",
}


def nested(path: str, value: Any) -> Any:
    """Values with this value at a path; a 0 in it is a list's only item."""
    for part in reversed(path.split(".")):
        value = [value] if part == "0" else {part: value}
    return value


def pointer(path: str) -> str:
    return "".join(f"/{part}" for part in path.split(".")) if path else ""


REFUSED: dict[str, tuple[Any, str, str]] = {
    **{typo: (nested(typo, None), pointer(typo.rpartition(".")[0]), typo.rpartition(".")[2]) for typo in TYPOS},
    **{f"{path}={json.dumps(value)}": (nested(path, value), pointer(path), "") for path, value in WRONG.items()},
}
"""Values, where they are refused, and the key that is named there ("" where the place itself is at fault)."""


def printed(said: str) -> list[tuple[str, str]]:
    """The faults that Helm prints, as place and reason."""
    return re.findall(r"at '([^']*)': (.*)", said)


def names(found: list[tuple[str, str]], place: str, key: str) -> bool:
    return any(at == place and (not key or f"'{key}'" in why) for at, why in found)


def test_it_is_a_schema_of_draft_7() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_chart_renders_is_accepted(values: Values) -> None:
    assert faults(values) == []


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_helm_accepts_it_too(values: Values, binary: str) -> None:
    assert Helm(tool(binary)).template(ROOT, values=[values] if values else [])


@pytest.mark.parametrize("values", [STORED, USED], ids=["stored-0.4", "used-0.4"])
def test_values_without_the_charts_defaults_are_accepted(values: dict[str, Any]) -> None:
    """As after `helm upgrade --reuse-values`, which puts a release's values in the place of values.yaml."""
    assert list(Draft7Validator(SCHEMA).iter_errors(values)) == []


def test_the_schema_knows_the_engines_of_the_templates() -> None:
    templates = (ROOT / "templates/model-group").glob("_engine-*.tpl")
    engines = {path.stem.removeprefix("_engine-") for path in templates}
    assert {*SCHEMA["properties"]["modelGroupDefaults"]["properties"]["engine"]["enum"]} == {*engines, "", None}


def test_the_table_is_long_enough() -> None:
    assert len(REFUSED) >= 60


@pytest.mark.parametrize(("values", "place", "key"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_refused_where_it_is(values: Any, place: str, key: str) -> None:
    assert names(faults(values), place, key), faults(values)


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize(("values", "place", "key"), REFUSED.values(), ids=REFUSED)
def test_helm_says_where(values: Any, place: str, key: str, binary: str) -> None:
    with pytest.raises(HelmError) as refused:
        Helm(tool(binary)).template(ROOT, values=[values])
    assert names(printed(refused.value.said), place, key), refused.value.said


def types(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every definition that is used, and one path of values to it."""
    seen: set[str] = set()
    todo: list[tuple[Any, str]] = [(node, path)]
    while todo:
        schema, at = todo.pop(0)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name in seen:
                continue
            seen.add(name)
            yield name, at
            schema = SCHEMA["definitions"][name]
        todo += [(below, f"{at}.{key}".lstrip(".")) for key, below in schema.get("properties", {}).items()]
        if isinstance(schema.get("additionalProperties"), Mapping):
            todo.append((schema["additionalProperties"], f"{at}.a"))
        if "items" in schema:
            todo.append((schema["items"], f"{at}.0"))


TYPES = dict(types(SCHEMA))
OPEN = {"FieldsV1": "whatever a field manager wrote", "Time": "a string"}
"""Definitions without fields of their own, and what they are."""


def test_no_definition_is_left_over() -> None:
    assert set(TYPES) == set(SCHEMA["definitions"])


@pytest.mark.parametrize("name", sorted(set(TYPES) - set(OPEN)))
def test_every_type_is_closed(name: str) -> None:
    place = TYPES[name]
    assert names(faults(nested(f"{place}.typo", 1)), pointer(place), "typo")


def own_objects(schema: Any, path: str = "") -> Iterator[str]:
    """Paths of the chart's own objects, a group's below modelGroups.a."""
    if schema.get("$ref") == "#/definitions/modelGroup":
        schema = SCHEMA["definitions"]["modelGroup"]
    if "$ref" in schema or ("$comment" in schema and path):
        return
    if "properties" in schema:
        yield path
        for name, below in schema["properties"].items():
            yield from own_objects(below, f"{path}.{name}".lstrip("."))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from own_objects(schema["additionalProperties"], f"{path}.a")
    if "items" in schema:
        yield from own_objects(schema["items"], f"{path}.0")


def test_the_table_has_a_typo_for_every_own_object() -> None:
    covered = {typo.rpartition(".")[0] for typo in TYPOS}
    same = {"imagePullSecrets.0": "onwards.imagePullSecrets.0"}  # made by one function
    missing = {
        path
        for path in own_objects(SCHEMA)
        if same.get(path, path.replace("modelGroupDefaults", "modelGroups.a")) not in covered
    }
    assert missing == set()


def test_only_what_has_to_be_is_open() -> None:
    def open_ones(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, list):
            for each in node:
                yield from open_ones(each, path)
        if not isinstance(node, dict):
            return
        given = node.get("type", ())
        if ("object" in ([given] if isinstance(given, str) else given)) and "additionalProperties" not in node:
            yield path
        for key, below in node.items():
            yield from open_ones(below, path if key == "properties" else f"{path}.{key}")

    assert {place for place in open_ones(SCHEMA, "") if not place.endswith(".writes.items.values")} == {
        ".global",
        ".serviceMonitor.tlsConfig",
        ".definitions.FieldsV1",
        ".httpRoute.filters.items",  # the Gateway API's, whose types Kubernetes' schemas do not have
    }


@pytest.mark.parametrize("word", ["oneOf", "anyOf", "allOf", "not", "if", "$id", "unevaluatedProperties", "format"])
def test_a_word_that_makes_messages_long_or_differs_between_helms_is_not_used(word: str) -> None:
    assert f'"{word}":' not in (ROOT / "values.schema.json").read_text()


def test_references_stay_inside_and_stand_alone() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                assert list(node) == ["$ref"]
                assert node["$ref"].startswith("#/definitions/")
            for below in node.values():
                check(below)
        elif isinstance(node, list):
            for below in node:
                check(below)

    check(SCHEMA)


def test_it_is_small() -> None:
    assert (ROOT / "values.schema.json").stat().st_size < 150_000


@pytest.mark.parametrize(
    "path", [*(ROOT / "examples").glob("*.yaml"), ROOT / "values.yaml"], ids=lambda path: path.name
)
def test_editors_find_it(path: Path) -> None:
    title, modeline = path.read_text().splitlines()[:2]
    assert title.startswith("# ")
    assert not title.startswith("# yaml-language-server")
    relative = modeline.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / relative).resolve() == ROOT / "values.schema.json"


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that has this one as its dependency, with a condition."""
    chart = tmp_path_factory.mktemp("parent")
    packaged = Helm().package(ROOT, chart / "charts")
    version = yaml.safe_load((ROOT / "Chart.yaml").read_text())["version"]
    assert packaged.exists()
    dependency = {"name": "inference-stack", "version": version, "condition": "inference-stack.enabled"}
    about = {"apiVersion": "v2", "name": "parent", "version": "0.1.0", "dependencies": [dependency]}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "values.yaml").write_text("{}\n")
    return chart


@pytest.mark.parametrize("binary", HELMS)
@pytest.mark.parametrize(
    ("values", "enabled"),
    [({}, True), ({"inference-stack": {"enabled": True}}, True), ({"inference-stack": {"enabled": False}}, False)],
    ids=["no-condition", "enabled", "disabled"],
)
def test_it_works_below_a_parent(parent: Path, values: dict[str, Any], enabled: bool, binary: str) -> None:
    given = {**values, "global": {"imageRegistry": "mirror.example", "anything": {"else": 1}}}
    rendered = Manifests.parse(Helm(tool(binary)).template(parent, values=[given]) or "")
    assert bool(list(rendered)) == enabled


@pytest.mark.parametrize("binary", HELMS)
def test_a_parent_may_take_defaults_away(parent: Path, binary: str) -> None:
    """Helm 4 leaves a null from a parent in the values, Helm 3 removes the key."""
    own = {"onwards": {"resources": None, "tolerations": None, "image": {"tag": None}}, "commonLabels": None}
    group = {"enabled": True, "modelName": "o/m", "modelAlias": ["m"], "tolerations": None, "service": None}
    values = {"inference-stack": {**own, "modelGroups": {"m": group, "vllm-llama": None}}}
    assert Helm(tool(binary)).template(parent, values=[values])


@pytest.mark.parametrize("binary", HELMS)
def test_a_mistake_below_a_parent_is_refused(parent: Path, binary: str) -> None:
    with pytest.raises(HelmError) as refused:
        Helm(tool(binary)).template(parent, values=[{"inference-stack": {"onwards": {"replicas": 2}}}])
    assert names(printed(refused.value.said), "/onwards", "replicas")
