"""What manifests ask a cluster for, beside the objects that they make themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inference_stack.documents import Object
from inference_stack.workloads import Pods, pods

SERVED = "for TLS, and a controller serves a certificate of its own meanwhile"
METRICS = {"Resource": "metrics.k8s.io", "ContainerResource": "metrics.k8s.io", "Pods": "custom.metrics.k8s.io"}
METRICS.update({"Object": "custom.metrics.k8s.io", "External": "external.metrics.k8s.io"})


@dataclass(frozen=True)
class Reference:
    """Keys that something takes from a Secret or ConfigMap; without keys, the object alone has to be there.

    Where it is used `softly`, what uses it works somehow without it.
    """

    kind: str
    name: str
    keys: Sequence[str]
    by: str
    softly: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a release needs."""

    objects: Sequence[Object]
    rows: Sequence[Pods]

    def made(self, kind: str) -> dict[str, Object]:
        """The objects of a kind that the manifests make, by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    @property
    def versions(self) -> list[str]:
        return sorted({each["apiVersion"] for each in self.objects})

    @property
    def references(self) -> list[Reference]:
        """Secrets and ConfigMaps that pods and Ingresses name and the manifests do not make."""
        found = [each for row in self.rows for each in _of_pods(row)]
        for ingress in self.made("Ingress").values():
            tls = ingress["spec"].get("tls") or ()
            by = f"Ingress {ingress['metadata']['name']}"
            names = [each["secretName"] for each in tls if each.get("secretName")]
            issued = any("cert-manager" in key for key in ingress["metadata"].get("annotations") or {})
            found += [Reference("Secret", name, ("tls.crt", "tls.key"), by, SERVED) for name in names if not issued]
        made = {(kind, name) for kind in ("Secret", "ConfigMap") for name in self.made(kind)}
        return [each for each in found if (each.kind, each.name) not in made]

    @property
    def keys(self) -> list[tuple[str, str]]:
        return sorted({(each.kind, each.name) for each in self.references})

    @property
    def accounts(self) -> list[str]:
        """Service accounts that pods use and the manifests do not make."""
        used = {row.spec.get("serviceAccountName") or "default" for row in self.rows}
        return sorted(used - self.made("ServiceAccount").keys() - {"default"})

    @property
    def claims(self) -> dict[str, list[Pods]]:
        """The claims that pods mount, by name."""
        found: dict[str, list[Pods]] = {}
        for row in self.rows:
            for volume in row.spec.get("volumes") or ():
                name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if name:
                    found.setdefault(name, []).append(row)
        return found

    @property
    def gateways(self) -> list[tuple[str, str]]:
        """Namespace and name of the Gateways that routes are attached to; an empty namespace is the release's."""
        return sorted(
            {
                (parent.get("namespace", ""), parent["name"])
                for route in self.made("HTTPRoute").values()
                for parent in route["spec"].get("parentRefs") or ()
                if parent.get("kind", "Gateway") == "Gateway"
            }
        )

    @property
    def metrics(self) -> list[str]:
        """The API groups of the metrics that autoscalers read."""
        return sorted(
            {
                METRICS[metric["type"]]
                for each in self.made("HorizontalPodAutoscaler").values()
                for metric in each["spec"].get("metrics") or ()
            }
        )


def wanted(objects: Sequence[Object]) -> Wanted:
    return Wanted(objects, pods(objects))


def containers(spec: Object) -> Iterator[Object]:
    """Every container of a pod, init containers first."""
    yield from spec.get("initContainers") or ()
    yield from spec["containers"]


def _of_pods(row: Pods) -> Iterator[Reference]:
    by = row.title
    for container in containers(row.spec):
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Reference(kind, source[field]["name"], (source[field]["key"],), by)
        for source in container.get("envFrom") or ():
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if field in source and not source[field].get("optional"):
                    yield Reference(kind, source[field]["name"], (), by)
    for volume in row.spec.get("volumes") or ():
        yield from _of_volume(volume, by)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _of_volume(source, by)
    for each in row.spec.get("imagePullSecrets") or ():
        yield Reference("Secret", each["name"], (), by, "to pull images, which fails for private ones")


def _of_volume(source: Mapping[str, Object], by: str) -> Iterator[Reference]:
    for field, kind, name in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
        taken = source.get(field)
        if taken and not taken.get("optional"):
            keys = tuple(item["key"] for item in taken.get("items") or ())
            yield Reference(kind, taken.get(name) or taken["name"], keys, by)
