"""What a cluster has, read by `kubectl get` alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Union

from inference_stack.documents import Object
from inference_stack.errors import StackError
from inference_stack.programs import Kubectl, Unreadable
from inference_stack.wanted import Wanted

Listed = Union[Sequence[Object], Unreadable]
"""Objects, or why they cannot be read."""

CLUSTER = {
    "nodes": "nodes",
    "storage": "storageclasses",
    "ingress": "ingressclasses",
    "priorities": "priorityclasses",
    "runtimes": "runtimeclasses",
}
"""What belongs to no namespace, by its name here."""

GATEWAYS = "gateways.gateway.networking.k8s.io"

OWN = {
    "claims": "persistentvolumeclaims",
    "quotas": "resourcequotas",
    "ranges": "limitranges",
    "policies": "networkpolicies",
    "events": "events",
}
"""What is read in the release's namespace."""


@dataclass(frozen=True)
class Facts:
    """A cluster, as far as it could be read.

    `served` are the kinds it knows, as `group/version/Kind`; `keys` the keys of each Secret and ConfigMap that is asked
    for, by kind and name; `there` the objects that the manifests would make, as they are now.
    """

    version: str
    served: Sequence[str] | Unreadable
    namespace: Object | Unreadable
    lists: Mapping[str, Listed] = field(default_factory=dict)
    pods: Listed = ()
    keys: Mapping[tuple[str, str], Sequence[str] | Unreadable] = field(default_factory=dict)
    accounts: Mapping[str, Object | Unreadable] = field(default_factory=dict)
    gateways: Mapping[tuple[str, str], Object | Unreadable] = field(default_factory=dict)
    groups: Mapping[str, bool | Unreadable] = field(default_factory=dict)
    dns: Listed = ()
    there: Listed = ()

    def list(self, name: str) -> Listed:
        return self.lists.get(name, ())


def readable(found: Any) -> bool:
    return not isinstance(found, Unreadable)


def items(found: Any) -> Listed:
    """The items of a list that kubectl printed."""
    return found if isinstance(found, Unreadable) else list(found.get("items", ()))


def version(kubectl: Kubectl) -> str:
    """The API server's version.

    Raises:
        StackError: no cluster answers.
    """
    found = kubectl.raw("/version")
    if isinstance(found, Unreadable):
        raise StackError(f"No cluster answers: {found.message}", "Check it with: kubectl cluster-info")
    return str(found["gitVersion"])


def served(kubectl: Kubectl, wanted: Iterable[str]) -> Sequence[str] | Unreadable:
    """Of the API versions that are wanted, such as `apps/v1`, all kinds the cluster knows."""
    found = []
    for each in sorted(set(wanted)):
        answer = kubectl.raw(f"/apis/{each}" if "/" in each else f"/api/{each}")
        if isinstance(answer, Unreadable):
            if answer.kind != "missing":
                return answer
            continue
        found += [f"{each}/{resource['kind']}" for resource in answer["resources"] if "/" not in resource["name"]]
    return found


def read(kubectl: Kubectl, wanted: Wanted, namespace: str) -> Facts:
    """All that the checks need to know of the cluster, read at once by several kubectl."""
    inside = f"--namespace={namespace}"
    jobs: dict[Any, Callable[[], Any]] = {
        "version": lambda: version(kubectl),
        "served": lambda: served(kubectl, wanted.versions),
        "namespace": lambda: kubectl.get("namespace", namespace),
        "pods": lambda: _pods(kubectl, inside),
        "dns": lambda: items(
            kubectl.get("endpointslices", "--namespace=kube-system", "--selector=kubernetes.io/service-name=kube-dns")
        ),
    }
    for name, kind in CLUSTER.items():
        jobs[name] = _listing(kubectl, kind)
    for name, kind in OWN.items():
        jobs[name] = _listing(kubectl, kind, inside)
    for kind, name in wanted.keys:
        jobs["keys", kind, name] = _keys(kubectl, kind, name, namespace)
    for name in wanted.accounts:
        jobs["account", name] = _one(kubectl, "serviceaccount", name, inside)
    for where, name in wanted.gateways:
        jobs["gateway", where, name] = _one(
            kubectl, "gateways.gateway.networking.k8s.io", name, f"--namespace={where or namespace}"
        )
    for group in wanted.metrics:
        jobs["group", group] = _group(kubectl, group)
    version(kubectl)  # before a dozen of them wait for a cluster that is not there
    with ThreadPoolExecutor(max_workers=6) as pool:
        futures = {name: pool.submit(job) for name, job in jobs.items()}
        done = {name: future.result() for name, future in futures.items()}
    known = done["served"]
    return Facts(
        version=done["version"],
        served=known,
        namespace=done["namespace"],
        lists={name: done[name] for name in (*CLUSTER, *OWN)},
        pods=done["pods"],
        keys={name[1:]: found for name, found in done.items() if name[0] == "keys"},
        accounts={name[1]: found for name, found in done.items() if name[0] == "account"},
        gateways={name[1:]: found for name, found in done.items() if name[0] == "gateway"},
        groups={name[1]: found for name, found in done.items() if name[0] == "group"},
        dns=done["dns"],
        there=_there(kubectl, wanted, known, inside),
    )


def _listing(kubectl: Kubectl, kind: str, *more: str) -> Callable[[], Listed]:
    return lambda: items(kubectl.get(kind, *more))


def _one(kubectl: Kubectl, kind: str, name: str, inside: str) -> Callable[[], Any]:
    return lambda: kubectl.get(kind, name, inside)


def _keys(kubectl: Kubectl, kind: str, name: str, namespace: str) -> Callable[[], Any]:
    return lambda: kubectl.keys(kind.lower(), name, namespace)


def _group(kubectl: Kubectl, group: str) -> Callable[[], Any]:
    def asked() -> bool | Unreadable:
        found = kubectl.raw(f"/apis/{group}")
        if isinstance(found, Unreadable):
            return False if found.kind == "missing" else found
        return True

    return asked


def _pods(kubectl: Kubectl, inside: str) -> Listed:
    """The pods of all namespaces; of the release's alone where no more may be read."""
    everywhere = items(kubectl.get("pods", "--all-namespaces"))
    return everywhere if readable(everywhere) else items(kubectl.get("pods", inside))


def _there(kubectl: Kubectl, wanted: Wanted, known: Any, inside: str) -> Listed:
    """The objects that the manifests would make and that exist."""
    if isinstance(known, Unreadable):
        return known
    elsewhere = {each["metadata"].get("namespace") for each in wanted.objects} - {None, inside.partition("=")[2]}
    asked = [
        each for each in wanted.objects if kind_of(each) in known and each["metadata"].get("namespace") not in elsewhere
    ]
    names = [
        {"apiVersion": each["apiVersion"], "kind": each["kind"], "metadata": {"name": each["metadata"]["name"]}}
        for each in asked
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": names}
    found = kubectl.get("--filename=-", "--ignore-not-found", inside, stdin=json.dumps(listed))
    if isinstance(found, Unreadable):
        return found
    return [found] if "items" not in found else list(found["items"])


def kind_of(each: Object) -> str:
    """`group/version/Kind`."""
    return f"{each['apiVersion']}/{each['kind']}"


def named(found: Sequence[Object]) -> Iterator[str]:
    """The names of objects."""
    return (str(each["metadata"]["name"]) for each in found)
