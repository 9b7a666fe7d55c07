"""Keys and certificates of a cluster: one authority, made anew for every start, signs everything."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from trustme import CA, LeafCert

ADMINISTRATORS = "system:masters"
EVERYONE = "system:authenticated"
"""The group that every caller is in anyway, for those who need no other: trustme always writes one."""

API_SERVER_NAMES = [
    "127.0.0.1",
    "localhost",
    *(f"kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")),
]


def write_all(directory: Path, nodes: Iterable[str], address: IPv4Address, service_address: IPv4Address) -> bytes:
    """Write what the components of the nodes need, and return the administrator's kubeconfig.

    `address` is the first node's, `service_address` the one the API server has as a Service in the cluster. It takes a
    caller for the user and the group in its certificate's subject (common name and organization). The files are
    readable for their owner only.
    """
    authority = CA(organization_name="inference-stack")
    ca = authority.cert_pem.bytes()
    server = authority.issue_cert(str(address), str(service_address), *API_SERVER_NAMES, common_name="kube-apiserver")
    files = {
        "ca.crt": ca,
        "ca.key": authority.private_key_pem.bytes(),
        **_pair("apiserver", server),
        **_pair("sa", authority.issue_cert("sa")),
    }
    for name, user, group in (
        ("apiserver-kubelet-client", "kube-apiserver-kubelet-client", ADMINISTRATORS),
        ("front-proxy-client", "front-proxy-client", EVERYONE),
    ):
        files |= _pair(name, authority.issue_cert(name, common_name=user, organization_name=group))
    for name, user, group in (
        ("admin", "admin", ADMINISTRATORS),
        ("controller-manager", "system:kube-controller-manager", EVERYONE),
        ("scheduler", "system:kube-scheduler", EVERYONE),
        ("proxy", "system:kube-proxy", EVERYONE),
        *((f"kubelet-{node}", f"system:node:{node}", "system:nodes") for node in nodes),
    ):
        client = authority.issue_cert(name, common_name=user, organization_name=group)
        files[f"{name}.kubeconfig"] = _kubeconfig(f"https://{address}:6443", ca, client)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file, content in files.items():
        path = directory / file
        path.touch(mode=0o600)
        path.write_bytes(content)
    return files["admin.kubeconfig"]


def _pair(name: str, issued: LeafCert) -> dict[str, bytes]:
    (certificate,) = issued.cert_chain_pems
    return {f"{name}.crt": certificate.bytes(), f"{name}.key": issued.private_key_pem.bytes()}


def _kubeconfig(server: str, ca: bytes, client: LeafCert) -> bytes:
    """A kubeconfig that holds everything it needs."""
    name = "inference-stack"
    certificate, key = _pair(name, client).values()
    cluster = {"server": server, "certificate-authority-data": _text(ca)}
    user = {"client-certificate-data": _text(certificate), "client-key-data": _text(key)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    ).encode()


def _text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
