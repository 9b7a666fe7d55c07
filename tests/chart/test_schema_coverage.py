"""Schema and templates have the same values: each leaf changes the render, and templates read no other key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from harness.helm import Helm
from harness.paths import ROOT
from harness.schema.dsl import types_of
from tests.chart.all_options import ALL_OPTIONS, FULL_GROUP

SCHEMA: dict[str, Any] = json.loads((ROOT / "values.schema.json").read_text())

Path = tuple[str | int, ...]

UNREAD = {
    "enabled": "Helm reads it, where a parent chart's dependency has a condition",
    "modelGroupDefaults": "it has the fields of a group, whose leaves are tested below modelGroups.full",
    "onwards.allowKeyExposure": "it decides whether values are refused: tests/chart/test_refusals.py",
    "images.requireDigest": "it decides whether values are refused: tests/chart/test_images.py",
    "modelGroups.full.podsShareNode": "it matters to volumes that one node can mount: tests/field/test_storage.py",
    "modelGroups.full.prefetch.job": "it matters to groups that prefetch: tests/chart/test_hub.py",
    "modelGroups.full.prefetch.resources": "it matters to groups that prefetch: tests/chart/test_hub.py",
    "modelGroups.full.spareGPUs": "it decides whether there is a refusal or warning: test_refusals.py, test_notes.py",
}
"""Leaves that do not change the render, and why they are in the schema."""

NAMES = {
    r"\.Values": "",
    (
        r"\.stack(?=\.(?:onwards|ingress|httpRoute|networkPolicy"
        r"|prometheus|serviceMonitor|prometheusRule|dashboards|tracing)\.)"
    ): "",
    r"\$onwards": "onwards",
    r"[$.]group": "modelGroupDefaults",
    r"\$account": "onwards.serviceAccount",
    r"[$.]client": "onwards.clientKeys.team",
    r"[$.]route": "routes.shared",
    r"\$provider(?!s)": "externalProviders.outside",
    r"\$scaling": "onwards.autoscaling",
    r"\$autoscaling": "modelGroupDefaults.autoscaling",
    r"\$prometheus": "prometheus",
    r"[$.]volume": "modelGroupDefaults.persistentVolumes.0",
    r"\$policy(?!\.ingress)": "networkPolicy",
    r"\$monitor": "serviceMonitor",
    r"\$rule(?!s)": "prometheusRule",
}
"""Expressions in templates, and the values they refer to; other variables are derived from these."""

BASE: dict[str, Any] = deepcopy({**ALL_OPTIONS, "modelGroups": {"full": FULL_GROUP}})
BASE["onwards"]["replicaCount"] = 1
EFFORTS = dict.fromkeys(("none", "minimal", "low", "medium", "high", "xhigh"), 1)
REASONING = ("modelGroups.full", "externalProviders.outside", "routes.shared")
for _name, _entry in (("modelGroups", "full"), ("externalProviders", "outside"), ("routes", "shared")):
    BASE[_name][_entry]["reasoningTranslation"] = {
        surface: {"unsupported_efforts": ["max"], "writes": [{"target_path": "/thinking/on", "values": EFFORTS}]}
        for surface in ("chat_completions", "responses")
    }
BASE["modelGroups"]["also"] = {"enabled": True, "modelAlias": ["shared", "outside"], "modelName": "org/also"}
BASE["onwards"]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "5"]}}}
BASE["networkPolicy"] = {**BASE["networkPolicy"], "onwards": {}, "modelGroups": {"full": {}}}
BASE["onwards"]["autoscaling"] = {
    "enabled": True,
    "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization"}}}],
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
}
BASE["onwards"]["loadBalancer"]["nameOverwrite"] = "outside"
BASE["onwards"]["fallback"]["backoff"]["maxMilliseconds"] = 900
BASE["modelGroups"]["full"]["additionalPorts"][1]["containerPort"] = 9101
BASE["modelGroups"]["full"]["command"] = ["vllm", "serve"]
BASE["modelGroups"]["full"]["resourceClaims"] = [{"name": "fabric", "resourceClaimName": "fabric"}]  # newer than 1.25

AUTOSCALING: dict[str, Any] = {
    "enabled": True,
    "provider": "keda",
    "minReplicas": 1,
    "maxReplicas": 3,
    "by": "requests",
    "target": 8,
    "startSeconds": 120,
    "idleSeconds": 900,
    "schedule": [{"start": "0 8 * * 1-5", "end": "0 19 * * 1-5", "timezone": "Europe/Berlin", "replicas": 2}],
    "behavior": {"scaleUp": {"selectPolicy": "Min"}},
    "spec": {"pollingInterval": 5},
}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization"}}}


def autoscaled(**more: Any) -> dict[str, Any]:
    """The group with an autoscaler, and these fields of it."""
    return {
        "modelGroups.full.replicaCount": 1,
        "modelGroups.full.podDisruptionBudget": {},
        "modelGroups.full.autoscaling": {**AUTOSCALING, **more},
    }


SERVICES = ("modelGroups.full.service", "onwards.service", "onwards.loadBalancer")
CONTEXT: dict[str, dict[str, Any]] = {
    **{f"{of}.clusterIP": {f"{of}.clusterIPs": []} for of in SERVICES},
    **{f"modelGroups.full.autoscaling.{key}": autoscaled() for key in AUTOSCALING if key != "schedule"},
    **{f"modelGroups.full.autoscaling.schedule.0.{key}": autoscaled() for key in AUTOSCALING["schedule"][0]},
    "modelGroups.full.autoscaling.provider": autoscaled(by="cpu", schedule=[]),
    "modelGroups.full.autoscaling.idleSeconds": autoscaled(minReplicas=0),
    "modelGroups.full.autoscaling.metrics": autoscaled(provider="hpa", by="cpu", schedule=[], metrics=[MEMORY]),
    "modelGroups.full.autoscaling.triggers": autoscaled(triggers=[{"type": "memory", "metadata": {"value": "9"}}]),
    **{
        f"prometheus.{key}": autoscaled()
        for key in ("serverAddress", "labels", "recorded", "authenticationRef.name", "authenticationRef.kind")
    },
    "onwards.replicaCount": {"onwards.autoscaling.enabled": False},
    "onwards.autoscaling.targetCPUUtilizationPercentage": {"onwards.autoscaling.metrics": []},
    "onwards.podDisruptionBudget.minAvailable": {"onwards.podDisruptionBudget.maxUnavailable": ""},
    "modelGroups.full.podDisruptionBudget.maxUnavailable": {"modelGroups.full.podDisruptionBudget.minAvailable": ""},
    "modelGroups.full.loadSeconds": {
        "modelGroups.full.startupProbe": {},
        "modelGroups.full.progressDeadlineSeconds": 0,
    },
    "onwards.drainSeconds": {"onwards.lifecycle": {}},
    "externalProviders.outside.preset": {"externalProviders.outside.apiKeyHeader": ""},
    **{
        f"routes.shared.{key}": {
            "routes.shared.loadAware": False,
            "routes.shared.firstTokenTimeoutSeconds": 0,
            "routes.shared.holdSeconds": 0,
        }
        for key in ("strategy", "fallback.enabled")
    },
    **{
        f"routes.shared.fallback.backoff.{key}": {"routes.shared.holdSeconds": 0}
        for key in ("initialMilliseconds", "maxMilliseconds")
    },
    "modelGroups.full.basePath": {"onwards.strictMode": True},
    "modelGroups.full.engine": {"modelGroups.full.adapters": {}},
    "modelGroups.full.balancing": {"modelGroups.full.strategy": {}},
    "onwards.service.type": {"onwards.service.loadBalancerSourceRanges": []},
    "onwards.metrics.service.port": {
        "onwards.service.type": "ClusterIP",
        "onwards.service.loadBalancerSourceRanges": [],
        "onwards.service.nodePort": 0,
    },
    "modelGroups.full.service.type": {
        "modelGroups.full.service.loadBalancerSourceRanges": [],
        "modelGroups.full.service.nodePort": 0,
    },
    "modelGroups.full.engineVersion": {"modelGroups.full.args": ["--model", "org/full"]},
    "modelGroups.full.tag": {"modelGroups.full.image": "vllm/vllm-openai"},
    "modelGroups.full.persistentVolumes.0.name": {"modelGroups.full.initContainers": []},
    "modelGroups.full.persistentVolumes.0.$patch": {"modelGroups.full.initContainers": []},
    "modelGroups.full.persistentVolumes.0.storageClassName": {"modelGroups.full.persistentVolumes.0.storageClass": ""},
    "modelGroups.full.serviceAccount.name": {"modelGroups.full.serviceAccount.create": True},
}
"""Values that a leaf needs to have an effect, because another value overrides it otherwise."""

CHANGES: dict[str, Any] = {
    **{f"modelGroups.full.autoscaling.schedule.0.{key}": "30 8 * * 1-5" for key in ("start", "end")},
    "prometheus.serverAddress": "http://other:9090",
    "fullnameOverride": "other",
    "nameOverride": "other",
    "onwards.containerPort": 3100,
    "onwards.extraArgs": ["--version"],
    "onwards.image.digest": f"sha256:{'1' * 64}",
    "onwards.service.type": "NodePort",
    "modelGroups.full.service.targetPort": 9001,
    "onwards.service.targetPort": 9001,
    **{f"{of}.clusterIP": "10.96.0.11" for of in SERVICES},
    "onwards.loadBalancer.targetPort": 9001,
    "onwards.autoscaling.minReplicas": 3,
    "onwards.autoscaling.maxReplicas": 12,
    "onwards.autoscaling.targetCPUUtilizationPercentage": 51,
    "onwards.podDisruptionBudget.enabled": False,
    "onwards.volumes": [{"name": "extra", "configMap": {"name": "other"}}],
    "onwards.podDisruptionBudget.minAvailable": "50%",
    "onwards.podDisruptionBudget.maxUnavailable": 1,
    "modelGroups.full.podDisruptionBudget.minAvailable": "50%",
    "modelGroups.full.podDisruptionBudget.maxUnavailable": "50%",
    "modelGroups.full.volumes": [{"name": "templates", "emptyDir": {}}],
    "modelGroups.full.loadSeconds": 9000,
    "onwards.clientKeys.team.apiKey": "sk-other",
    "onwards.clientKeys.team.allowedAliases": ["shared"],
    "externalProviders.outside.apiKey": "sk-other",
    "externalProviders.outside.url": "https://other.example.com/v1",
    "externalProviders.outside.preset": "azure-openai",
    "externalProviders.outside.modelAlias": ["shared", "outside", "more"],
    "externalProviders.outside.enabled": False,
    "externalProviders.outside.priority": 0,
    "modelGroups.full.priority": 9,
    "httpRoute.paths": ["/v1", "/models"],
    "routes.shared.allowedKeys": ["team"],
    "routes.shared.strategy": "weighted",
    **{f"{place}.reasoningTranslation": "enable_thinking" for place in REASONING},
    **{
        f"{place}.reasoningTranslation.{surface}.{field}": value
        for place in REASONING
        for surface in ("chat_completions", "responses")
        for field, value in {
            "unsupported_efforts": ["max", "max"],
            "writes.0.values": {**EFFORTS, "none": 2},
            "writes.0.target_path": "/thinking/off",
        }.items()
    },
    "httpRoute.timeouts.request": "2h",
    "httpRoute.timeouts.backendRequest": "2h",
    "networkPolicy.mesh": "",
    "tests.enabled": False,
    "tests.printLog": False,
    "networkPolicy.onwards": {"policyTypes": ["Egress"]},
    "networkPolicy.modelGroups": {"full": {"policyTypes": ["Egress"]}},
    "modelGroups.full.balancing": "perReplica",
    "modelGroups.full.nodes": 2,
    "modelGroups.full.prefetch.enabled": True,
    "modelGroups.full.hub.endpoint": "https://other.example.com",
    "modelGroups.full.metricsPath": "/other",
    "modelGroups.full.basePath": "/v3",
    "modelGroups.full.containerPort": 9100,
    "modelGroups.full.engine": "custom",
    "modelGroups.full.engineVersion": "0.9",
    "modelGroups.full.kind": "audio",
    "modelGroups.full.image": "other/image:1",
    "modelGroups.full.image.digest": f"sha256:{'1' * 64}",
    "modelGroups.full.persistentVolumes.0.accessModes": ["ReadOnlyMany"],
    "modelGroups.full.persistentVolumes.0.existingClaim": "other",
    "modelGroups.full.persistentVolumes.0.mountPath": "/other",
    "modelGroups.full.persistentVolumes.0.readOnly": True,
    "ingress.hosts.0.paths.0.path": "/other",
    "modelGroups.full.persistentVolumes.0.volumeMode": "Block",
    "modelGroups.full.strategy": {"type": "Recreate"},
    "modelGroups.full.additionalPorts.0.containerPort": 9500,
    "modelGroups.full.sharedMemory": "1Gi",
    "modelGroups.full.persistentVolumes.0.size": "2Ti",
    **{f"routes.shared.loadAware.{key}": 0.3 for key in ("breachRateTarget", "shareStep", "shareDecay", "shareFloor")},
    "serviceMonitor.interval": "55s",
    "serviceMonitor.scrapeTimeout": "4s",
    "prometheusRule.alerts.runbooks": "https://other.example.com/",
    "prometheusRule.slo.availability": 99,
    "tracing.endpoint": "http://other.example.com:4318",
    "tracing.sampleRatio": 0.2,
}
"""A change with an effect, for leaves whose default change has none."""


ENTRIES: dict[Path, str] = {
    ("externalProviders",): "outside",
    ("routes",): "shared",
    ("onwards", "clientKeys"): "team",
}
"""Maps of the chart's own objects, and the entry in BASE whose leaves are tested."""


def leaves(schema: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The chart's own leaves: scalars, lists of them, and objects that Kubernetes or the user defines."""
    if ".".join(map(str, path)) in UNREAD:
        return
    if path in ENTRIES:
        schema, path = schema["additionalProperties"], (*path, ENTRIES[path])
    if path == ("modelGroups",):
        schema, path = SCHEMA["definitions"]["modelGroup"], ("modelGroups", "full")
    items = schema.get("items", {})
    types = {*types_of(schema)}
    objects = "properties" in items and "string" not in types_of(items) and ours(items)
    inner = "properties" in schema and ours(schema)
    if path and not objects and (not inner or "string" in types):
        yield path, schema
    if inner:
        for name, below in schema["properties"].items():
            yield from leaves(below, (*path, name))
    elif objects:
        yield from leaves(items, (*path, 0))


def ours(schema: dict[str, Any]) -> bool:
    return not schema.get("$comment", "").startswith("Kubernetes'")


LEAVES = {".".join(map(str, path)): (path, schema) for path, schema in leaves(SCHEMA)}


def at(values: Any, path: Path) -> Any:
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError):
            return None
    return values


def put(values: Any, path: tuple[Any, ...], value: Any) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {}) if isinstance(values, dict) else values[part]
    values[path[-1]] = value


def changed(schema: dict[str, Any], value: Any) -> Any:
    """A different value that the schema allows: another choice, the opposite, one more, another text, or empty."""
    choices = [each for each in schema.get("enum", ()) if each and each != value]
    types = types_of(schema)
    if choices:
        return choices[0]
    if "boolean" in types and not isinstance(value, str):
        return not value
    if isinstance(value, int):
        return value + 1
    if "string" in types:
        return "other"
    if "integer" in types:
        return 7
    assert value, "a list or a map needs an entry that can be removed"
    return [] if isinstance(value, list) else {}


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_changes_what_is_rendered(helm: Helm, name: str) -> None:
    path, schema = LEAVES[name]
    before = deepcopy(BASE)
    for other, value in CONTEXT.get(name, {}).items():
        put(before, tuple(int(part) if part.isdigit() else part for part in other.split(".")), value)
    after = deepcopy(before)
    put(after, path, CHANGES[name] if name in CHANGES else changed(schema, at(before, path)))
    assert after != before
    assert helm.template(ROOT, values=[after]) != helm.template(ROOT, values=[before])


def test_every_exception_is_a_leaf() -> None:
    assert all(known(name) for name in UNREAD)
    assert {*CONTEXT, *CHANGES} <= set(LEAVES)


def reads() -> set[tuple[str, str]]:
    """Every value that a template reads, and the template."""
    found = set()
    for template in sorted((ROOT / "templates").rglob("*.*")):
        text = re.sub(r"(?s)/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", "", template.read_text())
        for name, place in NAMES.items():
            for keys in re.findall(rf"(?<![A-Za-z]){name}((?:\.[A-Za-z]+)+)", text):
                found.add((f"{place}{keys}".lstrip("."), template.relative_to(ROOT).as_posix()))
    return found


def known(path: str) -> bool:
    """Whether the schema has the value, or its keys are chosen by the user or Kubernetes."""
    node = SCHEMA
    for key in path.split("."):
        node = SCHEMA["definitions"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        if key in node.get("properties", {}):
            node = node["properties"][key]
        elif key == "0" and "items" in node:
            node = node["items"]
        else:
            return "properties" not in node and "object" in types_of(node)
    return True


def test_a_template_reads_nothing_else() -> None:
    found = reads()
    assert len(found) > 100
    assert {each for each in found if "computed" not in each[0].split(".") and not known(each[0])} == set()


def test_computed_values_that_templates_read_are_set() -> None:
    text = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.tpl"))
    computed = {*re.findall(r'set \$computed "(\w+)"', text)}
    for name in ("onwards.resolve", "modelGroup.invocation"):
        (body,) = re.findall(rf'(?s)define "inference-stack\.{name}" -}}}}(.*?)\n{{{{- end -}}}}', text)
        computed |= {*re.findall(r'"(\w+)" [($]', body[body.rindex("dict\n") :])}
    read = {keys.split("computed.")[1].split(".")[0] for keys, _ in reads() if "computed." in keys}
    assert len(read) > 20
    assert read <= computed


def test_scheduling_fields_are_in_the_schema() -> None:
    """The only helper that reads values whose names are in a list."""
    text = (ROOT / "templates/_helpers/_pod.tpl").read_text()
    (names,) = re.findall(r'range list ("affinity"[^}]*)-}}', text)
    assert all(known(f"modelGroupDefaults.{name}") for name in re.findall(r'"(\w+)"', names))
