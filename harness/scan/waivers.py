"""Rules that the chart breaks on purpose, with the reason: three waivers at most."""

from __future__ import annotations

from dataclasses import dataclass

from harness.scan import Finding


@dataclass(frozen=True)
class Waiver:
    """Why rules do not hold for this chart: `rules` by scanner."""

    rules: dict[str, tuple[str, ...]]
    reason: str


WAIVERS = (
    # onwards.image.pullPolicy, modelGroupDefaults.image
    Waiver(
        {"checkov": ("CKV_K8S_15", "CKV_K8S_43"), "kube-score": ("container-image-pull-policy",)},
        "Images are named by the tag of a version, which does not move, and pulled once. Only a registry knows their "
        "digests, and a mirror may have others; users who want digests set image.digest. Asking the registry at every "
        "start (Always) keeps pods from starting while it is away, and forever in an air gap.",
    ),
    # onwards.replicaCount, modelGroupDefaults.replicaCount
    Waiver(
        {"kube-score": ("deployment-replicas",)},
        "Each further pod of a group costs its GPUs, so their number is the user's decision, and one engine has no "
        "need of two gateways. The production example has two.",
    ),
    # modelGroupDefaults.livenessProbe, the gateway's watcher
    Waiver(
        {"kube-score": ("pod-probes-identical",), "checkov": ("CKV_K8S_9",)},
        "Most engines have one health path. Their probes request the same path but differ: readiness fails within "
        "seconds, liveness after a minute or more, so load removes a pod from its Service and does not kill it. The "
        "container that watches the gateway's configuration has no readiness probe, because it serves nothing, and "
        "while it is not ready the gateway beside it would get no requests.",
    ),
)


def waived(finding: Finding) -> bool:
    """Whether there is a waiver for the finding."""
    return any(finding.rule in waiver.rules.get(finding.scanner, ()) for waiver in WAIVERS)
