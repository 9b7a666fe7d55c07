"""`serviceMonitor`: how Prometheus scrapes."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, described, open_map, settings, text

DURATION = r"^([0-9]+(ms|[smhdwy]))*$"


def schema() -> Schema:
    return settings(
        enabled=boolean(),
        kind=text("ServiceMonitor", "PodMonitor", "annotations"),
        namespace=text(),
        labels=common.object_labels(),
        annotations=common.object_annotations(),
        interval=text(pattern=DURATION),
        scrapeTimeout=text(pattern=DURATION),
        tlsConfig=open_map(),  # the operator's own type, which differs between its versions
        bearerTokenSecret=settings(
            name=described("Name of the Secret.", text()),
            key=described("Key of the token in that Secret.", text()),
        ),
    )
