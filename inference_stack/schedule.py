"""Where pods would be scheduled: a small model of the scheduler's filters, of requests, selectors and taints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from inference_stack.documents import Object
from inference_stack.quantity import amount
from inference_stack.workloads import Pods, devices, effective

NOTHING = Decimal()


@dataclass
class Node:
    """A node, with what is left of each resource."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    ready: bool
    whole: Mapping[str, Decimal]
    free: dict[str, Decimal]

    def has(self, asked: Mapping[str, Decimal]) -> bool:
        return all(self.free.get(name, NOTHING) >= many for name, many in asked.items() if many)

    def could_have(self, asked: Mapping[str, Decimal]) -> bool:
        """Whether it would have as much if nothing else ran there."""
        return all(self.whole.get(name, NOTHING) >= many for name, many in asked.items() if many)

    def take(self, asked: Mapping[str, Decimal]) -> None:
        for name, many in asked.items():
            self.free[name] = self.free.get(name, NOTHING) - many


@dataclass(frozen=True)
class Reason:
    """Why pods would stay Pending: a short name, and the sentence."""

    name: str
    says: str
    fix: str
    placed: int = 0


def nodes(found: Iterable[Object], running: Iterable[Object]) -> list[Node]:
    """The nodes, less what pods that run there request."""
    known = [_node(each) for each in found]
    by_name = {each.name: each for each in known}
    for pod in running:
        where = by_name.get(pod["spec"].get("nodeName", ""))
        if where and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            where.take({**effective(pod["spec"], "requests"), "pods": Decimal(1)})
    return known


def _node(each: Object) -> Node:
    spec, status = each.get("spec") or {}, each["status"]
    taints = list(spec.get("taints") or ())
    if spec.get("unschedulable"):
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    conditions = {c["type"]: c["status"] for c in status.get("conditions") or ()}
    whole = {name: amount(many) for name, many in (status.get("allocatable") or {}).items()}
    labels = each["metadata"].get("labels") or {}
    ready = conditions.get("Ready", "True") == "True"
    return Node(each["metadata"]["name"], labels, taints, ready, whole, dict(whole))


def tolerates(spec: Object, taint: Mapping[str, str]) -> bool:
    """Whether a pod may run on a node with this taint."""
    if taint.get("effect") == "PreferNoSchedule":
        return True
    return any(_matches(each, taint) for each in spec.get("tolerations") or ())


def _matches(toleration: Mapping[str, Any], taint: Mapping[str, str]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")


def selects(spec: Object, node: Node) -> bool:
    """Whether nodeSelector and the affinity that a pod requires let it run on the node."""
    wanted = spec.get("nodeSelector") or {}
    if any(node.labels.get(key) != value for key, value in wanted.items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(
        all(_expression(each, node.labels) for each in term.get("matchExpressions") or ())
        and all(_expression(each, {"metadata.name": node.name}) for each in term.get("matchFields") or ())
        for term in required["nodeSelectorTerms"]
    )


def _expression(each: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(each["key"]), each.get("values") or []
    operator = each["operator"]
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if value is None or not value.lstrip("-").isdigit():
        return False
    return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])


def place(rows: Sequence[Pods], known: Sequence[Node]) -> list[tuple[Pods, Reason]]:
    """Place the pods, those with most devices first, and say why some would stay Pending.

    A pod goes to the node that has the fewest devices left, as nothing is known of what the scheduler prefers.
    """
    found = []
    for row in sorted(rows, key=_size, reverse=True):
        reason = _never(row, known) or _now(row, known)
        if reason:
            found.append((row, reason))
    return found


def _size(row: Pods) -> tuple[int, Decimal]:
    asked = row.requests()
    return sum(devices(asked).values()), asked.get("memory", NOTHING)


def _never(row: Pods, known: Sequence[Node]) -> Reason | None:
    """Why no node could ever run such a pod."""
    usable = [each for each in known if each.ready]
    if not usable:
        return Reason("nodes", "no node is ready", "look at: kubectl get nodes")
    selected = [each for each in usable if selects(row.spec, each)]
    if not selected:
        return Reason("node-selector", f"no node has {_wish(row.spec)}{_instead(row.spec, usable)}", SELECTOR)
    open_ = [each for each in selected if all(tolerates(row.spec, taint) for taint in each.taints)]
    if not open_:
        taints = {
            f"{t['key']}{'=' + t['value'] if t.get('value') else ''}:{t['effect']}"
            for each in selected
            for t in each.taints
            if not tolerates(row.spec, t)
        }
        return Reason("taint", f"it does not tolerate {', '.join(sorted(taints))}", TAINT)
    asked = {**row.requests(), "pods": Decimal(1)}
    if any(each.could_have(asked) for each in open_):
        return None
    for name, many in sorted(asked.items(), key=lambda item: "/" not in item[0]):
        most = max(each.whole.get(name, NOTHING) for each in open_)
        if many > most:
            return _too_much(name, many, most)
    return Reason("resources", "no single node has all that a pod requests", "request less, or add a larger node")


SELECTOR = "correct nodeSelector or affinity, or label a node: kubectl label node NAME key=value"
TAINT = "add it to the group's tolerations: - {key: KEY, operator: Exists, effect: NoSchedule}"


def _too_much(name: str, many: Decimal, most: Decimal) -> Reason:
    if not most and "/" in name:
        return Reason(
            "no-device",
            f"it requests {_text(many, name)}, and no node that it may run on offers {name}",
            "install the vendor's device plugin (GPU operator), or add a node that has the device",
        )
    return Reason(
        "too-large",
        f"a pod requests {_text(many, name)}, and the largest node it may run on has {_text(most, name)}",
        "request less, spread the model with nodes (docs/multi-node.md), or add a larger node",
    )


def _now(row: Pods, known: Sequence[Node]) -> Reason | None:
    """Why not all the pods find room now; those that do are placed."""
    asked = {**row.requests(), "pods": Decimal(1)}
    fitting = [
        each
        for each in known
        if each.ready and selects(row.spec, each) and all(tolerates(row.spec, taint) for taint in each.taints)
    ]
    for placed in range(row.count):
        with_room = [each for each in fitting if each.has(asked)]
        if not with_room:
            short = [
                name for name, many in asked.items() if many and all(n.free.get(name, NOTHING) < many for n in fitting)
            ]
            name = next((each for each in short if "/" in each), short[0] if short else "")
            left = max(each.free.get(name, NOTHING) for each in fitting) if name else NOTHING
            what = f"of {name}, {_text(max(left, NOTHING), name)} of {_text(asked[name], name)} are free on a node"
            if not name:
                what = "no node has all that it requests at once"
            says = f"{row.count - placed} of {row.count} pods find no room now: {what}"
            return Reason("in-use", says, "free some, request less, or add a node", placed)
        min(with_room, key=lambda each: sum(devices(each.free).values())).take(asked)
    return None


def _wish(spec: Object) -> str:
    """The labels that a pod asks of a node."""
    wanted = [f"{key}={value}" for key, value in (spec.get("nodeSelector") or {}).items()]
    return "the labels " + ", ".join(wanted) if wanted else "the labels that its affinity requires"


def _instead(spec: Object, known: Sequence[Node]) -> str:
    """What the nodes have under the keys that the pod asks for."""
    there = {
        f"{key}={each.labels[key]}" for key in spec.get("nodeSelector") or {} for each in known if key in each.labels
    }
    return f"; there is {', '.join(sorted(there))}" if there else ""


def _text(many: Decimal, name: str) -> str:
    """A number of a resource, bytes in GiB."""
    if name in ("memory", "ephemeral-storage") or name.startswith("hugepages"):
        return f"{many / 2**30:.4g}Gi of {name}"
    return f"{many:f} {name}".strip()


def users(resource: str, running: Iterable[Object]) -> list[str]:
    """Who uses a resource: `namespace/pod (number)`."""
    found = []
    for pod in running:
        many = effective(pod["spec"], "requests").get(resource, NOTHING)
        active = pod["spec"].get("nodeName") and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        if many and active:
            found.append(f"{pod['metadata']['namespace']}/{pod['metadata']['name']} ({many:f})")
    return sorted(found)
