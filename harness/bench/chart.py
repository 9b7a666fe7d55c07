"""What the chart renders for the gateway; only addresses and ports are changed, to those of loopback."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.helm import Helm
from harness.manifests import Manifests, container
from harness.paths import ROOT
from inference_stack.quantity import amount

MODEL = "chat"
NAME = "bench"
GATEWAY = f"{NAME}-onwards"
CONFIG_PATH = "/app/config/config.json"
GROUP = {"enabled": True, "modelName": "org/model", "modelAlias": [MODEL]}

Config = dict[str, Any]


def one_group(**more: Any) -> dict[str, Any]:
    """Values with one group, with `more` over the chart's defaults."""
    return {"modelGroups": {"mock": {**GROUP, **more}}}


ONE_GROUP = one_group()


def render(values: Mapping[str, Any] = ONE_GROUP) -> Manifests:
    """The chart with these values and a fixed name."""
    return Manifests.parse(Helm().template(ROOT, values=[{"fullnameOverride": NAME, **values}]))


@cache
def cpu_limit() -> float:
    """The gateway's CPU limit by the chart's defaults."""
    gateway = container(render()["Deployment", GATEWAY], "onwards")
    return float(amount(gateway["resources"]["limits"]["cpu"]))


def config(manifests: Manifests) -> Config:
    """The gateway's rendered configuration."""
    rendered: Config = json.loads(config_text(manifests))
    return rendered


def config_text(manifests: Manifests) -> str:
    return str(manifests["ConfigMap", GATEWAY]["data"]["config.json"])


def with_addresses(rendered: Config, addresses: Sequence[str]) -> Config:
    """The configuration with these addresses (`host:port`); ValueError unless each pool has that many providers."""
    changed = copy.deepcopy(rendered)
    for pool in changed["targets"].values():
        for provider, address in zip(pool["providers"], addresses, strict=True):
            provider["url"] = f"http://{address}/v1"
    return changed


def arguments(port: int, metrics_port: int, path: Path) -> list[str]:
    """The gateway's arguments as they are rendered for these ports, with the configuration at `path`."""
    ports = {"containerPort": port, "metrics": {"port": metrics_port}}
    words = container(render({**ONE_GROUP, "onwards": ports})["Deployment", GATEWAY], "onwards")["args"]
    return [str(path) if word == CONFIG_PATH else word for word in words]
