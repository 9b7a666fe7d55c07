"""Kubernetes' Pod Security Standard "restricted", newest version, checked by its own library (tools/pod-security)."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache

from harness.errors import HarnessError
from harness.manifests import Manifests, Object, pod_spec, pod_templates
from harness.scan import Finding
from harness.tools import tool

WORKLOADS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "LeaderWorkerSet")


@cache
def _program(_process: int) -> subprocess.Popen[str]:
    """The checks, for one process of ours: a fork needs pipes of its own.

    Popen, because one program answers for thousands of pods, each in less than a tenth of a millisecond.
    """
    return subprocess.Popen([tool("pod-security")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def broken(spec: Object) -> list[str]:
    """The checks that a pod's spec breaks, those of "baseline" included, by the identifiers that they have upstream.

    Raises:
        HarnessError: it is no pod's spec.
    """
    program = _program(os.getpid())
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(f"{json.dumps({'spec': spec})}\n")
    program.stdin.flush()
    answer = program.stdout.readline()
    if not answer:
        _program.cache_clear()
        raise HarnessError(f"pod-security cannot read this pod's spec: {json.dumps(spec)}")
    found: list[str] = json.loads(answer)
    return found


def _specs(workload: Object) -> list[Object]:
    return [each["spec"] for each in pod_templates(workload)] or [pod_spec(workload)]


def scan(manifests: Manifests) -> set[Finding]:
    """What the API server would refuse in a namespace that enforces the standard."""
    return {
        Finding("restricted", rule, f"{each['kind']}/{each['metadata']['name']}")
        for each in manifests
        if each["kind"] in WORKLOADS
        for spec in _specs(each)
        for rule in broken(spec)
    }
