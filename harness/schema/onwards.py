"""`onwards`: the gateway."""

from __future__ import annotations

from harness.schema import common, routing
from harness.schema.dsl import Schema, boolean, listing, reference, settings, text
from harness.schema.kubernetes import embed


def schema() -> Schema:
    return settings(
        replicaCount=common.count(0),
        autoscaling=settings(
            enabled=boolean(),
            minReplicas=common.count(1),
            maxReplicas=common.count(1),
            targetCPUUtilizationPercentage=common.count(1),
            metrics=listing(reference("MetricSpec")),
            behavior=embed("HorizontalPodAutoscalerBehavior"),
        ),
        podDisruptionBudget=common.disruption_budget(),
        image=settings(
            registry=common.image_part(),
            repository=common.image_part(),
            tag=common.tag(),
            digest=text(pattern="^(sha256:[0-9a-f]{64})?$"),
            pullPolicy=common.pull_policy(),
        ),
        imagePullSecrets=common.pull_secrets(),
        serviceAccount=common.service_account(),
        **common.pod(),
        podSecurityContext=embed("PodSecurityContext"),
        securityContext=embed("SecurityContext"),
        service=common.service(type=text(*common.SERVICE_TYPES)),
        loadBalancer=common.service(enabled=boolean(), nameOverwrite=text()),
        containerPort=common.port(),
        metrics=settings(
            enabled=boolean(),
            port=common.port(),
            prefix=text(pattern="^([A-Za-z_:][A-Za-z0-9_:]*)?$"),
            service=settings(port=common.port()),
        ),
        strictMode=boolean(),
        allowKeyExposure=boolean(),
        clientKeys=routing.client_keys(),
        fallback=settings(**routing.fallback()),
        httpPool=settings(maxIdlePerHost=common.count(0), idleTimeoutSeconds=common.seconds()),
        rollOnChange=boolean(),
        extraArgs=common.words(),
        env=common.environment(),
        volumes=common.volumes(),
        volumeMounts=common.volume_mounts(),
        resources=embed("ResourceRequirements"),
        probes=settings(path=text(), **{kind: common.probe(kind) for kind in ("startup", "liveness", "readiness")}),
        drainSeconds=common.seconds(),
        minReadySeconds=common.seconds(),
        lifecycle=embed("Lifecycle"),
        **common.scheduling(),
    )
