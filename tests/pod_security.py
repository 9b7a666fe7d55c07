"""Pods that break rules of Pod Security's "restricted", and which: asked of our port, and of a real API server."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "c",
            "image": "example.com/c:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
"""A pod's spec that breaks none."""


def pod(**fields: Any) -> dict[str, Any]:
    """The good pod, with other fields of its spec."""
    return {**deepcopy(GOOD), **fields}


def context(**fields: Any) -> dict[str, Any]:
    """The good pod, with other fields in its security context."""
    return pod(securityContext={**GOOD["securityContext"], **fields})


def container(**fields: Any) -> dict[str, Any]:
    """The good pod, with other fields in its container."""
    return pod(containers=[{**deepcopy(GOOD["containers"][0]), **fields}])


def inside(**fields: Any) -> dict[str, Any]:
    """The good pod, with other fields in its container's security context."""
    return container(securityContext={**GOOD["containers"][0]["securityContext"], **fields})


ADDED = {"drop": ["ALL"], "add": ["SYS_ADMIN"]}
HANDLER = {"httpGet": {"port": 80, "host": "127.0.0.1"}}

PODS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "escalates": (inside(allowPrivilegeEscalation=True), {"allowPrivilegeEscalation"}),
    "does not say that it does not escalate": (inside(allowPrivilegeEscalation=None), {"allowPrivilegeEscalation"}),
    "keeps capabilities": (inside(capabilities={"drop": ["CHOWN"]}), {"capabilities_restricted"}),
    "adds one that is harmless": (inside(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}), set()),
    "adds one of the runtime's": (
        inside(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}),
        {"capabilities_restricted"},
    ),
    "adds a dangerous one": (inside(capabilities=ADDED), {"capabilities_restricted", "capabilities_baseline"}),
    "may be root": (context(runAsNonRoot=False), {"runAsNonRoot"}),
    "may be root in one container": (inside(runAsNonRoot=False), {"runAsNonRoot"}),
    "is root": (inside(runAsUser=0), {"runAsUser"}),
    "is somebody": (context(runAsUser=10001), set()),
    "has no seccomp profile": (context(seccompProfile=None), {"seccompProfile_restricted"}),
    "has a profile of its own": (
        context(seccompProfile={"type": "Localhost", "localhostProfile": "profiles/a.json"}),
        set(),
    ),
    "mounts from elsewhere": (
        pod(volumes=[{"name": "v", "nfs": {"server": "a", "path": "/"}}]),
        {"restrictedVolumes"},
    ),
    "mounts an image": (pod(volumes=[{"name": "v", "image": {"reference": "example.com/weights:1"}}]), set()),
    "mounts the host": (
        pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
        {"restrictedVolumes", "hostPathVolumes"},
    ),
    "is in the host's network": (pod(hostNetwork=True), {"hostNamespaces"}),
    "takes a port of the host": (container(ports=[{"containerPort": 80, "hostPort": 80}]), {"hostPorts"}),
    "probes another host": (container(readinessProbe=HANDLER), {"hostProbesAndHostLifecycle"}),
    "calls another host": (container(lifecycle={"preStop": HANDLER}), {"hostProbesAndHostLifecycle"}),
    "has another AppArmor profile": (inside(appArmorProfile={"type": "Unconfined"}), {"appArmorProfile"}),
    "sees all of proc": (
        pod(hostUsers=False, **{"containers": inside(procMount="Unmasked")["containers"]}),
        {"procMount"},
    ),
    "has an SELinux role": (context(seLinuxOptions={"role": "admin"}), {"seLinuxOptions"}),
    "has an SELinux type for containers": (context(seLinuxOptions={"type": "container_t"}), set()),
    "sets a harmless sysctl": (context(sysctls=[{"name": "net.ipv4.tcp_syncookies", "value": "1"}]), set()),
    "sets a sysctl of the kernel": (context(sysctls=[{"name": "kernel.msgmax", "value": "1"}]), {"sysctls"}),
    "is privileged": (
        inside(privileged=True, allowPrivilegeEscalation=True),
        {"privileged", "allowPrivilegeEscalation"},
    ),
    "is a process of a Windows host": (
        pod(
            hostNetwork=True,
            securityContext={**GOOD["securityContext"], "windowsOptions": {"hostProcess": True}},
        ),
        {"windowsHostProcess", "hostNamespaces"},
    ),
}
"""By what the pod does: its spec, and the rules it breaks."""
