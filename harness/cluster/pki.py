"""Keys and certificates of a cluster: one authority, made anew for every start, signs everything."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
CLOCK_SKEW = timedelta(hours=1)
ADMINISTRATORS = "system:masters"
CLUSTER_NAMES = [f"kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")]


class Authority:
    """A certificate authority that writes what it issues into one directory, readable for its owner only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "inference-stack-ca")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = (
            _lasting(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )
        self.write("ca.crt", self.certificate)
        self.write("ca.key", _pem(self._key))

    def write(self, name: str, content: bytes) -> None:
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)

    def client(self, user: str, group: str | None = None) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) with which the API server takes the caller for `user` in `group`."""
        return self._issue(user, group, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def server(self, name: str, addresses: Sequence[IPv4Address], names: Sequence[str]) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) of a server that is called by these addresses and names."""
        called = [*map(x509.IPAddress, addresses), *map(x509.DNSName, names)]
        return self._issue(name, None, ExtendedKeyUsageOID.SERVER_AUTH, called)

    def write_pair(self, name: str, pair: tuple[bytes, bytes]) -> None:
        self.write(f"{name}.crt", pair[0])
        self.write(f"{name}.key", pair[1])

    def kubeconfig(self, server: str, pair: tuple[bytes, bytes]) -> bytes:
        """A kubeconfig that holds everything it needs."""
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": "inference-stack",
                        "cluster": {"server": server, "certificate-authority-data": _text(self.certificate)},
                    }
                ],
                "users": [
                    {
                        "name": "inference-stack",
                        "user": {"client-certificate-data": _text(pair[0]), "client-key-data": _text(pair[1])},
                    }
                ],
                "contexts": [
                    {"name": "inference-stack", "context": {"cluster": "inference-stack", "user": "inference-stack"}}
                ],
                "current-context": "inference-stack",
            },
            sort_keys=False,
        ).encode()

    def _issue(
        self, user: str, group: str | None, usage: x509.ObjectIdentifier, called: Sequence[x509.GeneralName]
    ) -> tuple[bytes, bytes]:
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        builder = _lasting(subject, self._name, key.public_key()).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        if called:
            builder = builder.add_extension(x509.SubjectAlternativeName(called), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM), _pem(key)


def write_all(directory: Path, node: str, address: IPv4Address, service_address: IPv4Address) -> bytes:
    """Write what the components of a one-node cluster need, and return the administrator's kubeconfig.

    `address` is the node's, `service_address` the one the API server has as a Service in the cluster.
    """
    authority = Authority(directory)
    authority.write_pair(
        "apiserver",
        authority.server(
            "kube-apiserver",
            [address, service_address, IPv4Address("127.0.0.1")],
            ["localhost", *CLUSTER_NAMES],
        ),
    )
    authority.write_pair("apiserver-kubelet-client", authority.client("kube-apiserver-kubelet-client", ADMINISTRATORS))
    authority.write_pair("front-proxy-client", authority.client("front-proxy-client"))
    service_accounts = ec.generate_private_key(ec.SECP256R1())
    authority.write("sa.key", _pem(service_accounts))
    authority.write(
        "sa.pub", service_accounts.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    server = f"https://{address}:6443"
    for name, user, group in (
        ("admin", "admin", ADMINISTRATORS),
        ("controller-manager", "system:kube-controller-manager", None),
        ("scheduler", "system:kube-scheduler", None),
        ("proxy", "system:kube-proxy", None),
        ("kubelet", f"system:node:{node}", "system:nodes"),
    ):
        authority.write(f"{name}.kubeconfig", authority.kubeconfig(server, authority.client(user, group)))
    return (directory / "admin.kubeconfig").read_bytes()


def _lasting(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC 1, which is what the API server takes for service account keys, too.
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
