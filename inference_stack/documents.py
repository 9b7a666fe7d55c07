"""Kubernetes objects in YAML, read as Helm and the API server read it."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml

from inference_stack.errors import StackError

Object = dict[str, Any]
"""One Kubernetes object, as parsed."""


TAG = "tag:yaml.org,2002:"


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as Go's Kubernetes libraries read it (sigs.k8s.io/yaml), which differs from PyYAML in what matters here.

    `y` and `n` are booleans, `12:30` and dates are strings, `1e3` is a number, and every key becomes a string
    (`on:` becomes `"true":`). Go silently uses the last of two equal keys; here they are refused.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    bool_values: ClassVar[dict[str, bool]] = {**yaml.SafeLoader.bool_values, "y": True, "n": False}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Object:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == f"{TAG}merge":
                continue
            key = _key(self.construct_object(key_node, deep=True))
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f'key "{key}" twice', key_node.start_mark)
            seen.add(key)
        self.flatten_mapping(node)  # `<<`: what is merged comes first, and gives way
        pairs = ((self.construct_object(k, deep=True), self.construct_object(v, deep=deep)) for k, v in node.value)
        return {_key(key): value for key, value in pairs}

    def construct_integer(self, node: yaml.ScalarNode) -> int:
        text = str(self.construct_scalar(node)).replace("_", "")
        return int(text, 8 if re.fullmatch(r"[-+]?0[0-7]+", text) else 0)


def _key(value: object) -> str:
    """A key as Go writes it: booleans in lower case, numbers as their text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


# The kinds of plain scalars, each with the characters it can begin with; the first that fits counts.
for _kind, _pattern, _first in (
    ("bool", r"[yY]|[nN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE", "yYnNoOtTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]*|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
):
    Loader.add_implicit_resolver(f"{TAG}{_kind}", re.compile(f"^(?:{_pattern})$"), list(_first))
Loader.add_constructor(f"{TAG}int", Loader.construct_integer)


def load(text: str) -> Any:
    """One YAML document.

    Raises:
        StackError: it is not YAML, or has a key twice; with the line.
    """
    (document,) = load_all(text) or [None]
    return document


def load_all(text: str) -> list[Any]:
    """The YAML documents of a stream.

    Raises:
        StackError: it is not YAML, or has a key twice; with the line.
    """
    try:
        return list(yaml.load_all(text, Loader=Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line if mark else 0
        around = "\n".join(text.splitlines()[max(0, line - 5) : line + 1])
        raise StackError(f"Not YAML as it should be: {error}", around) from error


def pod_templates(workload: Object) -> list[Object]:
    """The pod templates of an object; of a LeaderWorkerSet the one that serves comes first."""
    spec = workload.get("spec", {})
    if workload["kind"] == "LeaderWorkerSet":
        return [spec["leaderWorkerTemplate"][each] for each in ("leaderTemplate", "workerTemplate")]
    return [spec["template"]] if "template" in spec else []


def pod_spec(workload: Object) -> Object:
    """The pod's spec of a Pod, or of anything with a pod template; the leader's of a LeaderWorkerSet."""
    if workload["kind"] == "Pod":
        return dict(workload["spec"])
    if workload["kind"] == "CronJob":
        workload = workload["spec"]["jobTemplate"]
    return dict(pod_templates(workload)[0]["spec"])
