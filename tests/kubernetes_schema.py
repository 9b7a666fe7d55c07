"""Kubernetes' own schemas, and minimal ones for the custom resources that the chart renders."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema_rs import Draft202012Validator, Registry

from harness.manifests import Object

OLDEST, NEWEST = "1.25", "1.37"
"""The oldest and the newest version with available schemas."""

_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$"}


def _closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_SECRET_KEY = _closed(("key",), name={"type": "string"}, key={"type": "string"}, optional={"type": "boolean"})

_RELABELINGS: dict[str, Any] = {
    "type": "array",
    "items": _closed(
        ("action", "sourceLabels", "regex"),
        action={"enum": ["keep", "drop", "replace", "labeldrop"]},
        sourceLabels={"type": "array", "items": {"type": "string"}},
        regex={"type": "string"},
    ),
}

_POD_TEMPLATE = {"$ref": "https://kubernetes.io/api/_definitions.json#/$defs/io.k8s.api.core.v1.PodTemplateSpec"}
_DEFINITIONS = "https://kubernetes.io/api/_definitions.json#/$defs"
_BEHAVIOR = {"$ref": f"{_DEFINITIONS}/io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior"}
_INT_OR_PERCENT = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+%$"}]}


def _object(*, spec: Any, **metadata: Any) -> dict[str, Any]:
    """An object with a spec; its metadata has a name, labels and annotations, and what is given."""
    named = {"name": {"type": "string"}, "labels": _STRINGS, "annotations": _STRINGS, **metadata}
    text = {"type": "string"}
    required = ("apiVersion", "kind", "metadata", "spec")
    return _closed(required, apiVersion=text, kind=text, metadata=_closed(("name",), **named), spec=spec)


_ANYWHERE = {"namespace": {"type": "string"}, "annotations": {"type": "object"}}
_MONITORED = {
    "namespaceSelector": _closed(matchNames={"type": "array", "items": {"type": "string"}}),
    "podTargetLabels": {"type": "array", "items": {"type": "string"}},
    "selector": _closed(matchLabels=_STRINGS),
}
_SCRAPED = {
    "port": {"type": "string", "maxLength": 15},
    "path": {"type": "string", "pattern": "^/"},
    "scheme": {"enum": ["http", "https"]},
    "interval": _DURATION,
    "scrapeTimeout": _DURATION,
    "tlsConfig": {"type": "object"},
    "authorization": _closed(type={"type": "string"}, credentials=_SECRET_KEY),
    "metricRelabelings": _RELABELINGS,
}

CUSTOM: dict[str, Any] = {
    # leaderworkerset.x-k8s.io/v1, LeaderWorkerSet v0.9.0: its fields without subGroupPolicy and volume claims. Its
    # webhook takes only names that a Service may have (DNS-1035).
    "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet": _object(
        name={"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
        namespace={"type": "string"},
        spec=_closed(
            ("leaderWorkerTemplate",),
            replicas={"type": "integer", "minimum": 0},
            startupPolicy={"enum": ["LeaderCreated", "LeaderReady"]},
            networkConfig=_closed(("subdomainPolicy",), subdomainPolicy={"enum": ["Shared", "UniquePerReplica"]}),
            rolloutStrategy=_closed(
                ("type",),
                type={"enum": ["RollingUpdate"]},
                rollingUpdateConfiguration=_closed(
                    partition={"type": "integer", "minimum": 0},
                    maxUnavailable=_INT_OR_PERCENT,
                    maxSurge=_INT_OR_PERCENT,
                ),
            ),
            leaderWorkerTemplate=_closed(
                ("workerTemplate",),
                size={"type": "integer", "minimum": 1},
                restartPolicy={"enum": ["RecreateGroupOnPodRestart", "RecreateGroupAfterStart", "None", "Default"]},
                leaderTemplate=_POD_TEMPLATE,
                workerTemplate=_POD_TEMPLATE,
            ),
        ),
    ),
    # keda.sh/v1alpha1, KEDA v2.21.0: the fields of its CRD, and of its triggers what all types have.
    "keda.sh/v1alpha1 ScaledObject": _object(
        spec=_closed(
            ("scaleTargetRef", "triggers"),
            scaleTargetRef=_closed(
                ("name",),
                **{key: {"type": "string"} for key in ("name", "apiVersion", "kind", "envSourceContainerName")},
            ),
            pollingInterval={"type": "integer", "minimum": 1},
            initialCooldownPeriod={"type": "integer", "minimum": 0},
            cooldownPeriod={"type": "integer", "minimum": 0},
            idleReplicaCount={"type": "integer", "minimum": 0},
            minReplicaCount={"type": "integer", "minimum": 0},
            maxReplicaCount={"type": "integer", "minimum": 1},
            fallback={"type": "object"},
            advanced=_closed(
                horizontalPodAutoscalerConfig=_closed(name={"type": "string"}, behavior=_BEHAVIOR),
                restoreToOriginalReplicaCount={"type": "boolean"},
                scalingModifiers={"type": "object"},
            ),
            triggers={
                "type": "array",
                "minItems": 1,
                "items": _closed(
                    ("type", "metadata"),
                    type={"type": "string", "minLength": 1},
                    name={"type": "string"},
                    useCachedMetrics={"type": "boolean"},
                    metadata=_STRINGS,
                    authenticationRef=_closed(
                        ("name",),
                        name={"type": "string"},
                        kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]},
                    ),
                    metricType={"enum": ["AverageValue", "Value", "Utilization"]},
                ),
            },
        ),
    ),
    # monitoring.coreos.com/v1, prometheus-operator v0.80: the fields that the chart renders, and no others.
    "monitoring.coreos.com/v1 ServiceMonitor": _object(
        **_ANYWHERE,
        spec=_closed(
            ("selector", "endpoints"),
            **_MONITORED,
            endpoints={
                "type": "array",
                "minItems": 1,
                "items": _closed(
                    ("path",),
                    targetPort={"type": "string", "maxLength": 15},
                    relabelings=_RELABELINGS,
                    **_SCRAPED,
                )
                | {"oneOf": [{"required": ["port"]}, {"required": ["targetPort"]}]},
            },
        ),
    ),
    "monitoring.coreos.com/v1 PodMonitor": _object(
        **_ANYWHERE,
        spec=_closed(
            ("selector", "podMetricsEndpoints"),
            **_MONITORED,
            podMetricsEndpoints={
                "type": "array",
                "minItems": 1,
                "items": _closed(("path", "port"), **_SCRAPED),
            },
        ),
    ),
    "monitoring.coreos.com/v1 PrometheusRule": _object(
        **_ANYWHERE,
        spec=_closed(
            ("groups",),
            groups={
                "type": "array",
                "items": _closed(
                    ("name", "rules"),
                    name={"type": "string", "minLength": 1},
                    rules={
                        "type": "array",
                        "items": _closed(
                            ("expr",),
                            record={"type": "string"},
                            alert={"type": "string"},
                            expr={"type": "string"},
                            labels=_STRINGS,
                            annotations=_STRINGS,
                            **{"for": _DURATION},
                        ),
                    },
                ),
            },
        ),
    ),
    # gateway.networking.k8s.io/v1, v1.2: the fields that the chart renders; filters are the user's.
    "gateway.networking.k8s.io/v1 HTTPRoute": _object(
        spec=_closed(
            ("parentRefs", "rules"),
            parentRefs={
                "type": "array",
                "minItems": 1,
                "items": _closed(
                    ("name",),
                    group={"type": "string"},
                    kind={"type": "string"},
                    namespace={"type": "string"},
                    name={"type": "string"},
                    sectionName={"type": "string"},
                    port={"type": "integer"},
                ),
            },
            hostnames={"type": "array", "items": {"type": "string"}},
            rules={
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": _closed(
                    ("matches", "backendRefs", "timeouts"),
                    matches={
                        "type": "array",
                        "minItems": 1,
                        "items": _closed(
                            ("path",),
                            path=_closed(("type", "value"), type={"enum": ["PathPrefix"]}, value={"pattern": "^/"}),
                        ),
                    },
                    filters={"type": "array", "items": {"type": "object"}},
                    backendRefs={
                        "type": "array",
                        "items": _closed(
                            ("name", "port"),
                            group={"enum": [""]},
                            kind={"enum": ["Service"]},
                            name={"type": "string"},
                            port={"type": "integer"},
                            weight={"type": "integer"},
                        ),
                    },
                    timeouts=_closed(
                        request={"pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"},
                        backendRequest={"pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"},
                    ),
                ),
            },
        ),
    ),
}
"""Closed schemas by apiVersion and kind."""


@cache
def schema(version: str, name: str) -> Any:
    directory = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return json.loads((directory / f"{name}.json").read_text())


def of_kind(version: str, api_version: str, kind: str) -> Any:
    """The schema of one kind; it refers to others in `_definitions`."""
    if f"{api_version} {kind}" in CUSTOM:
        return CUSTOM[f"{api_version} {kind}"]
    group, _, api = api_version.rpartition("/")
    return schema(version, "-".join(part for part in (kind.lower(), group.partition(".")[0], api) if part))


@cache
def definitions(version: str) -> Registry:
    found = schema(version, "_definitions")
    return Registry([(found["$id"], found)])


@cache
def validator(version: str, api_version: str, kind: str) -> Draft202012Validator:
    """A validator in Rust, which takes microseconds per object; the one in Python takes a millisecond.

    tests/harness/test_kubernetes_schema.py checks that both refuse the same objects.
    """
    return Draft202012Validator(of_kind(version, api_version, kind), registry=definitions(version))


SINCE = {"PodDisruptionBudget": {"unhealthyPodEvictionPolicy"}}
"""Fields of specs, by kind, that the oldest version lacks; the chart renders them for newer ones."""


def older(each: Object) -> Object:
    """An object as the chart renders it for the oldest version, where a preStop hook must run a sleep command."""
    new = SINCE.get(each["kind"])
    if new:
        return {**each, "spec": {k: v for k, v in each["spec"].items() if k not in new}}
    if each["kind"] not in ("Deployment", "StatefulSet"):
        return each
    copy = deepcopy(each)
    for container in copy["spec"]["template"]["spec"]["containers"]:
        hook = container.get("lifecycle", {}).get("preStop", {})
        if "sleep" in hook:
            hook["exec"] = {"command": ["sleep", str(hook.pop("sleep")["seconds"])]}
    return copy


def faults(version: str, each: Object) -> list[str]:
    """The errors of an object on that Kubernetes version."""
    errors = validator(version, each["apiVersion"], each["kind"]).iter_errors(each)
    return [f"{each['kind']} {each['metadata']['name']}: {place(e.instance_path)}: {e.message}" for e in errors]


def place(path: list[str | int]) -> str:
    """Such as `spec.ports[0].port`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
