"""The configuration of a node's programs: their files, and the command lines in one script.

The first node runs the control plane, too. Every path in here is one inside a node, where `init.sh` puts
programs, keys, configuration, data and logs in fixed places.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import yaml

from harness.cluster import network
from harness.cluster.binaries import PAUSE_IMAGE

SERVICES = IPv4Network("10.96.0.0/16")
PODS = IPv4Network("10.244.0.0/16")
PODS_PREFIX = 20
API_SERVICE, DNS_SERVICE = SERVICES[1], SERVICES[10]
"""Addresses of the Services `kubernetes` (the API server takes the first) and `kube-dns` (see manifests/dns.yaml)."""

API_PORT, REGISTRY_PORT = 6443, 5000
DOMAIN = "cluster.local"
BIN, PKI, CONFIG = "/mnt/bin", "/mnt/pki", "/mnt/config"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


@dataclass(frozen=True)
class Node:
    """One of the cluster's nodes, counted from 1, whose addresses are in `subnet`."""

    number: int
    subnet: IPv4Network

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def zone(self) -> str:
        return f"zone-{self.number}"

    @property
    def address(self) -> IPv4Address:
        return network.node_address(self.subnet, self.number)

    @property
    def server(self) -> IPv4Address:
        """The first node's address: its own, if it is that one."""
        return network.node_address(self.subnet)

    @property
    def first(self) -> bool:
        return self.address == self.server

    @property
    def pods(self) -> IPv4Network:
        """Addresses of its pods."""
        return list(PODS.subnets(new_prefix=PODS_PREFIX))[self.number - 1]


def links(node: Node, nodes: Sequence[Node]) -> str:
    """Commands of `ip -batch`, by which a node reaches the others and their pods.

    The first node's eth0 leads to this machine, another's to the first node, which has a device of its name for it.
    """
    # Without a default route, as here, a packet to a Service without endpoints would have no way to kube-proxy's rule
    # that rejects it.
    end = ["link set eth0 up", f"route add {SERVICES} dev eth0"]
    others = [each for each in nodes if each != node]
    if not node.first:
        lines = [f"address add {node.address} peer {node.server} dev eth0", *end]
        lines += [f"route add {node.subnet} via {node.server}"]
        lines += [f"route add {each.pods} via {node.server}" for each in others]
    else:
        lines = [f"address add {node.address}/{node.subnet.prefixlen} dev eth0", *end]
        for each in others:
            lines += [f"address add {node.address} peer {each.address} dev {each.name}", f"link set {each.name} up"]
            lines += [f"route add {each.pods} via {each.address}"]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Service:
    """A program that the node keeps running; `after_api` ones would end while the API server is not ready."""

    name: str
    arguments: tuple[str, ...]
    after_api: bool = False

    @property
    def line(self) -> str:
        return f"{'after_api' if self.after_api else 'service'} {self.name} {shlex.join([self.name, *self.arguments])}"


def write(directory: Path, node: Node, nodes: Sequence[Node]) -> None:
    """Write everything for one of the nodes into the directory that it sees as `CONFIG`."""
    registry = f"http://{node.server}:{REGISTRY_PORT}"
    files = {
        "services.sh": "".join(f"{service.line}\n" for service in services(node)),
        "links": links(node, nodes),
        "containerd.toml": CONTAINERD,
        "registries/_default/hosts.toml": HOSTS.format(registry=registry),
        "cni/10-node.conflist": json.dumps(_cni(node.pods), indent=1),
        "kubelet.yaml": yaml.safe_dump(_kubelet()),
        "kube-proxy.yaml": yaml.safe_dump(_kube_proxy(node.name)),
        "hosts": f"127.0.0.1 localhost\n{node.address} {node.name}\n",
        "resolv.conf": "nameserver 127.0.0.1\n",  # nobody answers there: a node has no way to names outside
        "pod-resolv.conf": "",
    }
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def services(node: Node) -> list[Service]:
    """All programs of the node, in the order of their start."""
    return [
        *(_control_plane(node.address) if node.first else ()),
        Service("containerd", (f"--config={CONFIG}/containerd.toml",)),
        Service(
            "kubelet",
            (
                f"--config={CONFIG}/kubelet.yaml",
                f"--kubeconfig={PKI}/kubelet-{node.name}.kubeconfig",
                f"--hostname-override={node.name}",
                f"--node-ip={node.address}",
                f"--node-labels=topology.kubernetes.io/zone={node.zone}",
                "--root-dir=/var/lib/kubelet",
            ),
        ),
        Service("kube-proxy", (f"--config={CONFIG}/kube-proxy.yaml",)),
        Service("network-policy", (f"--kubeconfig={PKI}/admin.kubeconfig",), after_api=True),
        Service(
            "local-volumes",
            (f"--kubeconfig={PKI}/admin.kubeconfig", f"--node={node.name}", "--root=/var/lib/volumes"),
            after_api=True,
        ),
    ]


def _control_plane(address: IPv4Address) -> list[Service]:
    """What the first node runs besides, and before."""
    return [
        Service(
            "etcd",
            (
                "--name=node",
                "--data-dir=/mnt/data/etcd",
                "--unsafe-no-fsync",  # a cluster that dies is made anew, never repaired
                "--listen-client-urls=http://127.0.0.1:2379",
                "--advertise-client-urls=http://127.0.0.1:2379",
                "--listen-peer-urls=http://127.0.0.1:2380",
                "--log-level=warn",
            ),
        ),
        Service("crane", ("registry", "serve", f"--address={address}:{REGISTRY_PORT}", "--disk=/mnt/data/registry")),
        Service("kube-apiserver", _apiserver(address)),
        Service(
            "kube-controller-manager",
            (
                *_kubeconfigs("controller-manager"),
                f"--root-ca-file={PKI}/ca.crt",
                f"--service-account-private-key-file={PKI}/sa.key",
                "--use-service-account-credentials",
                f"--cluster-signing-cert-file={PKI}/ca.crt",
                f"--cluster-signing-key-file={PKI}/ca.key",
                "--kube-api-qps=500",  # the default holds a fresh cluster up for four seconds
                "--kube-api-burst=1000",
                "--leader-elect=false",
            ),
            after_api=True,
        ),
        Service("kube-scheduler", (*_kubeconfigs("scheduler"), "--leader-elect=false"), after_api=True),
    ]


def _kubeconfigs(user: str) -> tuple[str, ...]:
    file = f"{PKI}/{user}.kubeconfig"
    return (f"--kubeconfig={file}", f"--authentication-kubeconfig={file}", f"--authorization-kubeconfig={file}")


def _apiserver(address: IPv4Address) -> tuple[str, ...]:
    return (
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={address}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICES}",
        "--allow-privileged",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--client-ca-file={PKI}/ca.crt",
        f"--tls-cert-file={PKI}/apiserver.crt",
        f"--tls-private-key-file={PKI}/apiserver.key",
        f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
        f"--service-account-key-file={PKI}/sa.crt",
        f"--service-account-signing-key-file={PKI}/sa.key",
        f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        # Servers behind the API server (metrics, for one) trust the caller that these headers name.
        f"--requestheader-client-ca-file={PKI}/ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={PKI}/front-proxy-client.crt",
        f"--proxy-client-key-file={PKI}/front-proxy-client.key",
        "--enable-aggregator-routing",
    )


CONTAINERD = f"""\
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{PAUSE_IMAGE}'
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '{CONFIG}/registries'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE nothing may be lowered
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['{BIN}/cni']
    conf_dir = '{CONFIG}/cni'
[plugins.'io.containerd.nri.v1.nri']
  disable = true
"""

HOSTS = """\
# Every registry is answered for by the node's own: image names are pulled as they are written.
server = "{registry}"
[host."{registry}"]
  capabilities = ["pull", "resolve"]
"""


def _cni(pods: IPv4Network) -> dict[str, object]:
    """Pods by point-to-point links: every packet is routed, so that network policies see all of them."""
    ranges = [[{"subnet": str(pods)}]]
    routes = [{"dst": "0.0.0.0/0"}]
    ipam = {"type": "host-local", "ranges": ranges, "routes": routes, "dataDir": "/run/cni-addresses"}
    return {"cniVersion": "1.0.0", "name": "node", "plugins": [{"type": "ptp", "mtu": 1500, "ipam": ipam}]}


def _kubelet() -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDomain": DOMAIN,
        "clusterDNS": [str(DNS_SERVICE)],
        "resolvConf": f"{CONFIG}/pod-resolv.conf",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "oomScoreAdj": 0,  # its default, -999, needs CAP_SYS_RESOURCE
        "failSwapOn": False,
        # Absolute, because the disk is shared with everything else on this machine.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1Gi",
            "imagefs.available": "1Gi",
            "nodefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",  # of mounted Secrets and ConfigMaps, by default a minute: tests wait for it ten times
        "shutdownGracePeriod": "0s",
    }


def _kube_proxy(node: str) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{PKI}/proxy.kubeconfig"},
        "hostnameOverride": node,
        "clusterCIDR": str(PODS),
        "oomScoreAdj": 0,
        # 0 leaves the kernel's connection tracking as it is: its limits are those of the machine.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
