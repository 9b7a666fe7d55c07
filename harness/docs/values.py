"""Every key that values can have, for docs/values.md: described by values.schema.json, defaults by values.yaml.

A key is named as users write it: `modelGroups.<name>.image`, which is also a key of modelGroupDefaults;
`ingress.hosts[].host`, the host of each item of a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness import schema
from harness.schema import common, hints, http_route, ingress, kubernetes, model_group, prose
from harness.schema.dsl import Schema, types_of
from harness.schema.kubernetes import MARK

GROUP = "modelGroups.<name>"
"""The path of a group, whose keys modelGroupDefaults has too."""

NAMES = {"routes": "<alias>", "onwards.clientKeys": "<client>", "networkPolicy.modelGroups": "<group>"}
"""What stands for a name of the user's own in a map; `<name>` in all others."""

UNSET = object()
"""The default of a key that values.yaml does not have."""

FORMS: Mapping[str, str] = {
    **hints.FORMS,
    r"^\S*$": "text without spaces",
    "^[0-9]{0,5}$": "a port of every node, or 0",
    common.TARGET_PORT: "a port, or a container's name for it",
    kubernetes.SIZE["pattern"]: "a quantity above zero, such as 100Gi",
    kubernetes.MOUNT_PATH: "a path that begins with / and has no colon",
    kubernetes.SUB_PATH: "a path that does not begin with / and has no ..",
    model_group.BASE_PATH: "a path that begins with /",
    ingress.HOST: "a DNS name, which may begin with *.",
    ingress.PATH: "a path that begins with /",
    http_route.DURATION: "a duration such as 30s",
}
"""What a text has to be, by its expression: also the forms that a message leaves to this page."""

MAPS: Mapping[str, str] = {kubernetes.LABEL_KEY: "labels", kubernetes.ANNOTATION_KEY: "annotations"}
"""What a map holds, by the expression of its keys."""

PLURALS = {
    "text": "texts",
    "a map": "maps",
    "a whole number": "whole numbers",
    "an IP address": "IP addresses",
    "a range": "ranges",
    "a DNS name, which": "DNS names, each of which",
    "a path that begins": "paths that begin",
}
"""How words begin that are said of several."""


@dataclass(frozen=True)
class Key:
    """One key. `children` says whether keys below it are listed too; a `kubernetes` one is a field of Kubernetes'."""

    path: str
    description: str
    default: Any
    type: str
    children: bool
    kubernetes: bool = False


def documented(text: str | None = None, types: Mapping[str, Any] | None = None) -> list[Key]:
    """Every key that the schema `types` describes, in its order; defaults as values.yaml (`text`) has them."""
    types = json.loads(schema.FILE.read_text()) if types is None else types
    given = {_written(path): key for path, key in prose.keys(text).items()}
    found = list(described(types))
    parents = {path.rpartition(".")[0].removesuffix("[]") for path, _ in found}
    return [
        Key(
            path,
            given[path].description if path in given else node["description"],
            given[path].default if path in given else UNSET,
            words(node),
            path in parents,
            node["description"].endswith(" of a Kubernetes ServiceSpec."),
        )
        for path, node in found
    ]


def _written(path: Iterable[str]) -> str:
    return ".".join(path).replace("modelGroupDefaults.", f"{GROUP}.")


def described(types: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    """Path and schema of each key with a description: in a type of Kubernetes', only the chart's own have one."""
    group = types.get("definitions", {}).get("modelGroup", {})

    def below(node: Schema, path: str) -> Iterator[tuple[str, Schema]]:
        for name, each in node.get("properties", {}).items():
            here = f"{path}.{name}".lstrip(".")
            own = {**group, **each} if "$ref" in each and each["$ref"].endswith("/modelGroup") else each
            if "description" in own:
                yield here, own
            if own is each:
                yield from below(each, here)
        each = node.get("additionalProperties")
        if isinstance(each, dict):
            yield from below(group if path == "modelGroups" else each, f"{path}.{NAMES.get(path, '<name>')}")
        if isinstance(node.get("items"), dict):
            yield from below(node["items"], f"{path}[]")

    return below(dict(types), "")


def words(node: Schema) -> str:
    """What a value may be."""
    if node.get("$ref", "").endswith("/modelGroup"):
        return "a map"
    if "$ref" in node:
        return f"a Kubernetes `{node['$ref'].rpartition('/')[2]}`"
    if node.get("$comment", "").startswith(MARK):
        return f"a Kubernetes `{node['$comment'].removeprefix(MARK).strip()}`"
    types = [name for name in types_of(node) if name != "null"]
    form = _form(node)
    if types == ["string", "number", "boolean"] or (types == ["string", "number"] and not form):
        return "text"
    if form:  # holds for the number too that may be written in place of the text
        types = [name for name in types if name not in ("integer", "number")]
    if {"string", "array"} <= {*types}:
        return f"{_word('array', node, form)}, or a single one"
    return " or ".join(_word(name, node, form) for name in types) or "anything"


def _form(node: Schema) -> str:
    pattern = node.get("pattern") or node.get("if", {}).get("pattern", "")
    return FORMS[pattern] if pattern else ""


def _word(name: str, node: Schema, form: str) -> str:
    if name == "string":
        choices = [f"`{choice}`" for choice in node.get("enum", ()) if choice]
        return "one of " + ", ".join(choices) if len(choices) > 1 else "".join(choices) or form or "text"
    if name in ("integer", "number"):
        return {"integer": "a whole number", "number": "a number"}[name] + _bounds(node)
    if name == "array":
        return f"a list of {_several(node['items'])}" if node.get("items") else "a list"
    if name == "object":
        return _map(node)
    return {"boolean": "true or false"}[name]


def _map(node: Schema) -> str:
    if list(node.get("properties", ())) == ["name", "key"]:
        return "`{name, key}` of a Secret"
    keys = node.get("propertyNames", {})
    patterns = {keys.get("pattern"): {}, **node.get("patternProperties", {})}
    if holds := next((MAPS[pattern] for pattern in patterns if pattern in MAPS), ""):
        return f"a map of {holds}"
    if "enum" in keys:
        return "a map with keys out of " + ", ".join(f"`{key}`" for key in keys["enum"])
    each = node.get("additionalProperties")
    if isinstance(each, dict) and "const" in each:  # what is said of other keys
        each = [*patterns.values()][-1] or each
    return f"a map of {_several(each)}" if isinstance(each, dict) and each and "$ref" not in each else "a map"


def _several(node: Schema) -> str:
    """What the items of a list or a map are."""
    one = words(node)
    if "enum" in node:
        return one.removeprefix("one of ")
    if {*one.split(" or ")} <= PLURALS.keys():
        return " or ".join(PLURALS[each] for each in one.split(" or "))
    head = next((each for each in PLURALS if one == each or one.startswith(f"{each} ")), "")
    one = PLURALS[head] + one.removeprefix(head) if head else one
    return one.removeprefix("a ")


def _bounds(node: Schema) -> str:
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum")
    high = node.get("exclusiveMaximum", high)
    above = "above " if "exclusiveMinimum" in node else ""
    below = "below " if "exclusiveMaximum" in node else ""
    if high is None or high >= common.MOST:
        return f" of at least {low}" if low else ""
    return f" from {above}{low} to {below}{high}" if low is not None else f" up to {high}"
