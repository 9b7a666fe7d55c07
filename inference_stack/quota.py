"""ResourceQuota and LimitRange: what a namespace lets a release have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from inference_stack.checks import Release, is_own, listed
from inference_stack.documents import Object
from inference_stack.facts import Facts
from inference_stack.findings import FAIL, UNKNOWN, Finding
from inference_stack.programs import Unreadable
from inference_stack.quantity import amount
from inference_stack.wanted import containers
from inference_stack.workloads import amounts, effective

NOTHING = Decimal()
COUNTED = {
    "PersistentVolumeClaim": ("persistentvolumeclaims", "count/persistentvolumeclaims"),
    "Service": ("services", "count/services"),
    "Secret": ("secrets", "count/secrets"),
    "ConfigMap": ("configmaps", "count/configmaps"),
    "Deployment": ("count/deployments.apps",),
    "StatefulSet": ("count/statefulsets.apps",),
    "Job": ("count/jobs.batch",),
}
"""What a quota calls the number of objects of a kind."""


def limits(release: Release, facts: Facts) -> Iterator[Finding]:
    """Whether quotas and limit ranges let the pods be created."""
    quotas, errors = listed(facts, "quota", "quotas", "quotas")
    ranges, more = listed(facts, "quota", "ranges", "limit ranges")
    yield from (*errors, *more)
    if errors or more:
        return
    defaults = _defaults(ranges)
    yield from _ranges(release, ranges)
    if not quotas:
        return
    needed, freed = _needed(release, facts, defaults), _freed(release, facts)
    for quota in quotas:
        title = f"ResourceQuota {quota['metadata']['name']}"
        spec, status = quota["spec"], quota.get("status") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            yield Finding(UNKNOWN, "quota", title, "counts some pods only (scopes), which is not checked", "check it")
            continue
        hard, used = status.get("hard") or spec.get("hard") or {}, status.get("used") or {}
        for name, most in hard.items():
            asked = needed.get(name, NOTHING)
            left = amount(most) - amount(used.get(name, 0)) + freed.get(name, NOTHING)
            if asked > left:
                says = f"{name}: the release needs {_text(name, asked)}, and {_text(name, left)} of {most} are left"
                yield Finding(FAIL, "quota", title, says, "request less, run fewer replicas, or raise the quota")
        yield from _unset(release, title, hard, defaults)


def _text(name: str, many: Decimal) -> str:
    if "memory" in name or ("storage" in name and "/" not in name.rpartition("requests.")[2]):
        return f"{many / 2**30:.4g}Gi"
    return f"{many.normalize():f}"


def _defaults(ranges: Sequence[Object]) -> dict[str, dict[str, str]]:
    """What limit ranges fill in where a container says nothing."""
    found: dict[str, dict[str, str]] = {"limits": {}, "requests": {}}
    for each in ranges:
        for item in each["spec"]["limits"]:
            if item["type"] == "Container":
                found["limits"].update(item.get("default") or {})
                found["requests"].update({**(item.get("default") or {}), **(item.get("defaultRequest") or {})})
    return found


def _filled(spec: Object, defaults: Mapping[str, Mapping[str, str]]) -> Object:
    """A pod's spec with what limit ranges fill in."""

    def filled(container: Object) -> Object:
        own = container.get("resources") or {}
        limits = {**defaults["limits"], **(own.get("limits") or {})}
        requests = {**defaults["requests"], **(own.get("limits") or {}), **(own.get("requests") or {})}
        return {**container, "resources": {"limits": limits, "requests": requests}}

    return {
        **spec,
        "containers": [filled(each) for each in spec["containers"]],
        "initContainers": [filled(each) for each in spec.get("initContainers") or ()],
    }


def _counted(spec: Object, pods: int) -> dict[str, Decimal]:
    """What a quota counts of so many pods."""
    found = {"pods": Decimal(pods), "count/pods": Decimal(pods)}
    for kind in ("requests", "limits"):
        for name, many in effective(spec, kind).items():
            found[f"{kind}.{name}"] = many * pods
            if kind == "requests" and name in ("cpu", "memory", "ephemeral-storage"):
                found[name] = many * pods
    return found


def _needed(release: Release, facts: Facts, defaults: Mapping[str, Any]) -> dict[str, Decimal]:
    needed: dict[str, Decimal] = {}
    for row in release.wanted.rows:
        _add(needed, _counted(_filled(row.spec, defaults), row.count))
    there = facts.there if not isinstance(facts.there, Unreadable) else ()
    exists = {(each["kind"], each["metadata"]["name"]) for each in there}
    for each in release.wanted.objects:
        if (each["kind"], each["metadata"]["name"]) in exists:
            continue
        _add(needed, dict.fromkeys(COUNTED.get(each["kind"], ()), Decimal(1)))
        if each["kind"] == "PersistentVolumeClaim":
            size = amount(each["spec"]["resources"]["requests"]["storage"])
            _add(needed, {"requests.storage": size})
            name = each["spec"].get("storageClassName")
            if name:
                _add(needed, {f"{name}.storageclass.storage.k8s.io/requests.storage": size})
    return needed


def _freed(release: Release, facts: Facts) -> dict[str, Decimal]:
    """What the release's own running pods use already."""
    freed: dict[str, Decimal] = {}
    for pod in () if isinstance(facts.pods, Unreadable) else facts.pods:
        if is_own(release, pod) and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            _add(freed, _counted(pod["spec"], 1))
    return freed


def _add(to: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for name, many in more.items():
        to[name] = to.get(name, NOTHING) + many


def _unset(release: Release, title: str, hard: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[Finding]:
    """Containers without what a quota counts: their pods are refused."""
    for name in sorted(hard):
        kind, dot, resource = name.partition(".")
        if not dot:
            kind, resource = "requests", name
        if resource not in ("cpu", "memory") or kind not in ("requests", "limits"):
            continue
        for row in release.wanted.rows:
            spec = _filled(row.spec, defaults)
            without = [each["name"] for each in containers(spec) if resource not in amounts(each, kind)]
            if without:
                says = f"counts {name}, and {row.title} does not set it for {', '.join(without)}: its pods are refused"
                yield Finding(FAIL, "quota", title, says, f"set resources.{kind}.{resource}")


def _ranges(release: Release, ranges: Sequence[Object]) -> Iterator[Finding]:
    """Containers that are larger than a limit range lets them be."""
    for each in ranges:
        for item in each["spec"]["limits"]:
            most = item.get("max") or {}
            for row in release.wanted.rows if item["type"] in ("Container", "Pod") else ():
                whole = [effective(row.spec, "limits")]
                parts = whole if item["type"] == "Pod" else [amounts(c, "limits") for c in containers(row.spec)]
                for name in sorted(most):
                    if any(part.get(name, NOTHING) > amount(most[name]) for part in parts):
                        title = f"LimitRange {each['metadata']['name']}"
                        says = f"lets a {item['type']} have {most[name]} of {name}, and {row.title} asks for more"
                        yield Finding(FAIL, "quota", title, says, "ask for less, or change the limit range")
