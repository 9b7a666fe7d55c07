"""`ingress`: access from outside the cluster."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, listing, optional, settings, text

PATH_TYPES = ("Prefix", "Exact", "ImplementationSpecific")


def schema() -> Schema:
    path = settings(
        path=described("Path to forward; empty is /v1.", optional(text())),
        pathType=described("How the path is matched; empty is Prefix.", optional(text("", *PATH_TYPES))),
    )
    host = settings(
        host=described("Hostname to match; empty is every hostname.", optional(text())),
        paths=described("Paths to forward; empty is /v1.", optional(listing(path))),
    )
    tls = settings(
        secretName=described("Name of the Secret that holds the certificate.", optional(text())),
        hosts=described("Hostnames that the certificate is valid for.", optional(listing(text()))),
    )
    return settings(
        enabled=boolean(),
        className=text(),
        annotations=common.strings(),
        hosts=listing(host),
        tls=listing(tls),
    )
