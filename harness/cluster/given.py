"""A cluster that the user has: it is used as it is, never started, changed or ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.cluster import Status, operations
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.kubectl import Kubectl
from harness.progress import console


class Given:
    """The cluster behind a kubeconfig that the user names."""

    PROVIDER = "kubeconfig"
    registry: str | None = None

    def __init__(self, name: str, kubeconfig: Path) -> None:
        self.name = name
        self._kubeconfig = kubeconfig

    @property
    def kubeconfig(self) -> Path:
        return self._kubeconfig

    def up(self) -> None:
        """Check that it answers.

        Raises:
            HarnessError: it does not.
        """
        status = self.status()
        if not status.running:
            raise HarnessError(
                f"The cluster of {self.kubeconfig} does not answer: {status.detail}",
                f"Check it with: kubectl --kubeconfig {self.kubeconfig} get nodes",
            )

    def down(self) -> None:
        return

    def status(self) -> Status:
        return operations.status(self.PROVIDER, self.name, Kubectl(self.kubeconfig))

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Nothing can be put there from here; a cluster that cannot pull an image itself says so in its pods."""
        if images:
            console.print(f"This cluster must be able to pull: {', '.join(image.reference for image in images)}")

    def advertise_gpus(self, count: int, resource: str = "nvidia.com/gpu") -> None:
        """Check that one node offers that many: on a cluster that others use, a made-up GPU would break their pods.

        Raises:
            HarnessError: none does.
        """
        nodes = Kubectl(self.kubeconfig).items("nodes")
        most = max((int(operations.allocatable(node).get(resource, 0)) for node in nodes), default=0)
        if most < count:
            raise HarnessError(
                f"No node of this cluster offers {count} {resource} (the most is {most}).",
                "Use a cluster with GPUs, or leave the kubeconfig out to get a cluster of its own.",
            )
