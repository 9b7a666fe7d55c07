"""`prometheus`: the one that autoscalers ask."""

from __future__ import annotations

from harness.schema import common, routing
from harness.schema.dsl import Schema, boolean, described, settings, text

LABEL = "^[a-zA-Z_][a-zA-Z0-9_]*$"


def schema() -> Schema:
    return settings(
        serverAddress=text(pattern=routing.URL),
        labels={**common.strings(), "propertyNames": {"pattern": LABEL}},
        authenticationRef=settings(
            name=described("Name of the object.", text()),
            kind=described(
                "Its kind; empty is TriggerAuthentication.",
                text("", "TriggerAuthentication", "ClusterTriggerAuthentication"),
            ),
        ),
        recorded=boolean(),
    )
