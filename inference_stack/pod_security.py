"""Pod Security's "baseline" and "restricted": what of a pod they refuse, by the names of Kubernetes' own checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inference_stack.documents import Object

LEVELS = ("privileged", "baseline", "restricted")
LABEL = "pod-security.kubernetes.io/enforce"

ADDABLE = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
SAFE_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    *("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"),
}
SAFE_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
}
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")


def broken(spec: Object, level: str) -> list[str]:
    """The checks of a level that a pod breaks, each once."""
    found: list[str] = []
    if level in ("baseline", "restricted"):
        found += baseline(spec)
    if level == "restricted":
        found += restricted(spec)
    return sorted(set(found))


def _containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _contexts(spec: Object) -> list[dict[str, Any]]:
    """The security contexts of the pod and of its containers."""
    return [spec.get("securityContext") or {}, *(each.get("securityContext") or {} for each in _containers(spec))]


def baseline(spec: Object) -> Iterator[str]:
    """What "baseline" refuses."""
    if any(spec.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")):
        yield "hostNamespaces"
    if any("hostPath" in each for each in spec.get("volumes") or ()):
        yield "hostPathVolumes"
    for each in _containers(spec):
        context = each.get("securityContext") or {}
        if context.get("privileged"):
            yield "privileged"
        if set((context.get("capabilities") or {}).get("add") or ()) - ADDABLE:
            yield "capabilities_baseline"
        if any(port.get("hostPort") for port in each.get("ports") or ()):
            yield "hostPorts"
        if context.get("procMount", "Default") != "Default" and not _apart(spec):
            yield "procMount"
        if _reaches_hosts(each):
            yield "hostProbesAndHostLifecycle"
    for context in _contexts(spec):
        if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
            yield "seccompProfile_baseline"
        if (context.get("appArmorProfile") or {}).get("type") == "Unconfined":
            yield "appArmorProfile"
        options = context.get("seLinuxOptions") or {}
        if options.get("type", "") not in SELINUX_TYPES or options.get("user") or options.get("role"):
            yield "seLinuxOptions"
        if (context.get("windowsOptions") or {}).get("hostProcess"):
            yield "windowsHostProcess"
        if {each["name"] for each in context.get("sysctls") or ()} - SAFE_SYSCTLS:
            yield "sysctls"


def _apart(spec: Object) -> bool:
    """Whether a pod is in a user namespace of its own, where root is nobody outside."""
    return spec.get("hostUsers") is False


def _reaches_hosts(container: Object) -> bool:
    """Whether a probe or hook connects to a host that it names."""
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(f"{each}Probe") or {} for each in ("startup", "readiness", "liveness")]
    handlers += [lifecycle.get(each) or {} for each in ("preStop", "postStart")]
    return any((each.get(way) or {}).get("host") for each in handlers for way in ("httpGet", "tcpSocket"))


def restricted(spec: Object) -> Iterator[str]:
    """What "restricted" refuses beside that."""
    if any(not set(each) - {"name"} <= SAFE_VOLUMES for each in spec.get("volumes") or ()):
        yield "restrictedVolumes"
    pod = spec.get("securityContext") or {}
    apart = _apart(spec)
    if pod.get("runAsUser") == 0 and not apart:
        yield "runAsUser"
    if pod.get("runAsNonRoot") is False and not apart:
        yield "runAsNonRoot"
    if (pod.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield "seccompProfile_restricted"
    for each in _containers(spec):
        context = each.get("securityContext") or {}
        capabilities = context.get("capabilities") or {}
        if context.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if "ALL" not in (capabilities.get("drop") or ()) or set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            yield "capabilities_restricted"
        if context.get("procMount", "Default") != "Default":
            yield "procMount_restricted"
        if context.get("runAsUser") == 0 and not apart:
            yield "runAsUser"
        if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True and not apart:
            yield "runAsNonRoot"
        profile = (context.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type")
        if profile not in ("RuntimeDefault", "Localhost"):
            yield "seccompProfile_restricted"
