"""Kubernetes' own types as definitions, from the schemas in the pinned kubernetes-validate.

Descriptions are omitted for size. Null stays valid where Kubernetes reads it as "not set". What Kubernetes' OpenAPI
leaves open is added from its API reference and its validation: values of enumerations, bounds of numbers, formats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from harness.errors import HarnessError
from harness.schema.dsl import Schema, reference, references, text
from harness.tools.pins import KUBERNETES

MARK = "Kubernetes'"
"""`$comment` of a type that was copied in: values.yaml does not document what is below it."""

ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("TCP", "UDP", "SCTP")
VOLUME_MODES = ("Filesystem", "Block")
PROFILES = ("RuntimeDefault", "Unconfined", "Localhost")

_SUFFIX = "([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?"
# Empty is left to Kubernetes: in the chart's own values it means "not set". No field takes a negative one.
QUANTITY: Schema = {
    "type": ["string", "number", "null"],
    "pattern": rf"^([+]?([0-9]+(\.[0-9]*)?|\.[0-9]+){_SUFFIX})?$",
    "minimum": 0,
}
SIZE: Schema = {
    **QUANTITY,
    "pattern": rf"^([+]?([0-9]*[1-9][0-9]*(\.[0-9]*)?|[0-9]*\.0*[1-9][0-9]*){_SUFFIX})?$",
    "exclusiveMinimum": 0,
}
"""A quantity above zero."""
GIVEN_QUANTITY: Schema = {**QUANTITY, "pattern": f"{str(QUANTITY['pattern']).removesuffix(')?$')})$"}
"""A quantity of Kubernetes' own types, which cannot be empty."""
GIVEN_SIZE: Schema = {**SIZE, "pattern": f"{str(SIZE['pattern']).removesuffix(')?$')})$"}
INT_OR_STRING: Schema = {"type": ["integer", "string", "null"], "maximum": 2**31 - 1}
PLAIN: dict[str, Schema] = {"Quantity": GIVEN_QUANTITY, "IntOrString": INT_OR_STRING}
"""Types that are a choice of scalars: written where they are used."""

ENUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "AppArmorProfile": {"type": PROFILES},
    "Container": {
        "imagePullPolicy": PULL_POLICIES,
        "restartPolicy": ("Always", "OnFailure", "Never"),
        "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    },
    "ContainerPort": {"protocol": PROTOCOLS},
    "ContainerResizePolicy": {"resourceName": ("cpu", "memory"), "restartPolicy": ("NotRequired", "RestartContainer")},
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
    "PodOS": {"name": ("linux", "windows")},
    "PodSpec": {
        "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        "preemptionPolicy": ("Never", "PreemptLowerPriority"),
        "restartPolicy": ("Always",),
    },
    "PodSecurityContext": {
        "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
        "seLinuxChangePolicy": ("MountOption", "Recursive"),
        "supplementalGroupsPolicy": ("Merge", "Strict"),
    },
    "SeccompProfile": {"type": PROFILES},
    "ServiceSpec": {
        "externalTrafficPolicy": ("Cluster", "Local"),
        "internalTrafficPolicy": ("Cluster", "Local"),
        "ipFamilies": ("IPv4", "IPv6"),
        "ipFamilyPolicy": ("PreferDualStack", "RequireDualStack", "SingleStack"),
        "sessionAffinity": ("ClientIP", "None"),
        "trafficDistribution": ("PreferClose", "PreferSameNode", "PreferSameZone"),
    },
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

MOST = {"int32": 2**31 - 1, "int64": 2**53 - 1}
"""The largest number of each format; of an int64, the largest that JSON keeps whole."""
_ID = {"minimum": 0, "maximum": MOST["int32"]}
_PORT = {"minimum": 1, "maximum": 65535}
_PERCENT = "^(100|[1-9]?[0-9])%$"
PORT_NAME = "^([a-z0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_NAMED_PORT = {**_PORT, "pattern": PORT_NAME, "maxLength": 15}
_SEGMENT = r"(\.?[^/.][^/]*|\.\.[^/]+|\.)"
SUB_PATH = f"^({_SEGMENT}(/{_SEGMENT}?)*)?$"
MOUNT_PATH = "^(/[^:]*)?$"
LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
ANNOTATION_KEY = LABEL_KEY.replace("^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)", "^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?/)")
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LABEL: Schema = {"pattern": LABEL_VALUE, "maxLength": 63}

_DNS = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME = f"^{_DNS}$"
OBJECT_NAME = rf"^{_DNS}(\.{_DNS})*$"
SEARCH = r"^(\.|[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*\.?)$"
_NAME: Schema = {"pattern": NAME, "maxLength": 63}
_OBJECT: Schema = {"pattern": OBJECT_NAME, "maxLength": 253}
_STANDARD = "cpu|memory|ephemeral-storage|hugepages-[0-9A-Za-z]+"
RESOURCE = rf"^({_STANDARD}|[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?)$"
_AMOUNTS: Schema = {"propertyNames": {"pattern": RESOURCE}}

_REFERENCE = {"name": _OBJECT, "key": {"pattern": r"^\.?[-_a-zA-Z0-9][-_a-zA-Z0-9.]*$", "maxLength": 253}}
_SOURCE = {"name": _OBJECT}

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"  # newer versions take no leading zeros
_IPV4 = rf"({_BYTE}\.){{3}}{_BYTE}"
_IPV6 = "[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
ADDRESS = f"^({_IPV4}|{_IPV6})$"
ADDRESS_OR_NONE = f"^(None|{_IPV4}|{_IPV6})?$"
RANGE = f"^({_IPV4}/([12]?[0-9]|3[0-2])|{_IPV6}/([1-9]?[0-9]|1[01][0-9]|12[0-8]))$"
_ADDRESS: Schema = {"pattern": ADDRESS}

ABSOLUTE = "^/"
IN_VOLUME = rf"^(\.?[^/.][^/]*|\.)(/{_SEGMENT}?)*$"
ON_NODE = f"^(/+|/*{_SEGMENT}(/+{_SEGMENT}?)*)$"
_MODE = {"minimum": 0, "maximum": 0o777}
_FILE: dict[str, Schema] = {"mode": _MODE, "path": {"pattern": IN_VOLUME}}
_MODES: dict[str, Schema] = {"defaultMode": _MODE}

HEADER_NAME = "^[-A-Za-z0-9]+$"
FIELD = (
    r"^(metadata\.(name|namespace|uid|(annotations|labels)(\['[^']+'\])?)"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$"
)
RESOURCE_FIELD = r"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$"
DIVISOR = "^([0-9]+|1m|1[kMGTPE]|1[KMGTPE]i)$"
API_VERSION = "^[^/]*(/[^/]*)?$"
PATH_SEGMENT = r"^(\.?[^/%.][^/%]*|\.\.[^/%]+)$"
"""A name that can stand in the path of a URL."""
SYSCTL = "^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$"
DRIVER = r"^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$"

LIMITS: dict[str, dict[str, Schema]] = {
    "CSIVolumeSource": {"driver": {"pattern": DRIVER, "maxLength": 63}},
    "ClientIPConfig": {"timeoutSeconds": {"minimum": 1, "maximum": 86400}},
    "ConfigMapEnvSource": _SOURCE,
    "ConfigMapKeySelector": _REFERENCE,
    "ConfigMapProjection": {"name": {"minLength": 1}},
    "ConfigMapVolumeSource": {**_MODES, "name": {"minLength": 1}},
    "ContainerPort": {
        "containerPort": _PORT,
        "hostPort": {**_PORT, "minimum": 0},
        "name": {"pattern": f"{PORT_NAME}|^$", "maxLength": 15},
    },
    "ContainerResourceMetricSource": {"container": _NAME, "name": {"pattern": RESOURCE}},
    "CrossVersionObjectReference": {
        "apiVersion": {"pattern": API_VERSION},
        "kind": {"pattern": PATH_SEGMENT},
        "name": {"pattern": PATH_SEGMENT},
    },
    "DownwardAPIVolumeFile": _FILE,
    "DownwardAPIVolumeSource": _MODES,
    "EnvFromSource": {"prefix": {"pattern": "^[ -<>-~]*$"}},
    "EnvVar": {"name": {"pattern": "^[ -<>-~]+$"}},
    "GRPCAction": {"port": _PORT},
    "HPAScalingPolicy": {"periodSeconds": {"minimum": 1, "maximum": 1800}, "value": {"minimum": 1}},
    "HPAScalingRules": {"stabilizationWindowSeconds": {"minimum": 0, "maximum": 3600}},
    "HTTPGetAction": {"port": _NAMED_PORT},
    "HTTPHeader": {"name": {"pattern": HEADER_NAME}},
    "HostAlias": {"hostnames": _OBJECT, "ip": _ADDRESS},
    "HostPathVolumeSource": {"path": {"pattern": ON_NODE}},
    "IPBlock": {"cidr": {"pattern": RANGE}, "except": {"pattern": RANGE}},
    "ImageVolumeSource": {"reference": {"minLength": 1}},
    "KeyToPath": _FILE,
    "LabelSelector": {
        "matchLabels": {
            "propertyNames": {"pattern": LABEL_KEY},
            "additionalProperties": {"type": ["string", "null"], **LABEL},
        }
    },
    "LabelSelectorRequirement": {"key": {"pattern": LABEL_KEY}, "values": LABEL},
    "MetricIdentifier": {"name": {"pattern": PATH_SEGMENT}},
    "MetricTarget": {"averageUtilization": {"minimum": 1}, "averageValue": GIVEN_SIZE, "value": GIVEN_SIZE},
    "NFSVolumeSource": {"path": {"pattern": ABSOLUTE}, "server": {"minLength": 1}},
    "NetworkPolicyPort": {"endPort": _PORT, "port": _NAMED_PORT},
    "NodeSelectorRequirement": {"key": {"pattern": LABEL_KEY}, "values": LABEL},
    "ObjectMeta": {
        "annotations": {"propertyNames": {"pattern": ANNOTATION_KEY}},
        "labels": {
            "propertyNames": {"pattern": LABEL_KEY},
            "additionalProperties": {"type": ["string", "null"], **LABEL},
        },
    },
    "ObjectFieldSelector": {"fieldPath": {"pattern": FIELD}},
    "PersistentVolumeClaimSpec": {"storageClassName": {"pattern": f"{OBJECT_NAME}|^$", "maxLength": 253}},
    "PersistentVolumeClaimVolumeSource": {"claimName": {"minLength": 1}},
    "PodAffinityTerm": {
        "matchLabelKeys": {"pattern": LABEL_KEY},
        "mismatchLabelKeys": {"pattern": LABEL_KEY},
        "namespaces": _NAME,
        "topologyKey": {"pattern": LABEL_KEY},
    },
    "PodDNSConfig": {"nameservers": _ADDRESS, "searches": {"pattern": SEARCH, "maxLength": 253}},
    "PodReadinessGate": {"conditionType": {"pattern": LABEL_KEY}},
    "PodResourceClaim": {"name": _NAME, "resourceClaimName": _OBJECT, "resourceClaimTemplateName": _OBJECT},
    "PodSchedulingGate": {"name": {"pattern": LABEL_KEY}},
    "PodSecurityContext": {"fsGroup": _ID, "runAsGroup": _ID, "runAsUser": _ID, "supplementalGroups": _ID},
    "PodSpec": {
        "hostname": {"pattern": f"{NAME}|^$", "maxLength": 63},
        "nodeName": {"pattern": f"{OBJECT_NAME}|^$", "maxLength": 253},
        "overhead": _AMOUNTS,
        "priorityClassName": {"pattern": f"{OBJECT_NAME}|^$", "maxLength": 253},
        "runtimeClassName": _OBJECT,
        "serviceAccountName": {"pattern": f"{OBJECT_NAME}|^$", "maxLength": 253},
        "subdomain": {"pattern": f"{NAME}|^$", "maxLength": 63},
        "terminationGracePeriodSeconds": {"minimum": 0},
    },
    "PreferredSchedulingTerm": {"weight": {"minimum": 1, "maximum": 100}},
    "Probe": {
        "failureThreshold": {"minimum": 1},
        "initialDelaySeconds": {"minimum": 0},
        "periodSeconds": {"minimum": 1},
        "successThreshold": {"minimum": 1},
        "terminationGracePeriodSeconds": {"minimum": 1},
        "timeoutSeconds": {"minimum": 1},
    },
    "ProjectedVolumeSource": _MODES,
    "ResourceClaim": {"name": _NAME, "request": {"pattern": f"{NAME}|^$", "maxLength": 63}},
    "ResourceFieldSelector": {"divisor": {"pattern": DIVISOR}, "resource": {"pattern": RESOURCE_FIELD}},
    "ResourceRequirements": {kind: {**_AMOUNTS, "additionalProperties": QUANTITY} for kind in ("limits", "requests")},
    "RollingUpdateDeployment": {
        "maxSurge": {"minimum": 0, "pattern": "^[0-9]{1,6}%$"},
        "maxUnavailable": {"minimum": 0, "pattern": _PERCENT},
    },
    "SecretEnvSource": _SOURCE,
    "SecretKeySelector": _REFERENCE,
    "SecretProjection": {"name": {"minLength": 1}},
    "SecretVolumeSource": {**_MODES, "secretName": {"minLength": 1}},
    "SecurityContext": {"runAsGroup": _ID, "runAsUser": _ID},
    "ServiceAccountTokenProjection": {
        "expirationSeconds": {"minimum": 600, "maximum": 2**32},
        "path": {"pattern": IN_VOLUME},
    },
    "ServiceSpec": {
        "clusterIP": {"pattern": ADDRESS_OR_NONE},
        "clusterIPs": {"pattern": ADDRESS_OR_NONE, "minLength": 1},
        "externalIPs": _ADDRESS,
        "healthCheckNodePort": {"minimum": 0, "maximum": 65535},
        "loadBalancerClass": {"pattern": LABEL_KEY},
        "loadBalancerSourceRanges": {"pattern": RANGE},
    },
    "SleepAction": {"seconds": {"minimum": 0, "maximum": MOST["int32"]}},
    "Sysctl": {"name": {"pattern": SYSCTL, "maxLength": 253}},
    "TCPSocketAction": {"port": _NAMED_PORT},
    "Toleration": {"key": {"pattern": f"{LABEL_KEY}|^$"}, "value": LABEL},
    "TopologySpreadConstraint": {
        "matchLabelKeys": {"pattern": LABEL_KEY},
        "maxSkew": {"minimum": 1},
        "minDomains": {"minimum": 1},
        "topologyKey": {"pattern": LABEL_KEY},
    },
    "VolumeMount": {
        "mountPath": {"pattern": MOUNT_PATH, "minLength": 1},
        "subPath": {"pattern": SUB_PATH},
        "subPathExpr": {"pattern": SUB_PATH},
    },
    "VolumeResourceRequirements": {"requests": {"required": ["storage"], "additionalProperties": GIVEN_SIZE}},
    "WeightedPodAffinityTerm": {"weight": {"minimum": 1, "maximum": 100}},
}
"""What the API server takes in fields, by type: of the items where the field is a list."""

REQUIRED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ConfigMapEnvSource", "ConfigMapKeySelector", "ConfigMapProjection"), ("name",)),
    **dict.fromkeys(("ConfigMapVolumeSource", "PodDNSConfigOption", "SecretEnvSource"), ("name",)),
    **dict.fromkeys(("SecretKeySelector", "SecretProjection"), ("name",)),
    "ImageVolumeSource": ("reference",),
    "PersistentVolumeClaimSpec": ("accessModes", "resources"),
    "SecretVolumeSource": ("secretName",),
    "VolumeResourceRequirements": ("requests",),
}
"""Fields that the API server requires, by type, and its OpenAPI does not."""

_NEEDS_VALUES: Schema = {
    "if": {"properties": {"operator": {"enum": ["Exists", "DoesNotExist"]}}},
    "else": {"required": ["values"], "properties": {"values": {"type": "array", "minItems": 1}}},
}
CONDITIONS: dict[str, Schema] = {
    **{name: {"minProperties": 1} for name in ("EnvFromSource", "EnvVarSource", "NetworkPolicyPeer")},
    "LabelSelectorRequirement": _NEEDS_VALUES,
    # A range of ports begins with a number.
    "NetworkPolicyPort": {
        "if": {"properties": {"endPort": {"type": "null"}}},
        "else": {"required": ["port"], "properties": {"port": {"type": "integer"}}},
    },
    "NodeSelectorRequirement": _NEEDS_VALUES,
    # No key is every key.
    "Toleration": {
        "if": {"required": ["key"], "properties": {"key": {"type": "string", "minLength": 1}}},
        "else": {"required": ["operator"], "properties": {"operator": {"enum": ["Exists"]}}},
    },
}
"""What the API server asks of several fields of a type."""

WHOLE = ("CrossVersionObjectReference", "MetricIdentifier", "MetricTarget", "PersistentVolumeClaimSpec")
"""Types that stand in required fields only, so that null is none of them."""

LISTS: dict[str, dict[str, Schema]] = {
    "HPAScalingRules": {"policies": {"minItems": 1}},
    "PersistentVolumeClaimSpec": {"accessModes": {"minItems": 1}},
    "PodDNSConfig": {"nameservers": {"maxItems": 3}, "searches": {"maxItems": 32}},
    "PodSecurityContext": {"sysctls": {"uniqueItems": True}},
    "PodSpec": {"schedulingGates": {"uniqueItems": True}},
    "ServiceSpec": {"clusterIPs": {"maxItems": 2}, "ipFamilies": {"maxItems": 2, "uniqueItems": True}},
}
"""What the API server asks of lists themselves, by type."""

ACTIONS = ("GRPCAction", "HTTPGetAction", "SleepAction", "TCPSocketAction")
COMPLETED = (*ACTIONS, "AppArmorProfile", "NodeSelector", "PodSpec", "SeccompProfile")
"""Types that may lack what Kubernetes requires: a group sets only what differs from modelGroupDefaults."""

MERGED = {"Container": "name", "EnvVar": "name", "Toleration": "", "Volume": "name", "VolumeMount": "mountPath"}
"""Items of lists that are merged by name, and the field with it: one that takes another out has no other."""


def embed(name: str) -> Schema:
    """A type, to stand where it can have a description: its fields are copied, the types below are referred to.

    Raises:
        HarnessError: there is no such type, or several.
    """
    schema = _type(name)
    if name == "ResourceRequirements":  # where it is one of the chart's own values, a rule says more
        for kind in ("limits", "requests"):
            schema["properties"][kind] = {"type": ["object", "null"], "additionalProperties": QUANTITY}
    return {"$comment": f"{MARK} {name}", **schema}


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
    for field, limits in LIMITS.get(name, {}).items():
        property_ = schema["properties"][field]
        property_.get("items", property_).update(limits)
    schema.update(CONDITIONS.get(name, {}))
    if name in WHOLE:
        schema["type"] = "object"
    for field, limits in LISTS.get(name, {}).items():
        schema["properties"][field].update(limits)
    for field in REQUIRED.get(name, ()):
        schema.setdefault("required", []).append(field)
        property_ = schema["properties"][field]
        if "type" in property_:
            property_["type"] = [each for each in property_["type"] if each != "null"]
    if name in COMPLETED:
        del schema["required"]
    if name in MERGED:
        schema["properties"]["$patch"] = text("delete")
        if "required" in schema:
            schema["required"] = [MERGED[name]]
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
    if node.get("format") in MOST:
        plain["maximum"] = MOST[node["format"]]
    if plain.get("type") == ["object", "null"] and "properties" not in plain and "additionalProperties" not in plain:
        plain["type"] = "object"
    return plain
