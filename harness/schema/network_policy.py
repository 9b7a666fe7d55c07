"""`networkPolicy`: who may reach the pods."""

from __future__ import annotations

from harness.schema.dsl import Schema, boolean, listing, mapping, optional, reference, settings, text
from harness.schema.kubernetes import embed


def schema() -> Schema:
    policy = embed("NetworkPolicySpec")
    return settings(
        enabled=boolean(),
        gatewayFrom=listing(reference("NetworkPolicyPeer")),
        enginesFrom=listing(reference("NetworkPolicyPeer")),
        mesh=text("", "istio-ambient"),
        metricsFrom=listing(reference("NetworkPolicyPeer")),
        onwards=policy,
        modelGroups=mapping(optional(policy)),
    )
