"""Helpers of the chart's tests: values with one group, and the parts of a render."""

from __future__ import annotations

import json
import re
from typing import Any

from harness.manifests import Manifests, Object, container, pod_spec

FULLNAME = "test-release-inference-stack"
"""The prefix of object names in a release called test-release."""


def one(**fields: Any) -> dict[str, Any]:
    """Values with one group, `a`: vLLM serving org/m as m, with these fields added or replaced."""
    return {"modelGroups": {"a": {"enabled": True, "modelAlias": ["m"], "modelName": "org/m", **fields}}}


def bare(**fields: Any) -> dict[str, Any]:
    """Values with one group, `a`: an alias and these fields, without a model to run."""
    return {"modelGroups": {"a": {"enabled": True, "modelAlias": ["m"], **fields}}}


def deployment(manifests: Manifests, group: str = "a") -> Object:
    return manifests["Deployment", f"{FULLNAME}-{group}"]


def pod(manifests: Manifests, group: str = "a") -> Object:
    return pod_spec(deployment(manifests, group))


def engine(manifests: Manifests, group: str = "a") -> Object:
    """The container of a group's engine."""
    return container(deployment(manifests, group), group)


def gateway(manifests: Manifests) -> Object:
    """The container of the gateway."""
    return container(manifests["Deployment", f"{FULLNAME}-onwards"], "onwards")


def command_line(manifests: Manifests, group: str = "a") -> list[str]:
    """The engine's command followed by its arguments."""
    of = engine(manifests, group)
    return [*of.get("command", ()), *of.get("args", ())]


def unkeyed(value: Any) -> Any:
    """A directory of compiled kernels, as /KEY where it is the group's, for its image and devices."""
    return re.sub(rf"/{FULLNAME}-[a-z]+-[0-9a-f]{{8}}$", "/KEY", value) if isinstance(value, str) else value


def ports(manifests: Manifests, group: str = "a") -> dict[str, int]:
    """The container's ports by name."""
    return {each["name"]: each["containerPort"] for each in engine(manifests, group)["ports"]}


def routing(manifests: Manifests, fullname: str = FULLNAME) -> Object:
    """The gateway's configuration, with its placeholders."""
    config: Object = json.loads(manifests["ConfigMap", f"{fullname}-onwards"]["data"]["config.json"])
    return config


def pools(manifests: Manifests, fullname: str = FULLNAME) -> Object:
    targets: Object = routing(manifests, fullname)["targets"]
    return targets


def provider(manifests: Manifests, alias: str = "m") -> Object:
    """The only engine behind an alias."""
    (only,) = pools(manifests)[alias]["providers"]
    return dict(only)
