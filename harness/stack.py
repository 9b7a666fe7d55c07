"""The chart on a cluster: packaged, pushed, its images made and loaded, installed, waited for."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from harness import images
from harness.cluster import Cluster
from harness.cluster.processes import wait_until
from harness.errors import HarnessError
from harness.helm import Helm, HelmError, Values
from harness.image_name import ImageName
from harness.kubectl import Kubectl
from harness.manifests import Manifests, Object, pod_spec, pod_templates
from harness.paths import ROOT
from harness.progress import Step
from harness.run import background
from harness.tools import tool
from inference_stack.quantity import amount

CHART_REPOSITORY = "charts"
REGISTRY_SECONDS = 20.0


@dataclass(frozen=True)
class Published:
    """A chart in an OCI registry: `oci://host:port/charts/inference-stack`, its version, the digest it has there."""

    reference: str
    version: str
    digest: str


def chart_registry(cluster: Cluster) -> AbstractContextManager[str]:
    """An OCI registry for charts, as `host:port`: the cluster's own, else one on loopback while the body runs."""
    return nullcontext(cluster.registry) if cluster.registry else loopback_registry()


@contextmanager
def loopback_registry() -> Iterator[str]:
    """An OCI registry on loopback, as `host:port`; what is pushed there is deleted when the body ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with background([tool("crane"), "registry", "serve", "--address", address], **quiet):
        hint = "Is the port taken? Try again."
        wait_until(lambda: _listening(port), f"Starting the chart's registry on {address}", REGISTRY_SECONDS, hint)
        yield address


def _listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def publish(helm: Helm, registry: str) -> Published:
    """Package the chart of this checkout and push it to the registry."""
    with tempfile.TemporaryDirectory(prefix="chart-") as directory:
        package = helm.package(ROOT, Path(directory))
        digest = helm.push(package, f"oci://{registry}/{CHART_REPOSITORY}")
    chart = yaml.safe_load((ROOT / "Chart.yaml").read_text())
    return Published(f"oci://{registry}/{CHART_REPOSITORY}/{chart['name']}", chart["version"], digest)


def _pods(manifests: Manifests) -> list[Object]:
    """The spec of each pod template."""
    return [template["spec"] for each in manifests for template in pod_templates(each)]


def image_references(manifests: Manifests) -> list[str]:
    """The full names of all images that the manifests' pods use, sorted."""
    containers = (each for pod in _pods(manifests) for each in (*pod.get("initContainers", ()), *pod["containers"]))
    return sorted({str(ImageName.parse(container["image"])) for container in containers})


def routes(manifests: Manifests) -> dict[str, Any]:
    """The gateway's rendered configuration, with placeholders for keys; empty without a gateway."""
    found = [each["data"] for each in manifests.kind("ConfigMap") if "config.json" in each.get("data", {})]
    return dict(json.loads(found[0]["config.json"])) if found else {}


def aliases(manifests: Manifests) -> dict[str, list[str]]:
    """The aliases of the gateway's rendered routes, each with the hosts that answer it: Services, or outside."""
    return {
        alias: [urlsplit(provider["url"]).hostname or "" for provider in pool["providers"]]
        for alias, pool in routes(manifests).get("targets", {}).items()
    }


def gpus_of_a_pod(manifests: Manifests) -> int:
    """The most NVIDIA GPUs that one container requests."""
    containers = (each for pod in _pods(manifests) for each in pod["containers"])
    limits = (each.get("resources", {}).get("limits", {}) for each in containers)
    return max((int(each.get("nvidia.com/gpu", 0)) for each in limits), default=0)


SIZES = ("cpu", "memory", "ephemeral-storage")
"""What the nodes of a test's or a demo's cluster may have too little of."""


def without_sizes(values: Values, manifests: Manifests, room: Mapping[str, Decimal]) -> dict[str, Any]:
    """Values that drop the groups' sizes where the pods request more than the nodes have; else none.

    The examples request what real models need; here their places are taken by a model of three megabytes.
    """
    requested = dict.fromkeys(SIZES, Decimal())
    for each in (*manifests.kind("Deployment"), *manifests.kind("LeaderWorkerSet")):
        pod = pod_spec(each)
        pods = each["spec"].get("replicas", 1) * each["spec"].get("leaderWorkerTemplate", {}).get("size", 1)
        for size in requested:
            # Init containers run one by one, before the others: the larger sum is what the scheduler looks for.
            first = [_requested(container, size) for container in pod.get("initContainers", ())]
            then = sum(_requested(container, size) for container in pod["containers"])
            requested[size] += pods * max([then, *first])
    if all(requested[size] <= room[size] for size in SIZES):
        return {}
    given = yaml.safe_load(values.read_text()) if isinstance(values, Path) else values
    none = dict.fromkeys(SIZES)
    dropped: dict[str, Any] = {}
    for name, group in ((given or {}).get("modelGroups") or {}).items():
        dropped[name] = {"resources": {"requests": none, "limits": none}}
        if (group or {}).get("initContainers"):  # a list: replaced completely
            dropped[name]["initContainers"] = [_without_sizes(each) for each in group["initContainers"]]
    return {"modelGroups": dropped}


def _requested(container: Object, size: str) -> Decimal:
    return amount(container.get("resources", {}).get("requests", {}).get(size, 0))


def _without_sizes(container: Object) -> Object:
    kinds = container.get("resources", {}).items()
    return {**container, "resources": {kind: {k: v for k, v in of.items() if k not in SIZES} for kind, of in kinds}}


def render(release: str, values: Sequence[Values], sets: Sequence[str] = ()) -> Manifests:
    """What would be installed; no cluster is contacted.

    Raises:
        HarnessError: the chart refuses the values; nothing has been installed then.
    """
    try:
        return Manifests.parse(Helm().template(ROOT, release=release, values=values, sets=sets))
    except HelmError as error:
        raise HarnessError(error.output.strip(), "Nothing was installed; fix the values and try again.") from error


@dataclass
class Stack:
    """A release of the chart in a namespace of a cluster."""

    cluster: Cluster
    release: str = "demo"
    namespace: str = "default"

    def __post_init__(self) -> None:
        self.helm = Helm(kubeconfig=self.cluster.kubeconfig, namespace=self.namespace)
        self.kubectl = Kubectl(self.cluster.kubeconfig, namespace=self.namespace)

    def load_images(self, manifests: Manifests) -> None:
        """Make the images of these manifests and let them answer in the cluster under their own names."""
        self.cluster.load(images.build(image_references(manifests)))

    def install(
        self,
        chart: Published | Path,
        values: Sequence[Values],
        sets: Sequence[str] = (),
        timeout: float = 300,
        shown: Step | None = None,
    ) -> None:
        """Install or upgrade by the command a user types, and wait until every Deployment is available.

        Raises:
            HarnessError: Helm refuses, or a Deployment is not available within `timeout` seconds; with its pods.
        """
        remote = isinstance(chart, Published)
        source, version = (chart.reference, chart.version) if isinstance(chart, Published) else (chart, None)
        self.helm.upgrade_install(self.release, source, version=version, values=values, sets=sets, plain_http=remote)
        self.kubectl.wait_available(
            selector=f"app.kubernetes.io/instance={self.release}",
            timeout=timeout,
            detail=shown.detail if shown else lambda _: None,
        )

    def make_up_secrets(self, manifests: Manifests) -> None:
        """Make the Secrets that the manifests take from elsewhere and the cluster lacks, their keys made up."""
        for name, keys in secrets_wanted(manifests).items():
            if not self.kubectl.exists("secret", name):
                data = {key: f"sk-made-up-{secrets.token_hex(12)}" for key in sorted(keys)}
                metadata = {"name": name, "namespace": self.namespace}
                secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
                self.kubectl.apply(json.dumps(secret))

    def client_key(self, manifests: Manifests) -> str:
        """The key of a client that may use every alias, as the cluster has it; empty where clients need none."""
        known = routes(manifests).get("auth", {}).get("global_keys", ())
        if not known:
            return ""
        owner = known[0].removeprefix("@key:").removesuffix("@")
        name, key = next((name, item["key"]) for name, item in _projected(manifests) if item["path"] == owner)
        return base64.b64decode(self.kubectl.get("secret", name)["data"][key]).decode().strip()

    @property
    def gateway(self) -> str:
        """The gateway's Service, as `service/name`."""
        labels = f"app.kubernetes.io/instance={self.release},app.kubernetes.io/component=onwards"
        return f"service/{self.kubectl.items('service', labels)[0]['metadata']['name']}"

    def uninstall(self) -> None:
        """Remove the release, if it is there."""
        self.helm.uninstall(self.release)


def _projected(manifests: Manifests) -> Iterator[tuple[str, Object]]:
    """Every key that a pod's projected volume takes from a Secret: the Secret's name, and the item."""
    for pod in _pods(manifests):
        for volume in pod.get("volumes", ()):
            for source in volume.get("projected", {}).get("sources", ()):
                yield from ((source["secret"]["name"], item) for item in source.get("secret", {}).get("items", ()))


def secrets_wanted(manifests: Manifests) -> dict[str, set[str]]:
    """Secrets that pods need to start and the manifests do not make: name -> keys."""
    wanted: dict[str, set[str]] = {}
    for name, item in _projected(manifests):
        wanted.setdefault(name, set()).add(item["key"])
    for container in (each for pod in _pods(manifests) for each in pod["containers"]):
        for variable in container.get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference and not reference.get("optional"):
                wanted.setdefault(reference["name"], set()).add(reference["key"])
    made = {each["metadata"]["name"] for each in manifests.kind("Secret")}
    return {name: keys for name, keys in wanted.items() if name not in made}


def node_room(kubectl: Kubectl) -> dict[str, Decimal]:
    """What the cluster's nodes offer pods, of each size."""
    nodes = [node["status"]["allocatable"] for node in kubectl.items("nodes")]
    return {size: sum((amount(node.get(size, 0)) for node in nodes), Decimal()) for size in SIZES}
