"""Kubernetes' own types as definitions, from the schemas in the pinned kubernetes-validate.

Descriptions are omitted for size. Null stays valid where Kubernetes reads it as "not set". What Kubernetes' OpenAPI
leaves open is added from its API reference: the values of enumerations, and the format of a quantity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from harness.errors import HarnessError
from harness.schema.dsl import Schema, reference, references
from harness.tools.pins import KUBERNETES

MARK = "Kubernetes'"
"""`$comment` of a type that was copied in: values.yaml does not document what is below it."""

ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("TCP", "UDP", "SCTP")
VOLUME_MODES = ("Filesystem", "Block")
PROFILES = ("RuntimeDefault", "Unconfined", "Localhost")

# Empty is left to Kubernetes: in the chart's own values it means "not set".
QUANTITY: Schema = {
    "type": ["string", "number", "null"],
    "pattern": r"^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?)?$",
}
INT_OR_STRING: Schema = {"type": ["integer", "string", "null"]}
PLAIN: dict[str, Schema] = {"Quantity": QUANTITY, "IntOrString": INT_OR_STRING}
"""Types that are a choice of scalars: written where they are used."""

ENUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "AppArmorProfile": {"type": PROFILES},
    "Container": {
        "imagePullPolicy": PULL_POLICIES,
        "restartPolicy": ("Always", "OnFailure", "Never"),
        "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    },
    "ContainerPort": {"protocol": PROTOCOLS},
    "DeploymentStrategy": {"type": ("RollingUpdate", "Recreate")},
    "HPAScalingPolicy": {"type": ("Pods", "Percent")},
    "HPAScalingRules": {"selectPolicy": ("Max", "Min", "Disabled")},
    "HTTPGetAction": {"scheme": ("HTTP", "HTTPS")},
    "HostPathVolumeSource": {
        "type": ("", *("DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"))
    },
    "ImageVolumeSource": {"pullPolicy": PULL_POLICIES},
    "LabelSelectorRequirement": {"operator": ("In", "NotIn", "Exists", "DoesNotExist")},
    "MetricSpec": {"type": ("ContainerResource", "External", "Object", "Pods", "Resource")},
    "MetricTarget": {"type": ("AverageValue", "Utilization", "Value")},
    "NetworkPolicyPort": {"protocol": PROTOCOLS},
    "NetworkPolicySpec": {"policyTypes": ("Ingress", "Egress")},
    "NodeSelectorRequirement": {"operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")},
    "PersistentVolumeClaimSpec": {"accessModes": ACCESS_MODES, "volumeMode": VOLUME_MODES},
    "PodSecurityContext": {
        "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
        "seLinuxChangePolicy": ("MountOption", "Recursive"),
        "supplementalGroupsPolicy": ("Merge", "Strict"),
    },
    "SeccompProfile": {"type": PROFILES},
    "SecurityContext": {"procMount": ("Default", "Unmasked")},
    "Toleration": {
        "effect": ("", "NoSchedule", "PreferNoSchedule", "NoExecute"),
        "operator": ("Exists", "Equal", "Lt", "Gt"),
    },
    "TopologySpreadConstraint": {
        "nodeAffinityPolicy": ("Honor", "Ignore"),
        "nodeTaintsPolicy": ("Honor", "Ignore"),
        "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    },
    "VolumeMount": {
        "mountPropagation": ("None", "HostToContainer", "Bidirectional"),
        "recursiveReadOnly": ("Disabled", "IfPossible", "Enabled"),
    },
}
"""Values of fields, by type: of the strings in it where the field is a list."""

ACTIONS = ("GRPCAction", "HTTPGetAction", "SleepAction", "TCPSocketAction")
COMPLETED = (*ACTIONS, "AppArmorProfile", "NodeSelector", "SeccompProfile")
"""Types that may lack what Kubernetes requires: a group sets only what differs from modelGroupDefaults."""


def embed(name: str) -> Schema:
    """A type, to stand where it can have a description: its fields are copied, the types below are referred to.

    Raises:
        HarnessError: there is no such type, or several.
    """
    return {"$comment": f"{MARK} {name}", **_type(name)}


def ours(schema: Schema) -> bool:
    """Whether it is a closed object of the chart's own, whose keys values.yaml documents."""
    types = schema.get("type", schema.get("if", {}).get("type"))  # hints.py moves it there
    return "properties" in schema and not schema.get("$comment", "").startswith(MARK) and "object" in types


def definitions(names: Iterable[str]) -> dict[str, Schema]:
    """These types and all that they are made of, in the order of their names."""
    found: dict[str, Schema] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = _type(name)
            todo += references(found[name])
    return dict(sorted(found.items()))


@cache
def _all() -> dict[str, Any]:
    version = f"v{KUBERNETES[0]}.{KUBERNETES[1]}.0-local-strict"
    path = files("kubernetes_validate") / "kubernetes-json-schema" / version / "_definitions.json"
    every: dict[str, Any] = json.loads(path.read_text())["$defs"]
    return every


@cache
def _full_name(short: str) -> str:
    groups = ("core.v1", "apps.v1", "autoscaling.v2", "networking.v1", "meta.v1", "resource", "intstr")
    found = [name for name in _all() if name.endswith(tuple(f".{group}.{short}" for group in groups))]
    if len(found) != 1:
        raise HarnessError(
            f"Kubernetes has {len(found)} types named {short}: {', '.join(found)}",
            "Name another in harness/schema, or add its API group to _full_name.",
        )
    return found[0]


def _type(name: str) -> Schema:
    schema: Schema = _plain(_all()[_full_name(name)])
    for field, values in ENUMS.get(name, {}).items():
        try:
            property_ = schema["properties"][field]
        except KeyError as error:
            hint = "Correct ENUMS in harness/schema/kubernetes.py."
            raise HarnessError(f"{name} has no field {field} in the pinned Kubernetes", hint) from error
        strings = property_.get("items", property_)
        strings["enum"] = [*values, *([None] if "null" in strings["type"] else [])]
    if name in COMPLETED:
        del schema["required"]
    return schema


def _plain(node: Any) -> Any:
    """The schema without prose and formats, its references to types by their short names."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        short = node["$ref"].rpartition(".")[2]
        return dict(PLAIN.get(short) or reference(short))
    plain = {
        key: {name: _plain(each) for name, each in value.items()} if key == "properties" else _plain(value)
        for key, value in node.items()
        if key not in ("description", "format", "default") and not key.startswith("x-")
    }
    if plain.get("type") == ["object", "null"] and "properties" not in plain and "additionalProperties" not in plain:
        plain["type"] = "object"
    return plain
