"""The checks of `preflight`: each compares what a release needs with what the cluster has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inference_stack import pod_security, schedule
from inference_stack.documents import Object
from inference_stack.facts import Facts, kind_of, named
from inference_stack.findings import FAIL, OK, UNKNOWN, WARN, Finding
from inference_stack.programs import Unreadable
from inference_stack.wanted import Wanted, containers
from inference_stack.workloads import Pods

INSTANCE = "app.kubernetes.io/instance"
OWNER = "meta.helm.sh/release-name"
DEFAULT_STORAGE = "storageclass.kubernetes.io/is-default-class"
DEFAULT_INGRESS = "ingressclass.kubernetes.io/is-default-class"
OLDEST = (1, 20)

FROM = {
    "ServiceMonitor": "the Prometheus operator (or turn serviceMonitor off)",
    "PodMonitor": "the Prometheus operator",
    "PrometheusRule": "the Prometheus operator (or turn prometheusRule off)",
    "HTTPRoute": "the Gateway API's kinds and an implementation of it (or use ingress)",
    "LeaderWorkerSet": "LeaderWorkerSet (docs/multi-node.md)",
    "ScaledObject": "KEDA (docs/autoscaling.md)",
    "TriggerAuthentication": "KEDA (docs/autoscaling.md)",
}
"""Who brings a kind that Kubernetes does not have."""

ONE_NODE = (
    *("ebs.csi.aws.com", "kubernetes.io/aws-ebs", "pd.csi.storage.gke.io", "kubernetes.io/gce-pd"),
    *("disk.csi.azure.com", "kubernetes.io/azure-disk", "rancher.io/local-path", "csi.hetzner.cloud"),
)
"""Provisioners whose volumes one node mounts at a time."""

PULLS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")

METRICS = {
    "metrics.k8s.io": "metrics-server",
    "custom.metrics.k8s.io": "an adapter, such as prometheus-adapter",
    "external.metrics.k8s.io": "an adapter, such as KEDA or prometheus-adapter",
}


@dataclass(frozen=True)
class Release:
    """What is checked: a release of manifests, or one that is installed already."""

    name: str
    namespace: str
    wanted: Wanted
    installed: bool = False
    more_nodes: bool = False
    """Whether the cluster adds nodes by itself, so that a lack of room is no failure."""


Check = Callable[[Release, Facts], Iterator[Finding]]


def unread(check: str, what: str, found: Unreadable) -> Finding:
    """That something may not be read."""
    why = found.message.splitlines()[-1] if found.message else found.kind
    return Finding(UNKNOWN, check, what, f"cannot be read: {why}", "ask somebody who may, or for the right to read it")


def lacking(found: Unreadable, check: str, what: str, says: str, fix: str, level: str = FAIL) -> Finding:
    """What is wrong if something is not there; or that it may not be read."""
    return Finding(level, check, what, says, fix) if found.kind == "missing" else unread(check, what, found)


def listed(facts: Facts, check: str, name: str, what: str) -> tuple[list[Object], list[Finding]]:
    """Objects of a list; or none, and the finding that they cannot be read."""
    found = facts.list(name)
    return ([], [unread(check, what, found)]) if isinstance(found, Unreadable) else (list(found), [])


def kubernetes_version(_: Release, facts: Facts) -> Iterator[Finding]:
    numbers = facts.version.lstrip("v").split(".")
    if (int(numbers[0]), int(numbers[1].rstrip("+"))) < OLDEST:
        yield Finding(FAIL, "version", "Kubernetes", f"{facts.version} is older than 1.20", "upgrade the cluster")


def kinds(release: Release, facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.served, Unreadable):
        yield unread("kinds", "API", facts.served)
        return
    for each in sorted({kind_of(each) for each in release.wanted.objects} - set(facts.served)):
        kind = each.rpartition("/")[2]
        names = [o["metadata"]["name"] for o in release.wanted.objects if kind_of(o) == each]
        bring = FROM.get(kind, "what defines it")
        yield Finding(FAIL, "kinds", f"{kind} {names[0]}", f"the cluster has no {each}", f"install {bring}")


def metrics(_: Release, facts: Facts) -> Iterator[Finding]:
    for group, there in facts.groups.items():
        if isinstance(there, Unreadable):
            yield unread("metrics", group, there)
        elif not there:
            says = "an autoscaler reads it, and no one serves it: it would never scale"
            yield Finding(FAIL, "metrics", group, says, f"install {METRICS[group]}")


def namespace(release: Release, facts: Facts) -> Iterator[Finding]:
    found = facts.namespace
    title = f"Namespace {release.namespace}"
    if isinstance(found, Unreadable):
        yield lacking(found, "namespace", title, "does not exist yet", "install with --create-namespace", WARN)
    elif found.get("status", {}).get("phase") == "Terminating":
        yield Finding(FAIL, "namespace", title, "is being deleted", "wait until it is gone, or use another one")


def secrets(release: Release, facts: Facts) -> Iterator[Finding]:
    """Secrets and ConfigMaps that are named, with their keys."""
    for each in release.wanted.references:
        found, title = facts.keys.get((each.kind, each.name), ()), f"{each.kind} {each.name}"
        if isinstance(found, Unreadable):
            use = f"uses it {each.softly}" if each.softly else "needs it and would not start"
            says, fix = f"does not exist; {each.by} {use}", _create(each.kind, each.name, each.keys)
            yield lacking(found, "secrets", title, says, fix, WARN if each.softly else FAIL)
        else:
            for key in sorted(set(each.keys) - set(found)):
                there = ", ".join(sorted(found)) or "none"
                says = f"has no key {key}, which {each.by} needs; it has: {there}"
                yield Finding(FAIL, "secrets", title, says, f"add the key {key}, or name one that is there")


def _create(kind: str, name: str, keys: Sequence[str]) -> str:
    words = " ".join(f"--from-literal={key}=..." for key in keys) or "..."
    return f"kubectl create {'secret generic' if kind == 'Secret' else 'configmap'} {name} {words}"


def accounts(_: Release, facts: Facts) -> Iterator[Finding]:
    for name, found in facts.accounts.items():
        title = f"ServiceAccount {name}"
        if isinstance(found, Unreadable):
            yield lacking(found, "accounts", title, "does not exist: its pods are not created", "create it")


def devices(release: Release, facts: Facts) -> Iterator[Finding]:
    """Whether nodes have room, and what of it."""
    found, errors = listed(facts, "nodes", "nodes", "nodes")
    yield from errors
    if isinstance(facts.pods, Unreadable):
        yield unread("nodes", "pods", facts.pods)
        return
    if errors:
        return
    running = [each for each in facts.pods if not is_own(release, each)]
    known = schedule.nodes(found, running)
    for row, reason in schedule.place(release.wanted.rows, known):
        lacks_room = reason.name in ("no-device", "too-large", "resources", "in-use", "nodes")
        level = WARN if release.more_nodes and lacks_room else FAIL
        says, fix = f"stays Pending: {reason.says}", reason.fix
        if reason.name == "in-use":
            who = [f"{name} by {_users(name, running)}" for name in row.requests() if "/" in name]
            says += f" (used: {'; '.join(who)})" if who else ""
            fix = fix.replace(" (see who uses it below)", "")
        yield Finding(level, reason.name, row.title, says, fix)


def _users(name: str, running: Sequence[Object]) -> str:
    """Who uses a resource, the first four of them."""
    found = schedule.users(name, running)
    more = [f"and {len(found) - 4} more"] if len(found) > 4 else []
    return ", ".join([*found[:4], *more]) or "nobody"


def is_own(release: Release, pod: Object) -> bool:
    """Whether a running pod is the release's."""
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    return metadata.get("namespace") == release.namespace and labels.get(INSTANCE) == release.name


def storage(release: Release, facts: Facts) -> Iterator[Finding]:
    """Classes, access modes, claims."""
    classes, errors = listed(facts, "storage", "storage", "storage classes")
    claims, more = listed(facts, "storage", "claims", "claims")
    yield from (*errors, *more)
    if errors or more:
        return
    there = {each["metadata"]["name"]: each for each in claims}
    made = release.wanted.made("PersistentVolumeClaim")
    for name, claim in made.items():
        if name not in there:
            yield from _class(f"PersistentVolumeClaim {name}", claim["spec"], classes)
    for each in release.wanted.objects:
        for claim in (each.get("spec") or {}).get("volumeClaimTemplates") or ():
            title = f"{each['kind']} {each['metadata']['name']}: volume {claim['metadata']['name']}"
            yield from _class(title, claim["spec"], classes)
    nodes = facts.list("nodes")
    several = isinstance(nodes, Unreadable) or len(nodes) > 1
    for name, rows in release.wanted.claims.items():
        title = f"PersistentVolumeClaim {name}"
        if name not in made and name not in there:
            says = f"does not exist; {rows[0].title} mounts it and stays Pending"
            yield Finding(FAIL, "claim", title, says, "create it, or let the chart do so with persistentVolumes[].size")
            continue
        claim = there.get(name) or made[name]
        if claim.get("status", {}).get("phase") == "Lost":
            yield Finding(
                FAIL, "claim", title, "is Lost: its volume is gone", "restore the volume, or delete the claim"
            )
        modes = claim["spec"].get("accessModes") or []
        most = sum(row.most for row in rows if row.kind != "Job")
        if modes == ["ReadWriteOncePod"] and most > 1:
            says = f"is for one pod, and {most} mount it: the others stay Pending"
            yield Finding(FAIL, "claim", title, says, "accessModes: [ReadWriteMany] on a class that has it")
        elif set(modes) <= {"ReadWriteOnce"} and most > 1 and several:
            says = f"is ReadWriteOnce, and {most} pods mount it: they run on one node, or stay Pending on others"
            yield Finding(WARN, "claim", title, says, "accessModes: [ReadWriteMany] on a class that has it")


def _class(title: str, spec: Object, classes: Sequence[Object]) -> Iterator[Finding]:
    name = spec.get("storageClassName")
    if name == "":
        yield Finding(WARN, "storage", title, "asks for no class: an existing volume has to match", "name a class")
        return
    names = sorted(named(classes))
    if name is None:
        chosen = [
            each for each in classes if (each["metadata"].get("annotations") or {}).get(DEFAULT_STORAGE) == "true"
        ]
        if not chosen:
            says = f"names no storage class, and the cluster has no default one; there is: {', '.join(names) or 'none'}"
            yield Finding(FAIL, "storage", title, says, "persistentVolumes[].storageClassName, or make one the default")
            return
    else:
        chosen = [each for each in classes if each["metadata"]["name"] == name]
        if not chosen:
            says = f"there is no storage class {name}; there is: {', '.join(names) or 'none'}"
            yield Finding(FAIL, "storage", title, says, "name one of those in persistentVolumes[].storageClassName")
            return
    provisioner = chosen[-1].get("provisioner", "")
    shared = {"ReadWriteMany", "ReadOnlyMany"} & set(spec.get("accessModes") or ())
    if provisioner in ONE_NODE and "ReadWriteMany" in shared:
        says = f"{provisioner} has no ReadWriteMany: the claim stays Pending"
        yield Finding(FAIL, "storage", title, says, "take a class of NFS, CephFS, EFS, Filestore, or ReadWriteOnce")
    if provisioner == "kubernetes.io/no-provisioner":
        yield Finding(WARN, "storage", title, "its class makes no volumes: one has to be there", "create the volume")


def ingress(release: Release, facts: Facts) -> Iterator[Finding]:
    """Ingress classes, and the Gateways of routes."""
    made = release.wanted.made("Ingress")
    classes, errors = listed(facts, "ingress", "ingress", "ingress classes") if made else ([], [])
    yield from errors
    for name, each in ({} if errors else made).items():
        wished = each["spec"].get("ingressClassName") or (each["metadata"].get("annotations") or {}).get(
            "kubernetes.io/ingress.class"
        )
        names = sorted(named(classes))
        if wished and wished not in names:
            says = f"there is no ingress class {wished}; there is: {', '.join(names) or 'none'}"
            yield Finding(FAIL, "ingress", f"Ingress {name}", says, "name one of those in ingress.className")
        default = [e for e in classes if (e["metadata"].get("annotations") or {}).get(DEFAULT_INGRESS) == "true"]
        if not wished and not default:
            says = f"names no class, and the cluster has no default one; there is: {', '.join(names) or 'none'}"
            yield Finding(FAIL, "ingress", f"Ingress {name}", says, "set ingress.className")
    for (where, name), found in facts.gateways.items():
        title = f"Gateway {where or release.namespace}/{name}"
        if isinstance(found, Unreadable):
            yield lacking(found, "ingress", title, "does not exist: the HTTPRoute is not served", "create it")


def security(release: Release, facts: Facts) -> Iterator[Finding]:
    """The namespace's Pod Security level."""
    if isinstance(facts.namespace, Unreadable):
        return
    labels = facts.namespace["metadata"].get("labels") or {}
    level = labels.get(pod_security.LABEL, "privileged")
    for row in release.wanted.rows:
        broken = pod_security.broken(row.spec, level)
        if broken:
            says = f"the namespace enforces {level}, which refuses its pods: {', '.join(broken)}"
            yield Finding(FAIL, "pod-security", row.title, says, "change the pod (docs/users.md), or the level")


def classes(release: Release, facts: Facts) -> Iterator[Finding]:
    """Priority and runtime classes that pods name."""
    for field, name, kind in (
        ("priorityClassName", "priorities", "PriorityClass"),
        ("runtimeClassName", "runtimes", "RuntimeClass"),
    ):
        wished = {row.spec[field]: row for row in release.wanted.rows if row.spec.get(field)}
        if not wished:
            continue
        found, errors = listed(facts, "classes", name, f"{kind}es")
        yield from errors
        for each, row in ({} if errors else wished).items():
            if each not in set(named(found)):
                says = f"does not exist: pods of {row.title} are not created"
                yield Finding(FAIL, "classes", f"{kind} {each}", says, "create it, or leave the field out")


def images(release: Release, facts: Facts) -> Iterator[Finding]:
    """Images that pods could not pull. Whether one can be pulled is known only where a pod has tried."""
    pods = [] if isinstance(facts.pods, Unreadable) else [each for each in facts.pods if is_own(release, each)]
    failed: dict[str, str] = {}
    for pod in pods:
        status = pod.get("status") or {}
        for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            waiting = (each.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in PULLS:
                failed.setdefault(each["image"], f"{waiting['reason']}: {waiting.get('message', '')}".strip(": "))
    wanted = {each["image"]: row for row in release.wanted.rows for each in containers(row.spec)}
    for image, row in wanted.items():
        if image in failed:
            says = f"cannot be pulled: {failed[image]}"
            yield Finding(FAIL, "images", f"Image {image}", says, "correct image and tag, or set imagePullSecrets")
        elif _untagged(image):
            says = f"has no tag or the tag latest; {row.title} runs whatever that is when it starts"
            yield Finding(WARN, "images", f"Image {image}", says, "set tag, or a digest")


def _untagged(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@" not in image and tag in ("", "latest")


def dns(_: Release, facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.dns, Unreadable):
        yield unread("dns", "EndpointSlices in kube-system", facts.dns)
        return
    if not facts.dns:
        says = "there is no Service kube-dns in kube-system, so it cannot be checked (OpenShift has its own)"
        yield Finding(WARN, "dns", "DNS", says, "check it with: kubectl get services --all-namespaces")
        return
    ready = [
        each
        for piece in facts.dns
        for each in piece.get("endpoints") or ()
        if (each.get("conditions") or {}).get("ready") is not False
    ]
    if not ready:
        yield Finding(FAIL, "dns", "DNS", "no pod behind kube-dns is ready: no name is resolved", "repair CoreDNS")


def policies(release: Release, facts: Facts) -> Iterator[Finding]:
    """Network policies of others that select the release's pods: they add up, so one of its own is enough."""
    found, errors = listed(facts, "policies", "policies", "network policies")
    yield from errors
    own = list(release.wanted.made("NetworkPolicy").values())
    names = {each["metadata"]["name"] for each in own}
    for row in release.wanted.rows:
        for direction in ("Ingress", "Egress"):
            if any(_covers(each, row, direction) for each in own):
                continue
            closed = [each for each in found if each["metadata"]["name"] not in names and _covers(each, row, direction)]
            if not closed:
                continue
            called = ", ".join(sorted(named(closed)))
            way = direction.lower()
            if any(each["spec"].get(way) for each in closed):
                says = f"NetworkPolicy {called} restricts its {way}, and no policy of the release does"
                yield Finding(WARN, "policies", row.title, says, "see that it allows what the release needs")
            else:
                says = f"NetworkPolicy {called} denies all its {way}, and no policy of the release allows any"
                yield Finding(FAIL, "policies", row.title, says, "set networkPolicy.enabled: true")


def _covers(policy: Object, row: Pods, direction: str) -> bool:
    """Whether a policy restricts this direction of these pods."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return direction in types and matches(spec.get("podSelector") or {}, row.labels)


def matches(selector: Object, labels: Any) -> bool:
    """Whether a label selector selects these labels."""
    wanted = (selector.get("matchLabels") or {}).items()
    expressions = selector.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in wanted) and all(
        {
            "In": labels.get(each["key"]) in (each.get("values") or ()),
            "NotIn": labels.get(each["key"]) not in (each.get("values") or ()),
            "Exists": each["key"] in labels,
            "DoesNotExist": each["key"] not in labels,
        }[each["operator"]]
        for each in expressions
    )


def owners(release: Release, facts: Facts) -> Iterator[Finding]:
    """Objects that are there already and belong to somebody else: Helm refuses to take them over."""
    if isinstance(facts.there, Unreadable):
        yield unread("owners", "the release's objects", facts.there)
        return
    for each in facts.there:
        metadata = each["metadata"]
        owner = (metadata.get("annotations") or {}).get(OWNER)
        hook = "helm.sh/hook" in (metadata.get("annotations") or {})
        if owner != release.name and not hook:
            whose = f"belongs to the release {owner}" if owner else "was not made by Helm"
            title = f"{each['kind']} {metadata['name']}"
            yield Finding(FAIL, "owners", title, f"exists and {whose}: Helm refuses", "use another name, or delete it")


def state(release: Release, facts: Facts) -> Iterator[Finding]:
    """Of an installed release: its pods that are not scheduled or not created, in the cluster's own words."""
    if not release.installed or isinstance(facts.pods, Unreadable):
        return
    own = [each for each in facts.pods if is_own(release, each)]
    for pod in own:
        for each in (pod.get("status") or {}).get("conditions") or ():
            if each["type"] == "PodScheduled" and each["status"] == "False":
                title = f"Pod {pod['metadata']['name']}"
                yield Finding(FAIL, "pending", title, each.get("message", "is not scheduled"), "see the lines above")
    if len(own) >= sum(row.count for row in release.wanted.rows):
        return  # an event is kept for an hour, and may be older than the pods
    events = facts.list("events")
    names = tuple(row.name for row in release.wanted.rows)
    refused: dict[str, str] = {}
    for event in () if isinstance(events, Unreadable) else events:
        about = event["involvedObject"]
        if event.get("reason") == "FailedCreate" and str(about["name"]).startswith(names):
            refused[f"{about['kind']} {about['name']}"] = str(event.get("message", ""))
    for title, message in refused.items():
        yield Finding(FAIL, "refused", title, message, "see the lines above")


def run(release: Release, facts: Facts, checks: Iterable[tuple[str, str, Check]]) -> list[Finding]:
    """The findings of each check; one that finds nothing says that it is fine."""
    found: list[Finding] = []
    for name, title, check in checks:
        found += list(check(release, facts)) or [Finding(OK, name, title, "fine")]
    return found
