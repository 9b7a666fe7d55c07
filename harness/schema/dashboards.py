"""`dashboards`: Grafana's."""

from __future__ import annotations

from harness.schema import common
from harness.schema.dsl import Schema, boolean, settings, text


def schema() -> Schema:
    return settings(
        enabled=boolean(),
        namespace=text(),
        labels=common.object_labels(),
        annotations=common.object_annotations(),
    )
