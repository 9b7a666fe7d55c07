"""Kubernetes' Pod Security Standard "restricted", the newest version of it, as the API server's admission checks it.

A port of policy/check_*.go in kubernetes/pod-security-admission (1.37), each rule by the name it has there, those of
"baseline" included. What it leaves to others (read-only roots, tokens, sizes) is left to them here too. One thing is
stricter: user namespaces (`hostUsers: false`) excuse nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from harness.judges.finding import Finding
from harness.manifests import Manifests, Object, pod_spec

JUDGE = "restricted"

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = ("RuntimeDefault", "Localhost")
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
BASELINE_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def containers(spec: Object) -> list[Object]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [each for kind in kinds for each in spec.get(kind) or ()]


def context(of: Object) -> Object:
    found: Object = of.get("securityContext") or {}
    return found


def contexts(spec: Object) -> list[Object]:
    """The security contexts of the pod and of each container."""
    return [context(spec), *(context(each) for each in containers(spec))]


def handlers(spec: Object) -> Iterator[Object]:
    """Everything that a container's probes and hooks do."""
    for each in containers(spec):
        yield from (each[probe] for probe in PROBES if each.get(probe))
        yield from (hook for hook in (each.get("lifecycle") or {}).values() if isinstance(hook, dict))


def keeps_or_adds_capabilities(spec: Object) -> bool:
    for each in containers(spec):
        capabilities = context(each).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()) or set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            return True
    return False


def everywhere(spec: Object, right: Callable[[Object], Any]) -> bool:
    """Whether each container's security context is right, or says nothing where the pod's is right."""
    of_pod = right(context(spec))
    found = [right(context(each)) for each in containers(spec)]
    return all(of_pod if each is None else each for each in found) and of_pod is not False


def seccomp(of: Object) -> bool | None:
    profile = of.get("seccompProfile")
    return None if profile is None else profile.get("type") in SECCOMP


def selinux(of: Object) -> bool:
    options = of.get("seLinuxOptions") or {}
    return options.get("type", "") in SELINUX_TYPES and not options.get("user") and not options.get("role")


def apparmor(of: Object) -> bool:
    return (of.get("appArmorProfile") or {}).get("type") in (None, *SECCOMP)


def host_in_handler(handler: Object) -> bool:
    return any((handler.get(kind) or {}).get("host") for kind in ("httpGet", "tcpSocket"))


RULES: dict[str, Callable[[Object], Any]] = {
    # restricted
    "allowPrivilegeEscalation": lambda spec: any(
        context(each).get("allowPrivilegeEscalation") is not False for each in containers(spec)
    ),
    "capabilities_restricted": keeps_or_adds_capabilities,
    "runAsNonRoot": lambda spec: not everywhere(spec, lambda of: of.get("runAsNonRoot")),
    "runAsUser": lambda spec: any(of.get("runAsUser") == 0 for of in contexts(spec)),
    "seccompProfile_restricted": lambda spec: not everywhere(spec, seccomp),
    "restrictedVolumes": lambda spec: any(set(each) - {"name"} - VOLUMES for each in spec.get("volumes") or ()),
    # baseline
    "appArmorProfile": lambda spec: not all(map(apparmor, contexts(spec))),
    "capabilities_baseline": lambda spec: any(
        set((of.get("capabilities") or {}).get("add") or ()) - BASELINE_CAPABILITIES for of in contexts(spec)
    ),
    "hostNamespaces": lambda spec: any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")),
    "hostPathVolumes": lambda spec: any("hostPath" in each for each in spec.get("volumes") or ()),
    "hostPorts": lambda spec: any(
        port.get("hostPort") for each in containers(spec) for port in each.get("ports") or ()
    ),
    "hostProbesAndHostLifecycle": lambda spec: any(map(host_in_handler, handlers(spec))),
    "privileged": lambda spec: any(of.get("privileged") for of in contexts(spec)),
    "procMount": lambda spec: any(of.get("procMount", "Default") != "Default" for of in contexts(spec)),
    "seLinuxOptions": lambda spec: not all(map(selinux, contexts(spec))),
    "sysctls": lambda spec: any(each["name"] not in SYSCTLS for each in context(spec).get("sysctls") or ()),
    "windowsHostProcess": lambda spec: any(
        (of.get("windowsOptions") or {}).get("hostProcess") for of in contexts(spec)
    ),
}
"""Each rule, and whether a pod's spec breaks it."""

WORKLOADS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")


def broken(spec: Object) -> list[str]:
    """The rules that a pod's spec breaks."""
    return [rule for rule, breaks in RULES.items() if breaks(spec)]


def judge(manifests: Manifests) -> set[Finding]:
    """What the API server would refuse in a namespace that enforces the standard."""
    return {
        Finding(JUDGE, rule, f"{each['kind']}/{each['metadata']['name']}")
        for each in manifests
        if each["kind"] in WORKLOADS
        for rule in broken(pod_spec(each))
    }
