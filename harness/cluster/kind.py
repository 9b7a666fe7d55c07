"""A cluster in Docker, made by kind (https://kind.sigs.k8s.io)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any

from harness.cluster import Cluster
from harness.cluster.state import KIND, Record, State
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.progress import step
from harness.run import run
from harness.tools.store import locked

READY_WAIT = "180s"


class Kind(Cluster):
    """One kind cluster: of one node, or of a control plane, where no other pods run, and several workers."""

    def __init__(self, name: str, nodes: int = 1) -> None:
        self._state = State(name)
        super().__init__(name, self._state.kubeconfig, nodes)

    def up(self) -> None:
        """Create it, unless it is there and answers; one that is there and does not is created anew.

        Raises:
            HarnessError: kind is not installed, or fails.
        """
        if shutil.which("kind") is None:
            raise HarnessError(
                "Docker answers, but kind is not installed.",
                "Install it (https://kind.sigs.k8s.io/docs/user/quick-start/#installation), or run this as root "
                "on Linux for a cluster without Docker.",
            )
        with locked(f"cluster-{self.name}", self.name):
            if self._exists() and not self._state.exists():
                raise HarnessError(
                    f"There is a kind cluster {self.name} that was not made from here.",
                    f"Use another --name, or delete it: kind delete cluster --name {self.name}",
                )
            if self._exists() and self.kubeconfig.is_file() and self.kubectl.ready():
                self.check_nodes()
                return
            self._delete()
            self._state.write(Record(KIND))
            try:
                with step(f"Creating the kind cluster {self.name}"):
                    words = ("create", "cluster", "--config=-", "--wait", READY_WAIT)
                    self._kind(*words, "--kubeconfig", str(self.kubeconfig), stdin=json.dumps(self._config()))
            except BaseException:
                self._delete()
                raise

    def down(self) -> None:
        with locked(f"cluster-{self.name}", self.name):
            if self._state.exists():
                self._delete()

    def _delete(self) -> None:
        if self._exists():
            with step(f"Deleting the kind cluster {self.name}"):
                self._kind("delete", "cluster", "--kubeconfig", str(self.kubeconfig))
        self._state.remove()

    def _exists(self) -> bool:
        return self.name in run(["kind", "get", "clusters"]).stdout.split()

    def _config(self) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = [{"role": "control-plane"}]
        if self.nodes > 1:
            zones = [{"topology.kubernetes.io/zone": f"zone-{number + 1}"} for number in range(self.nodes)]
            nodes += [{"role": "worker", "labels": labels} for labels in zones]
        return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": nodes}

    def _kind(self, *words: str, stdin: str | None = None) -> None:
        run(["kind", *words, "--name", self.name], stdin=stdin)

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Put the images onto the node; containerd there skips the layers it has.

        Pods find them as long as their pull policy is not `Always`: kind has no registry to pull from.
        """
        for image in images:
            with step(f"Loading {image.reference}"):
                self._kind("load", "image-archive", str(image.path))
