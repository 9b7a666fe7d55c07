"""Schemas that several values share."""

from __future__ import annotations

from harness.schema.dsl import (
    Schema,
    boolean,
    described,
    either,
    integer,
    listing,
    mapping,
    number,
    obj,
    optional,
    reference,
    references,
    settings,
    text,
)
from harness.schema.kubernetes import ANNOTATION_KEY, LABEL, LABEL_KEY, PULL_POLICIES, embed

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")


def scalar() -> Schema:
    """What a command line, a label or an annotation can hold; the chart turns numbers and booleans into text."""
    return either(text(), number(), boolean())


def image_part() -> Schema:
    """A part of an image's name, which has no spaces."""
    return text(pattern=r"^\S*$")


def tag() -> Schema:
    return either(image_part(), number())


def word() -> Schema:
    """A name or a version, which YAML may have read as a number."""
    return either(text(), number())


def words() -> Schema:
    """A list of words, or a single one."""
    return either(word(), listing(scalar()))


def strings() -> Schema:
    """Texts by name, which may be written as numbers and booleans."""
    return mapping(optional(scalar()))


def object_labels() -> Schema:
    """Labels of an object; a large number would be written with an exponent, whose + no label can have."""
    value = {**scalar(), **LABEL, "minimum": 0, "maximum": MOST}
    return {**mapping(optional(value)), "propertyNames": {"pattern": LABEL_KEY}}


def object_annotations() -> Schema:
    return {**mapping(optional(scalar())), "propertyNames": {"pattern": ANNOTATION_KEY}}


FIVE_DIGIT_PORT = "[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
PORT = f"([1-9][0-9]{{0,3}}|{FIVE_DIGIT_PORT})"
TARGET_PORT = f"^({PORT}|[-a-z0-9]*[a-z][-a-z0-9]*)?$"
"""A port by its number or its name, which has a letter in it."""
MOST = 999_999_999
"""Largest number of anything: Kubernetes' own (int32) and Onwards' (u32, in its target.rs) can hold it."""


def count(minimum: int = 0) -> Schema:
    """An integer, which may be written as text with the same bounds: --set-string and templating tools do.

    `minimum` is 0 or 1.
    """
    digits = "[1-9][0-9]{0,8}"
    return either(integer(minimum, MOST), text(pattern=f"^{digits}$" if minimum else f"^(0|{digits})$"))


def port() -> Schema:
    return either(integer(1, 65535), text(pattern=f"^{PORT}$"))


def node_port() -> Schema:
    """A port of every node; 0 or empty is assigned by Kubernetes. Templates check its range."""
    return either(integer(0, 65535), text(pattern="^[0-9]{0,5}$"))


def service(**own: Schema) -> Schema:
    """A Service: the chart's own keys, and below them the fields of a ServiceSpec that no key of the chart's sets."""
    spec = embed("ServiceSpec")["properties"]
    fields = {}
    for name in sorted(spec.keys() - {"externalName", "ports", "selector", "type"}):
        names = references({"properties": spec[name]}) if "$ref" in spec[name] else []
        schema = embed(names[0]) if names else spec[name]
        fields[name] = described(f"{name} of a Kubernetes ServiceSpec.", schema)
    return settings(
        **own,
        port=port(),
        targetPort=either(integer(1, 65535), text(pattern=TARGET_PORT)),
        nodePort=node_port(),
        annotations=object_annotations(),
        labels=object_labels(),
        **fields,
    )


def pod() -> dict[str, Schema]:
    """Kubernetes' own fields of a pod and its workload; a pod that is created has no ephemeral containers."""
    spec = embed("PodSpec")
    del spec["properties"]["ephemeralContainers"]
    return {
        "annotations": object_annotations(),
        "labels": object_labels(),
        "podAnnotations": object_annotations(),
        "podLabels": object_labels(),
        "containers": listing(reference("Container")),
        "podSpec": spec,
    }


def seconds() -> Schema:
    return count(0)


def count_or_percentage() -> Schema:
    """Pods as Kubernetes counts them: a number, or a percentage of all; empty is unset."""
    return either(integer(0, MOST), text(pattern="^((100|[1-9]?[0-9])%|[0-9]{1,9})?$"))


def disruption_budget() -> Schema:
    return settings(enabled=boolean(), minAvailable=count_or_percentage(), maxUnavailable=count_or_percentage())


def pull_policy() -> Schema:
    return text("", *PULL_POLICIES)


def patch() -> dict[str, Schema]:
    """The key of an item that takes one of a lower layer out of a list that is merged by name."""
    return {"$patch": described("delete takes the item of this name out of modelGroupDefaults' list.", text("delete"))}


def pull_secrets() -> Schema:
    """Secrets as Kubernetes references them ({name: ...}), or their names alone."""
    name = described("Name of a Secret in the release's namespace.", text())
    return listing(either(text(), obj(name=name, **patch())))


def service_account() -> Schema:
    return settings(create=boolean(), annotations=object_annotations(), name=text())


def environment() -> Schema:
    """A list of EnvVar whose values may be numbers and booleans."""
    variable = embed("EnvVar")
    variable["properties"] = {**variable["properties"], "value": optional(scalar())}
    return listing(variable)


def volumes() -> Schema:
    return listing(reference("Volume"))


def volume_mounts() -> Schema:
    return listing(reference("VolumeMount"))


def probe(kind: str) -> Schema:
    """Kubernetes' Probe, with shorthands for its handler, and with what it takes of one of this kind."""
    embedded = embed("Probe")
    fields = embedded["properties"]
    if kind == "readiness":
        del fields["terminationGracePeriodSeconds"]
    else:
        fields["successThreshold"]["maximum"] = 1
    own = {
        "enabled": described("Enable this probe.", optional(boolean())),
        "type": described("Type: http, or tcp to only open a connection.", optional(text("http", "tcp"))),
        "path": described("HTTP path to request.", optional(text())),
    }
    return {**embedded, "properties": {**own, **embedded["properties"]}}


def config_maps() -> Schema:
    """Name -> file -> content: text, or a value that is written as YAML."""
    return mapping(optional(mapping({})))


def extra_objects() -> Schema:
    """Objects of Kubernetes by a name of one's own, or as a list; as text they are a template."""
    each: Schema = {"type": ["object", "string", "null"]}
    return either(listing(each), mapping(each))


def scheduling() -> dict[str, Schema]:
    """Which nodes pods run on."""
    return {
        "nodeSelector": object_labels(),
        "tolerations": listing(reference("Toleration")),
        "affinity": embed("Affinity"),
        "topologySpreadConstraints": listing(reference("TopologySpreadConstraint")),
        "priorityClassName": text(),
    }
