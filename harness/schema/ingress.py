"""`ingress`: access from outside the cluster."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, listing, optional, settings, text

_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_LAST = "([a-z]([-a-z0-9]{0,61}[a-z0-9])?|[0-9][-a-z0-9]{0,60}[a-z]|[0-9][-a-z0-9]*[a-z][-a-z0-9]*[a-z0-9])"
HOST = rf"^((\*\.)?({_LABEL}\.)*{_LAST})?$"
"""A DNS name, also with a wildcard in front, and no IP address."""
_SEGMENT = r"(\.?[^/.][^/]*|\.\.[^/]+)"
PATH = f"^(/|(/{_SEGMENT})+/?)?$"
PATH_TYPES = ("Prefix", "Exact", "ImplementationSpecific")


def schema() -> Schema:
    path = settings(
        path=described("Path to forward; empty is /v1.", optional(text(pattern=PATH))),
        pathType=described("How the path is matched; empty is Prefix.", optional(text("", *PATH_TYPES))),
    )
    host = settings(
        host=described(
            "Hostname to match; empty is every hostname.", optional({**text(pattern=HOST), "maxLength": 253})
        ),
        paths=described("Paths to forward; empty is /v1.", optional(listing(path))),
    )
    tls = settings(
        secretName=described("Name of the Secret that holds the certificate.", optional(text())),
        hosts=described(
            "Hostnames that the certificate is valid for.", optional(listing({**text(pattern=HOST), "maxLength": 253}))
        ),
    )
    return settings(
        enabled=boolean(),
        className=text(),
        annotations=common.object_annotations(),
        hosts=listing(host),
        tls=listing(tls),
    )
