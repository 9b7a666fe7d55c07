"""`prometheusRule`: recording rules and alerts."""

from __future__ import annotations

from harness.schema import common, routing
from harness.schema.dsl import Schema, boolean, listing, settings, text

PERCENT = {"type": "number", "minimum": 85, "maximum": 99.999}
"""An objective; below the minimum no share of bad requests would be six times what it allows."""
BOUNDS = (1, 10, 20, 40, 80)
"""Seconds that are a bound of the buckets of vLLM, SGLang and TensorRT-LLM alike."""


def schema() -> Schema:
    return settings(
        enabled=boolean(),
        kind=text("PrometheusRule", "ConfigMap"),
        namespace=text(),
        labels=common.object_labels(),
        annotations=common.object_annotations(),
        alerts=settings(
            enabled=boolean(),
            disabled=listing(text()),
            labels=common.strings(),
            runbooks=text(pattern=routing.URL),
        ),
        slo=settings(
            availability=PERCENT,
            firstToken=PERCENT,
            firstTokenSeconds={"type": "integer", "enum": [*BOUNDS]},
        ),
    )
