"""The page of all keys, and the tables of the common keys and of examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.docs.markdown import cell, code, table
from harness.docs.values import GROUP, UNSET, Key
from harness.errors import HarnessError
from harness.manifests import load
from harness.paths import examples
from harness.presets import presets

COMMON = (
    "fullnameOverride",
    "global",
    "onwards.replicaCount",
    "onwards.image.tag",
    "onwards.service.type",
    "onwards.service.port",
    "onwards.loadBalancer.enabled",
    "onwards.strictMode",
    f"{GROUP}.enabled",
    f"{GROUP}.engine",
    f"{GROUP}.image",
    f"{GROUP}.tag",
    f"{GROUP}.modelAlias",
    f"{GROUP}.modelName",
    f"{GROUP}.weight",
    f"{GROUP}.command",
    f"{GROUP}.args",
    f"{GROUP}.apiKey",
    f"{GROUP}.env",
    f"{GROUP}.resources",
    f"{GROUP}.replicaCount",
    f"{GROUP}.persistentVolumes",
    f"{GROUP}.strategy",
    f"{GROUP}.startupProbe",
    "ingress.enabled",
    "networkPolicy.enabled",
    "serviceMonitor.enabled",
    "prometheusRule.enabled",
    "dashboards.enabled",
)
"""The keys that most users need."""

GUIDES: Mapping[str, str] = {
    "air-gap": "Air gap",
    "alerts": "Alerts",
    "architecture": "How it works",
    "autoscaling": "Scale",
    "caching": "Caching models",
    "client-keys": "Client keys and limits",
    "engine-keys": "Engine keys",
    "engines": "Engines",
    "exposing": "Connect from outside",
    "gpus": "GPUs and MIG",
    "grafana": "Dashboards",
    "monitoring": "Monitoring",
    "multi-node": "Several nodes",
    "network-policy": "Network policy",
    "routing": "Routing, limits and providers",
    "tls": "TLS and cert-manager",
    "updates": "Rolling updates",
    "users": "Users and Pod Security",
}
"""The guides that keys link to, by the names of their pages, and what the links say."""


@dataclass(frozen=True)
class Section:
    """Keys of one subject: those `of` a map with these names (all if there are none), and their `guide`."""

    title: str
    guide: str
    of: str
    names: str = ""


AREAS: Mapping[str, tuple[Section, ...]] = {
    f"Model groups: `{GROUP}`": (
        Section("Model groups and their defaults", "engines", "", "modelGroups modelGroupDefaults"),
        Section(
            "Model",
            "engines",
            GROUP,
            "enabled engine engineVersion image tag modelName adapters dynamicAdapters hub prefetch kind command args "
            "engineArgs env envFrom",
        ),
        Section(
            "Routing",
            "routing",
            GROUP,
            "modelAlias weight priority balancing concurrencyLimit requestTimeoutSeconds responseHeaders "
            "reasoningTranslation apiKey apiKeyHeader apiKeyPrefix",
        ),
        Section("Ports and Service", "engines", GROUP, "containerPort basePath additionalPorts metricsPath service"),
        Section("GPUs and memory", "gpus", GROUP, "resources sharedMemory resourceClaims runtimeClassName"),
        Section("Several nodes", "multi-node", GROUP, "nodes"),
        Section(
            "Storage", "caching", GROUP, "persistentVolumes podsShareNode files volumes volumeMounts initContainers"
        ),
        Section("Probes", "updates", GROUP, "startupProbe livenessProbe readinessProbe"),
        Section(
            "Replicas and updates",
            "updates",
            GROUP,
            "replicaCount autoscaling strategy spareGPUs loadSeconds minReadySeconds progressDeadlineSeconds "
            "drainSeconds lifecycle podDisruptionBudget",
        ),
        Section(
            "Scheduling",
            "gpus",
            GROUP,
            "nodeSelector tolerations affinity topologySpreadConstraints priorityClassName schedulerName",
        ),
        Section(
            "User and service account",
            "users",
            GROUP,
            "podSecurityContext securityContext serviceAccount metadataServer imagePullSecrets",
        ),
        Section(
            "Pod and way out",
            "engines",
            GROUP,
            "podSpec containers annotations labels podAnnotations podLabels",
        ),
    ),
    "Aliases and providers": (
        Section("Routes: `routes.<alias>`", "routing", "", "routes"),
        Section("External providers: `externalProviders.<name>`", "routing", "", "externalProviders"),
    ),
    "Gateway: `onwards`": (
        Section("Gateway", "architecture", "", "onwards"),
        Section(
            "Gateway's clients and routing",
            "routing",
            "onwards",
            "strictMode clientKeys fallback allowKeyExposure httpPool",
        ),
        Section("Gateway's Service", "exposing", "onwards", "service loadBalancer containerPort"),
        Section("Gateway's metrics", "monitoring", "onwards", "metrics"),
        Section("Gateway's image", "air-gap", "onwards", "image imagePullSecrets"),
        Section("Gateway's process", "routing", "onwards", "extraArgs env resources volumes volumeMounts"),
        Section("Gateway's probes", "updates", "onwards", "probes"),
        Section(
            "Gateway's replicas and updates",
            "updates",
            "onwards",
            "replicaCount autoscaling podDisruptionBudget drainSeconds minReadySeconds lifecycle rollOnChange",
        ),
        Section(
            "Gateway's scheduling",
            "updates",
            "onwards",
            "nodeSelector tolerations affinity topologySpreadConstraints priorityClassName",
        ),
        Section(
            "Gateway's user and service account",
            "users",
            "onwards",
            "podSecurityContext securityContext serviceAccount",
        ),
        Section(
            "Gateway's pod and way out",
            "users",
            "onwards",
            "podSpec containers annotations labels podAnnotations podLabels",
        ),
    ),
    "Access and monitoring": (
        Section("Ingress", "exposing", "", "ingress"),
        Section("HTTPRoute", "exposing", "", "httpRoute"),
        Section("Network policies", "network-policy", "", "networkPolicy"),
        Section("Prometheus of autoscalers", "autoscaling", "", "prometheus"),
        Section("Scraping", "monitoring", "", "serviceMonitor"),
        Section("Rules and alerts", "alerts", "", "prometheusRule"),
        Section("Dashboards", "grafana", "", "dashboards"),
        Section("Traces", "monitoring", "", "tracing"),
        Section("Tests", "", "", "tests"),
    ),
    "The release": (
        Section("Names and labels", "", "", "nameOverride fullnameOverride enabled commonLabels commonAnnotations"),
        Section("Registries", "air-gap", "", "global imagePullSecrets images"),
        Section("Further objects", "", "", "configMaps extraObjects"),
    ),
}
"""The order of the page; a key belongs to the section that names it or the nearest key above it."""

GUIDE: Mapping[str, str] = {
    f"{GROUP}.modelAlias": "routing",
    f"{GROUP}.apiKey": "engine-keys",
    f"{GROUP}.apiKeyHeader": "engine-keys",
    f"{GROUP}.apiKeyPrefix": "engine-keys",
    f"{GROUP}.autoscaling": "autoscaling",
    f"{GROUP}.metricsPath": "monitoring",
    f"{GROUP}.metadataServer": "network-policy",
    f"{GROUP}.imagePullSecrets": "air-gap",
    "onwards.clientKeys": "client-keys",
    "onwards.allowKeyExposure": "engine-keys",
    "onwards.autoscaling": "autoscaling",
    "ingress.tls": "tls",
    "routes.<alias>.allowedKeys": "client-keys",
}
"""Guides of keys that are not their section's."""

SCHEMA = "https://raw.githubusercontent.com/doublewordai/inference-stack/main/values.schema.json"
"""Where editors find the schema."""

HEAD = f"""\
# Values

Every key of the chart, with its type, default and meaning. `<name>`, `<alias>` and the like are names of your choice,
and `[]` stands for each item of a list.

- **Merging.** Each key of `modelGroups.<name>` is also one of `modelGroupDefaults`. A group's own values are merged
  over the defaults: maps merge, lists of named things by name, other lists and scalars replace
  ([examples](engines.md#defaults-of-all-groups)).
- **null** is valid for each of the chart's own keys: it restores the chart's default, and leaves a field of a
  Kubernetes object out.
- **No default** is given for a key that [values.yaml](../values.yaml) does not set.
- **Kubernetes' own types** are as in the
  [Kubernetes API reference](https://kubernetes.io/docs/reference/kubernetes-api/); of a Probe and a Service, the keys
  that the chart adds are listed.
- **A wrong value** is refused with its path and the reason: [messages](messages.md).

Editors check and complete a values file whose first line names the schema:

```yml
# yaml-language-server: $schema={SCHEMA}
```

For one release, write its tag in place of `main`, such as `v0.5.0`. Without access to GitHub, use the file in the
chart: `helm pull --untar` writes it to `inference-stack/values.schema.json`.

## Common keys
"""


def default(key: Key) -> str:
    """A key's default as YAML that can be pasted; a map of documented keys has none of its own."""
    if key.default is UNSET or (key.children and isinstance(key.default, dict) and key.default) or key.path in _WHOLE:
        return ""
    if isinstance(key.default, str) and key.default:
        return code(key.default)
    return code(json.dumps(key.default, ensure_ascii=False))


_WHOLE = ("modelGroups", "modelGroupDefaults")


def common(keys: Iterable[Key]) -> str:
    """The short table.

    Raises:
        HarnessError: a key of `COMMON` is not in values.yaml.
    """
    known = {key.path: key for key in keys}
    if missing := [path for path in COMMON if path not in known]:
        raise HarnessError(f"Not documented in values.yaml: {', '.join(missing)}", "Change COMMON in harness/docs.")
    rows = (
        (f"[{code(path)}](#{anchor(path)})", f"{cell(known[path].description)}{_else(known[path])}") for path in COMMON
    )
    return table(["key", "what it does"], rows)


def _else(key: Key) -> str:
    """What holds without the key, behind its sentence."""
    shown = default(key)
    return f" Default: {shown}." if shown else ""


def anchor(path: str) -> str:
    """The anchor of a key on the page, which is that of its heading on the site and in the repository alike."""
    return re.sub(r"[^\w-]", "", path).lower()


def _names(path: str) -> list[str]:
    """A path's parts: a group's own path is one."""
    return [part.replace("\0", GROUP) for part in path.replace(GROUP, "\0").replace("[]", "").split(".")]


def section(key: Key) -> Section:
    """Where a key stands.

    Raises:
        HarnessError: no section has it.
    """
    first, *rest = _names(key.path)
    for each in (section for sections in AREAS.values() for section in sections):
        if (each.of == first and rest and rest[0] in each.names.split()) or (
            not each.of and first in each.names.split() and (not rest or first not in _DIVIDED)
        ):
            return each
    raise HarnessError(f"No section has {key.path}", "Add it to AREAS in harness/docs/tables.py.")


_DIVIDED = {section.of for sections in AREAS.values() for section in sections if section.of}


def entry(key: Key, guide: str = "") -> str:
    """A key as a heading, so that it is found and has an address, its sentence, and what it may be."""
    facts = [f"Type: {key.type.replace('*.', chr(92) + '*.')}"]
    if shown := default(key):
        facts.append(f"default: {shown.replace(chr(92) + '|', '|')}")
    if guide:
        facts.append(f"guide: [{GUIDES[guide]}]({guide}.md)")
    return f"#### `{key.path}`\n\n{cell(key.description)}\n\n{' · '.join(facts)}"


def reference(keys: Iterable[Key]) -> str:
    """Every key, by section."""
    found: dict[Section, list[Key]] = {}
    for key in keys:
        found.setdefault(section(key), []).append(key)
    parts = []
    for area, sections in AREAS.items():
        parts.append(f"## {area}")
        for each in sections:
            if each in found:
                parts += [f"### {each.title}", *_entries(each, found[each])]
    return "\n\n".join(parts)


def _entries(section: Section, keys: list[Key]) -> Iterable[str]:
    order = section.names.split()
    depth = 1 if section.of else 0
    keys = sorted(keys, key=lambda key: order.index(_names(key.path)[depth]))
    for fields, some in groupby(keys, key=lambda key: key.path.rpartition(".")[0] if key.kubernetes else ""):
        if fields:
            yield f"#### Other fields of `{fields}`\n\nThey are those of a Kubernetes ServiceSpec.\n\n" + "\n".join(
                f'- <a id="{anchor(key.path)}"></a>`{key.path}`: {key.type}' for key in some
            )
        else:
            yield from (entry(key, _guide(section, key)) for key in some)


def _guide(section: Section, key: Key) -> str:
    """The guide of a key; those below a key have the same one, which is not repeated."""
    depth = re.sub(r"\.<\w+>", "", key.path).count(".")
    return GUIDE.get(key.path) or (section.guide if depth < 2 else "")


def page(keys: Iterable[Key]) -> str:
    """The complete page of values."""
    keys = list(keys)
    return f"{HEAD}\n{common(keys)}\n\n{reference(keys)}\n"


def title(text: str) -> str:
    """The first comment line of an example that is for people; editors have lines of their own."""
    comments = (line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
    return next(line for line in comments if not line.startswith("yaml-language-server"))


def example_table() -> str:
    """The examples with their titles, for the page in their directory; the shortest is the simplest and comes first."""
    texts = {path: path.read_text() for path in examples()}
    simplest = sorted(texts, key=lambda path: texts[path].count("\n"))
    rows = ((f"[`{path.stem}`]({path.name})", cell(title(texts[path]))) for path in simplest)
    return table(["example", "what it shows"], rows)


PROOFS = load(Path(__file__).with_name("proofs.yaml").read_text())
NONE = "-"


def proof_table() -> str:
    """How it was shown that each engine works as the chart renders it, for the README and docs/engines.md."""
    columns: dict[str, str] = PROOFS["columns"]
    rows = (
        (name, *(NONE if proofs[column] == "none" else proofs[column] for column in columns))
        for name, proofs in PROOFS["engines"].items()
    )
    return table(["engine", *columns.values()], rows)


def engine_table() -> str:
    """What the presets know of each engine, for docs/engines.md."""
    rows = (_engine(name, preset) for name, preset in presets().items() if name != "custom")
    return table(["engine", "kind", "ready", "metrics", "its key", "running requests"], rows)


def _engine(name: str, preset: dict[str, Any]) -> tuple[str, ...]:
    key = preset["apiKey"]["env"]
    return (
        f"`{name}`",
        "none of OpenAI's" if "noOpenAI" in preset else preset.get("kind", "chat"),
        f"`{preset['probes']['readiness']['path']}`",
        f"`{preset['metricsPath']}`" if preset["metricsPath"] else "none",
        f"`{key}`" if key else "none",
        "shown" if "inFlight" in preset else "not shown",
    )
