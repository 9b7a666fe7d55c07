"""`httpRoute`: access from outside the cluster by the Gateway API, whose types are not Kubernetes' own."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, integer, listing, obj, open_map, optional, settings, text

DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"


def schema() -> Schema:
    parent = obj(
        group=described("API group; gateway.networking.k8s.io if left out.", optional(text())),
        kind=described("Kind; Gateway if left out.", optional(text())),
        namespace=described("Its namespace; the release's if left out.", optional(text())),
        name=described("Its name.", text()),
        sectionName=described("Its listener.", optional(text())),
        port=described("Its port.", optional(integer(1, 65535))),
    )
    return settings(
        enabled=boolean(),
        annotations=common.strings(),
        parentRefs=listing(parent),
        hostnames=listing(text()),
        paths=listing(text(pattern="^/")),
        filters=listing(open_map()),
        timeouts=settings(request=text(pattern=DURATION), backendRequest=text(pattern=DURATION)),
    )
