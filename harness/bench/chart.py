"""What the chart renders for the gateway, brought to loopback: only addresses and ports are others."""

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
from harness.quantity import amount

MODEL = "chat"
NAME = "bench"
GATEWAY = f"{NAME}-onwards"
CONFIG_PATH = "/app/config/config.json"

Config = dict[str, Any]


def one_group(**more: Any) -> dict[str, Any]:
    """Values with one group, which has the chart's defaults but for `more`."""
    return {"modelGroups": {"mock": {"enabled": True, "modelName": "org/model", "modelAlias": [MODEL], **more}}}


ONE_GROUP = one_group()


def render(values: Mapping[str, Any] = ONE_GROUP, onwards: Mapping[str, Any] | None = None) -> Manifests:
    """The chart with its defaults, but for names and what is given."""
    return Manifests.parse(
        Helm().template(ROOT, values=[{"fullnameOverride": NAME, **values, "onwards": dict(onwards or {})}])
    )


@cache
def cpu_limit() -> float:
    """Processors that the chart's default gives the gateway."""
    gateway = container(render()["Deployment", GATEWAY], "onwards")
    return float(amount(gateway["resources"]["limits"]["cpu"]))


def config(manifests: Manifests) -> Config:
    """The gateway's configuration as it is rendered."""
    rendered: Config = json.loads(config_text(manifests))
    return rendered


def config_text(manifests: Manifests) -> str:
    return str(manifests["ConfigMap", GATEWAY]["data"]["config.json"])


def led_to(rendered: Config, addresses: Sequence[str]) -> Config:
    """The configuration with these addresses (`host:port`) instead of those of the cluster, as many as each pool has.

    Raises:
        ValueError: a pool has more or fewer.
    """
    changed = copy.deepcopy(rendered)
    for pool in changed["targets"].values():
        for provider, address in zip(pool["providers"], addresses, strict=True):
            provider["url"] = f"http://{address}/v1"
    return changed


def arguments(port: int, metrics_port: int, path: Path) -> list[str]:
    """The gateway's arguments as they are rendered for these ports, with the configuration at `path`."""
    onwards = {"containerPort": port, "metrics": {"port": metrics_port}}
    words = container(render(onwards=onwards)["Deployment", GATEWAY], "onwards")["args"]
    return [str(path) if word == CONFIG_PATH else word for word in words]
