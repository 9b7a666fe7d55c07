"""Rules that the chart breaks on purpose: three at most, each beside the field it is about, in values.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.judges.finding import Finding

MOST = 3


@dataclass(frozen=True)
class Waiver:
    """Why rules do not hold here: `rules` by judge, and the fields of values.yaml that say the same beside them."""

    rules: dict[str, tuple[str, ...]]
    reason: str
    fields: tuple[str, ...]

    def covers(self, finding: Finding) -> bool:
        return finding.rule in self.rules.get(finding.judge, ())

    @property
    def mark(self) -> str:
        """What the comment beside the fields says."""
        return f"waived: {', '.join(rule for rules in self.rules.values() for rule in rules)}"


WAIVERS = (
    Waiver(
        {"checkov": ("CKV_K8S_15", "CKV_K8S_43"), "kube-score": ("container-image-pull-policy",)},
        "Images are named by the tag of a version and asked for once. Only a registry knows their digests, a mirror "
        "may have others; who wants them sets image.digest. Asking the registry at every start (Always) keeps pods "
        "from starting while it is away, and without network for ever; a tag that is a version does not move.",
        ("onwards.image.pullPolicy", "modelGroupDefaults.image"),
    ),
    Waiver(
        {"kube-score": ("deployment-replicas",)},
        "Each further pod of a group costs its GPUs, so their number is the user's to say; the gateway in front of one "
        "engine is one as well. The production example has two.",
        ("onwards.replicaCount", "modelGroupDefaults.replicaCount"),
    ),
    Waiver(
        {"kube-score": ("pod-probes-identical",)},
        "The gateway and most engines have one path that says how they are (the gateway answers 400 to any other). The "
        "probes ask the same but are not the same: readiness gives up in seconds, liveness after a minute or more, so "
        "load takes a pod out of its Service and does not kill it.",
        ("onwards.probes.liveness", "modelGroupDefaults.livenessProbe"),
    ),
)


def waived(findings: Iterable[Finding]) -> dict[Finding, Waiver]:
    """The findings for which there is a waiver."""
    return {each: waiver for each in findings for waiver in WAIVERS if waiver.covers(each)}
