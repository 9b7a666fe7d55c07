"""`preflight`: whether a cluster has what a release needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inference_stack import checks, memory, quota
from inference_stack.checks import Check, Release
from inference_stack.facts import Facts
from inference_stack.findings import FAIL, OK, UNKNOWN, Finding

CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("version", "Kubernetes' version", checks.kubernetes_version),
    ("kinds", "kinds of objects (CRDs)", checks.kinds),
    ("metrics", "metrics for autoscalers", checks.metrics),
    ("namespace", "the namespace", checks.namespace),
    ("owners", "objects of the same names", checks.owners),
    ("secrets", "Secrets, ConfigMaps and their keys", checks.secrets),
    ("accounts", "service accounts", checks.accounts),
    ("nodes", "room, devices, labels and taints of nodes", checks.devices),
    ("memory", "models in the memory of the nodes' GPUs", memory.fit),
    ("storage", "storage classes, claims and access modes", checks.storage),
    ("ingress", "ingress class and Gateways", checks.ingress),
    ("pod-security", "Pod Security level", checks.security),
    ("quota", "quotas and limit ranges", quota.limits),
    ("classes", "priority and runtime classes", checks.classes),
    ("images", "images", checks.images),
    ("dns", "DNS", checks.dns),
    ("policies", "network policies", checks.policies),
    ("pods", "the release's own pods", checks.state),
)

ORDER = {FAIL: 0, UNKNOWN: 1, "warn": 2, OK: 3}


def preflight(release: Release, facts: Facts) -> list[Finding]:
    """All findings, the worst first."""
    return sorted(checks.run(release, facts, CHECKS), key=lambda each: ORDER[each.level])


def as_json(release: Release, facts: Facts, found: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON."""
    return {
        "release": release.name,
        "namespace": release.namespace,
        "installed": release.installed,
        "kubernetes": facts.version,
        "ok": not any(each.level == FAIL for each in found),
        "findings": [vars(each) for each in found],
    }
