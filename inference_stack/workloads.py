"""The pods that manifests ask for, with what each requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from inference_stack.documents import Object, pod_templates
from inference_stack.quantity import amount

GROUP = "app.kubernetes.io/model-group"
COMPONENT = "app.kubernetes.io/component"
STANDARD = ("cpu", "memory", "ephemeral-storage")


@dataclass(frozen=True)
class Pods:
    """Pods of one template: of which object, how many, the most by an autoscaler, and more of them on an update."""

    kind: str
    name: str
    group: str
    count: int
    most: int
    surge: int
    labels: Mapping[str, str]
    spec: Object

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def container(self) -> Object:
        """The engine's or the gateway's container: the first."""
        return dict(self.spec["containers"][0])

    def requests(self) -> dict[str, Decimal]:
        """What the scheduler reserves for one pod."""
        return effective(self.spec, "requests")

    def limits(self) -> dict[str, Decimal]:
        return effective(self.spec, "limits")


def devices(amounts: Mapping[str, Decimal]) -> dict[str, int]:
    """Of amounts, those of devices: resources with a domain, such as `nvidia.com/gpu`."""
    return {name: int(many) for name, many in amounts.items() if "/" in name and many}


def effective(spec: Object, kind: str) -> dict[str, Decimal]:
    """A pod's requests or limits: those of its containers together, or of an init container, if that has more.

    A limit without a request is the request, as the API server makes it. An init container that restarts always
    (a sidecar) counts with the containers.
    """
    together: dict[str, Decimal] = {}
    sidecars: dict[str, Decimal] = {}
    most: dict[str, Decimal] = {}
    for each in spec.get("initContainers") or ():
        asked = amounts(each, kind)
        if each.get("restartPolicy") == "Always":
            _add(sidecars, asked)
            asked = {}
        for name in {*asked, *sidecars}:
            most[name] = max(most.get(name, Decimal()), asked.get(name, Decimal()) + sidecars.get(name, Decimal()))
    for each in spec["containers"]:
        _add(together, amounts(each, kind))
    _add(together, sidecars)
    _add(together, {name: amount(many) for name, many in (spec.get("overhead") or {}).items()})
    return {name: max(together.get(name, Decimal()), most.get(name, Decimal())) for name in {*together, *most}}


def amounts(container: Object, kind: str) -> dict[str, Decimal]:
    """A container's requests or limits."""
    resources = container.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    chosen = {**limits, **requests} if kind == "requests" else limits
    return {name: amount(many) for name, many in chosen.items()}


def _add(to: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for name, many in more.items():
        to[name] = to.get(name, Decimal()) + many


def pods(objects: Iterable[Object]) -> list[Pods]:
    """The pods of each workload."""
    known = list(objects)
    scaled = _scaled(known)
    found: list[Pods] = []
    for each in known:
        if each["kind"] in ("Deployment", "StatefulSet", "Job", "LeaderWorkerSet"):
            found += _of(each, scaled)
    return found


def _scaled(objects: Iterable[Object]) -> dict[tuple[str, str], tuple[int, int]]:
    """The least and the most pods by autoscalers, by kind and name of what they scale."""
    found = {}
    for each in objects:
        spec = each.get("spec") or {}
        target = spec.get("scaleTargetRef") or {}
        if each["kind"] == "HorizontalPodAutoscaler":
            found[target["kind"], target["name"]] = (int(spec.get("minReplicas", 1)), int(spec["maxReplicas"]))
        elif each["kind"] == "ScaledObject":
            least, most = int(spec.get("minReplicaCount", 0)), int(spec.get("maxReplicaCount", 100))
            found[target.get("kind", "Deployment"), target["name"]] = (least, most)
    return found


def _of(each: Object, scaled: Mapping[tuple[str, str], tuple[int, int]]) -> Iterator[Pods]:
    spec, name = each["spec"], each["metadata"]["name"]
    labels = each["metadata"].get("labels") or {}
    group = labels.get(GROUP) or ("gateway" if labels.get(COMPONENT) == "onwards" else "")
    written = int(spec.get("parallelism", 1) if each["kind"] == "Job" else spec.get("replicas", 1))
    least, most = scaled.get((each["kind"], name), (written, written))
    if "replicas" in spec:
        least = written
    surge = _surge(spec, least) if each["kind"] == "Deployment" else 0
    templates = pod_templates(each)
    factors = [1] * len(templates)
    if each["kind"] == "LeaderWorkerSet":
        size = int(spec["leaderWorkerTemplate"].get("size", 1))
        factors = [1, size - 1]
    for template, factor in zip(templates, factors):
        own = (template.get("metadata") or {}).get("labels") or {}
        if factor:
            yield Pods(
                each["kind"], name, group, least * factor, max(most, least) * factor, surge, own, template["spec"]
            )


def _surge(spec: Mapping[str, Any], replicas: int) -> int:
    """Pods beyond the replicas while a Deployment is updated."""
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    surge = (strategy.get("rollingUpdate") or {}).get("maxSurge", "25%")
    return ceil(replicas * int(str(surge).rstrip("%")) / 100) if str(surge).endswith("%") else int(surge)


def start_seconds(spec: Object) -> int:
    """The longest that a pod may take until it is restarted or ready: what the startup probes give."""
    return max((_probe(each) for each in spec["containers"]), default=0)


def _probe(container: Object) -> int:
    probe = container.get("startupProbe")
    if not probe:
        return 0
    first, period = int(probe.get("initialDelaySeconds", 0)), int(probe.get("periodSeconds", 10))
    return first + period * int(probe.get("failureThreshold", 3))


def drain_seconds(spec: Object) -> int:
    """The longest that a pod may take to end."""
    return int(spec.get("terminationGracePeriodSeconds", 30))
