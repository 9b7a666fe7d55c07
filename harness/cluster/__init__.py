"""A Kubernetes to install on: one the user names, kind in Docker, or one made of this machine's namespaces."""

from __future__ import annotations

import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.kubectl import Kubectl
from harness.run import CommandError, run

__all__ = ["DEFAULT_NAME", "Cluster", "choose"]

DEFAULT_NAME = "inference-stack"
KUBECONFIG_VARIABLE = "INFERENCE_STACK_KUBECONFIG"
GPU_SUFFIX = "/gpu"  # nvidia.com/gpu, amd.com/gpu, ...
DOCKER_SECONDS = 10.0
ANSWER_SECONDS = 10.0


class Cluster(ABC):
    """A Kubernetes cluster of so many nodes, whoever provides it; `kubeconfig` is there once it is up."""

    def __init__(self, name: str, kubeconfig: Path, nodes: int = 1) -> None:
        self.name = name
        self.kubeconfig = kubeconfig
        self.nodes = nodes

    @abstractmethod
    def up(self) -> None:
        """Start it, unless it runs already; it keeps running when this process ends."""

    @abstractmethod
    def down(self) -> None:
        """End it and remove everything that `up` has made; nothing happens if there is nothing."""

    @abstractmethod
    def load(self, images: Sequence[ImageArchive]) -> None:
        """Make the images answer in the cluster under their own names; those already there are skipped."""

    @property
    def kubectl(self) -> Kubectl:
        """For the default namespace."""
        return Kubectl(self.kubeconfig)

    @property
    def registry(self) -> str | None:
        """`host:port` of an OCI registry that answers from here over plain HTTP; None if the cluster has none."""
        return None

    def status(self) -> str:
        """Its version, nodes and GPUs of every make, such as `Kubernetes v1.37.2, 1 node(s), 8 GPU(s)`.

        Raises:
            HarnessError: it does not run.
        """
        kubectl = self.kubectl
        try:
            version = json.loads(kubectl.run("get", "--raw=/version", timeout=ANSWER_SECONDS).stdout)["gitVersion"]
            nodes = kubectl.items("nodes")
        except CommandError as error:
            raise HarnessError(
                f"The cluster {self.name} does not answer: {error.message.strip().splitlines()[-1]}",
                f"Is it up? Check it with: kubectl --kubeconfig {self.kubeconfig} get nodes",
            ) from error
        offered = [item for node in nodes for item in node["status"].get("allocatable", {}).items()]
        gpus = sum(int(count) for resource, count in offered if resource.endswith(GPU_SUFFIX))
        return f"Kubernetes {version}, {len(nodes)} node(s), {gpus} GPU(s)"

    def check_nodes(self) -> None:
        """Make sure that one that runs already has enough nodes.

        Raises:
            HarnessError: it has too few.
        """
        found = len(self.kubectl.items("nodes"))
        if found < self.nodes:
            raise HarnessError(
                f"The cluster {self.name} has {found} node(s), not {self.nodes}.",
                "Use another one, or end it first if it was started from here: "
                f"python -m harness.cluster down --name {self.name}",
            )

    def advertise_gpus(self, count: int, resource: str = "nvidia.com/gpu") -> None:
        """Let every node offer `count` devices that are not there, so that pods requesting them are scheduled.

        The kubelet leaves resources that it does not manage unchanged.
        """
        kubectl, offer = self.kubectl, {resource: str(count)}
        patch = json.dumps({"status": {"capacity": offer, "allocatable": offer}})
        for node in kubectl.items("nodes"):
            name = node["metadata"]["name"]
            kubectl.run("patch", "node", name, "--subresource=status", "--type=merge", "--patch", patch)


def choose(name: str = DEFAULT_NAME, *, kubeconfig: Path | None = None, nodes: int = 1) -> Cluster:
    """The cluster to use: the kubeconfig (or the one `$INFERENCE_STACK_KUBECONFIG` names), else kind, else namespaces.

    A new one gets `nodes` nodes where pods run; one that runs already may have more.
    Kind is taken where a Docker engine answers and kind is there, or could be: without root, nothing else is left.

    Raises:
        HarnessError: the kubeconfig is not a file.
    """
    # Imported here: each of them needs this module's Cluster.
    from harness.cluster.given import Given
    from harness.cluster.kind import Kind
    from harness.cluster.namespaces import Namespaces

    named = kubeconfig or (Path(text) if (text := os.environ.get(KUBECONFIG_VARIABLE)) else None)
    if named is not None:
        if not named.is_file():
            raise HarnessError(
                f"{named}: no such file", f"Name an existing kubeconfig, or unset {KUBECONFIG_VARIABLE}."
            )
        return Given(name, named.absolute(), nodes)
    if docker_answers() and (shutil.which("kind") or os.geteuid() != 0):
        return Kind(name, nodes)
    return Namespaces(name, nodes)


def docker_answers() -> bool:
    """Whether a Docker engine can be reached."""
    if shutil.which("docker") is None:
        return False
    try:
        return run(["docker", "info"], check=False, timeout=DOCKER_SECONDS).returncode == 0
    except CommandError:
        return False
