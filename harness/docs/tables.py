"""The tables of keys and of examples."""

from __future__ import annotations

import json
from collections.abc import Iterable

from harness.docs.markdown import cell, code, table
from harness.docs.values import GROUP, Key
from harness.errors import HarnessError
from harness.paths import examples

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
)
"""The keys that most users need, for the README; the site has them all."""

HEAD = """\
# Values

Every key of [values.yaml](../values.yaml), where these texts come from.

`modelGroupDefaults` holds all keys of a group, and each is also a key of `modelGroups.<name>`. A group's own values are
merged over the defaults: maps merge, lists of named things by name, other lists and scalars replace. `null` restores
the chart's own default, and leaves a field of a Kubernetes object out ([examples](engines.md#defaults-of-all-groups)).
"""

ROOT_SECTION = "Names, labels and what all pods share"


def default(key: Key) -> str:
    """A key's default as YAML that can be pasted; a map of documented keys has none of its own."""
    if key.children:
        return ""
    if isinstance(key.default, str) and key.default:
        return code(key.default)
    return code(json.dumps(key.default, ensure_ascii=False))


def named(key: Key) -> str:
    """A key's path as users write it: one of modelGroupDefaults is a group's."""
    return key.path.replace("modelGroupDefaults.", f"{GROUP}.")


def common(keys: Iterable[Key]) -> str:
    """The README's short table.

    Raises:
        HarnessError: a key of `COMMON` is not in values.yaml.
    """
    known = {named(key): key for key in keys}
    if missing := [path for path in COMMON if path not in known]:
        raise HarnessError(f"Not documented in values.yaml: {', '.join(missing)}", "Change COMMON in harness/docs.")
    rows = ((code(path), default(known[path]), cell(known[path].description)) for path in COMMON)
    return table(["key", "default", "what it does"], rows)


def reference(keys: Iterable[Key]) -> str:
    """Every key, in one table for each top-level key."""
    sections: dict[str, list[Key]] = {}
    for key in keys:
        sections.setdefault(key.section, []).append(key)
    parts = []
    for section, found in sections.items():
        own = next((key for key in found if key.path == section), None)
        rows = (
            (code(key.path), "" if key.children else key.type, default(key), cell(key.description))
            for key in found
            if key is not own
        )
        title = f"## {section or ROOT_SECTION}"
        intro = f"{cell(own.description)}\n\n" if own else ""
        parts.append(f"{title}\n\n{intro}{table(['key', 'type', 'default', 'what it does'], rows)}")
    return "\n\n".join(parts)


def page(keys: Iterable[Key]) -> str:
    """The complete page of values."""
    return f"{HEAD}\n{reference(keys)}\n"


def title(text: str) -> str:
    """The first comment line of an example that is for people; editors have lines of their own."""
    comments = (line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
    return next(line for line in comments if not line.startswith("yaml-language-server"))


def example_table() -> str:
    """The examples with their titles, linked from the README; the shortest is the simplest and comes first."""
    texts = {path: path.read_text() for path in examples()}
    simplest = sorted(texts, key=lambda path: texts[path].count("\n"))
    rows = ((f"[`{path.stem}`](examples/{path.name})", cell(title(texts[path]))) for path in simplest)
    return table(["example", "what it shows"], rows)
