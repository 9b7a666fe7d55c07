"""A cluster that the user has: it is used unchanged, never started or ended."""

from __future__ import annotations

from collections.abc import Sequence

from harness.cluster import Cluster
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.progress import console


class Given(Cluster):
    """The cluster behind a kubeconfig that the user names."""

    def up(self) -> None:
        """Check that it answers, and has enough nodes.

        Raises:
            HarnessError: it does not, or has too few.
        """
        self.status()
        self.check_nodes()

    def down(self) -> None:
        return

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Nothing can be put there from here; a cluster that cannot pull an image itself says so in its pods."""
        if images:
            console.print(f"This cluster must be able to pull: {', '.join(image.reference for image in images)}")

    def advertise_gpus(self, count: int, resource: str = "nvidia.com/gpu") -> None:
        """Check that one node offers that many: on a cluster that others use, a made-up GPU would break their pods.

        Raises:
            HarnessError: none does.
        """
        offered = [node["status"].get("allocatable", {}) for node in self.kubectl.items("nodes")]
        most = max((int(each.get(resource, 0)) for each in offered), default=0)
        if most < count:
            raise HarnessError(
                f"No node of this cluster offers {count} {resource} (the most is {most}).",
                "Use a cluster with GPUs, or leave the kubeconfig out to get a cluster of its own.",
            )
