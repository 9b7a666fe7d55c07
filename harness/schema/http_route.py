"""`httpRoute`: access from outside the cluster by the Gateway API, whose types are not Kubernetes' own."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, integer, listing, obj, open_map, optional, settings, text

DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"


def schema() -> Schema:
    parent = obj(
        group=described("API group; empty is gateway.networking.k8s.io.", optional(text())),
        kind=described("Kind; empty is Gateway.", optional(text())),
        namespace=described("Namespace of the Gateway; empty is the release's.", optional(text())),
        name=described("Name of the Gateway.", text()),
        sectionName=described("Name of its listener.", optional(text())),
        port=described("Port of its listener.", optional(integer(1, 65535))),
    )
    return settings(
        enabled=boolean(),
        annotations=common.object_annotations(),
        parentRefs=listing(parent),
        hostnames=listing(text()),
        paths=listing(text(pattern="^/")),
        filters=listing(open_map()),
        timeouts=settings(request=text(pattern=DURATION), backendRequest=text(pattern=DURATION)),
    )
