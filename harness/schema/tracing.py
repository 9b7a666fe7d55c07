"""`tracing`: OpenTelemetry."""

from __future__ import annotations

from harness.schema import routing
from harness.schema.dsl import Schema, boolean, settings, text


def schema() -> Schema:
    return settings(
        endpoint=text(pattern=routing.URL),
        sampleRatio={"type": "number", "minimum": 0, "maximum": 1},
        engines=boolean(),
    )
