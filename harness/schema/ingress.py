"""`ingress`: access from outside the cluster."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, listing, optional, settings, text

PATH_TYPES = ("Prefix", "Exact", "ImplementationSpecific")


def schema() -> Schema:
    path = settings(
        path=described("Path that is let in; empty is /.", optional(text())),
        pathType=described("How the path is compared; empty is Prefix.", optional(text("", *PATH_TYPES))),
    )
    host = settings(
        host=described("Host name that clients request; empty is every name.", optional(text())),
        paths=described("Paths that are let in; empty is everything.", optional(listing(path))),
    )
    tls = settings(
        secretName=described("Name of the Secret with the certificate.", optional(text())),
        hosts=described("Names that the certificate is for.", optional(listing(text()))),
    )
    return settings(
        enabled=boolean(),
        className=text(),
        annotations=common.strings(),
        hosts=listing(host),
        tls=listing(tls),
    )
