"""`modelGroupDefaults` and `modelGroups`: a group, and the defaults of all groups."""

from __future__ import annotations

from harness.presets import presets
from harness.schema import common, routing
from harness.schema.dsl import (
    Schema,
    boolean,
    described,
    either,
    listing,
    mapping,
    obj,
    optional,
    reference,
    settings,
    text,
)
from harness.schema.kubernetes import ACCESS_MODES, PROTOCOLS, QUANTITY, VOLUME_MODES, embed

DIGEST = "^(sha256:[0-9a-f]{64})?$"
PORT_NAME = "^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$"


def image() -> Schema:
    return either(
        text(),
        settings(
            registry=described("Registry put before the repository.", text()),
            repository=described("The image's repository; empty is the engine's own.", text()),
            tag=described("Tag; empty is the one beside the image.", common.word()),
            digest=described("Digest (sha256:...), instead of the tag.", text(pattern=DIGEST)),
            pullPolicy=described(
                "When a node queries the registry; empty is Always for the tag latest, IfNotPresent for any other.",
                common.pull_policy(),
            ),
        ),
    )


def additional_port() -> Schema:
    return obj(
        name=described("Name of the port; one named metrics is scraped.", text(pattern=PORT_NAME)),
        containerPort=described("Port inside the pod.", common.port()),
        servicePort=described("Port on the Service; the same if it is left out.", optional(common.port())),
        protocol=described("Its protocol, TCP if it is left out.", optional(text(*PROTOCOLS))),
    )


def persistent_volume() -> Schema:
    """What a volume needs is checked where groups are complete; that of a disabled group may be unfinished."""
    return obj(
        name=described("Name of the volume; its claim is named <release>-inference-stack-<group>-<name>.", text()),
        size=described("Requested size of the claim.", QUANTITY),
        mountPath=described("Where the engine finds it.", text()),
        storageClass=described('Storage class; "" is the cluster\'s default, "-" none.', optional(text())),
        storageClassName=described("Storage class, if storageClass is empty.", optional(text())),
        accessModes=described(
            "How nodes may mount it; ReadWriteOnce if it is left out.", optional(listing(text(*ACCESS_MODES)))
        ),
        subPath=described("Directory of the volume that is mounted, instead of all of it.", optional(text())),
        readOnly=described("Mount it read-only.", optional(boolean())),
        existingClaim=described("A claim that is there already, instead of one of the chart's.", optional(text())),
        keep=described("Leave the claim behind when the release is uninstalled.", optional(boolean())),
        labels=described("Labels of the claim.", optional(common.strings())),
        annotations=described("Annotations of the claim.", optional(common.strings())),
        selector=described("Labels of the volumes that the claim may be bound to.", embed("LabelSelector")),
        volumeMode=described("Filesystem, or Block for a raw device at mountPath.", optional(text(*VOLUME_MODES))),
    )


def schema() -> Schema:
    """One group, or the defaults of all."""
    return settings(
        enabled=boolean(),
        engine=text("", *presets()),
        image=image(),
        tag=common.word(),
        **routing.endpoint(),
        balancing=text("service", "perReplica"),
        command=common.words(),
        args=common.words(),
        containerPort=common.port(),
        additionalPorts=listing(additional_port()),
        service=settings(type=text(*common.SERVICE_TYPES), port=common.port(), annotations=common.strings()),
        replicaCount=common.count(0),
        podDisruptionBudget=common.disruption_budget(),
        strategy=embed("DeploymentStrategy"),
        spareGPUs=common.count(0),
        loadSeconds=common.seconds(),
        progressDeadlineSeconds=common.seconds(),
        drainSeconds=common.seconds(),
        lifecycle=embed("Lifecycle"),
        resources=embed("ResourceRequirements"),
        sharedMemory=QUANTITY,
        env=common.environment(),
        envFrom=listing(reference("EnvFromSource")),
        persistentVolumes=listing(persistent_volume()),
        podsShareNode=boolean(),
        volumes=common.volumes(),
        volumeMounts=common.volume_mounts(),
        initContainers=listing(reference("Container")),
        startupProbe=common.probe(),
        livenessProbe=common.probe(),
        readinessProbe=common.probe(),
        metricsPath=text(),
        serviceAccount=common.service_account(),
        podSecurityContext=embed("PodSecurityContext"),
        securityContext=embed("SecurityContext"),
        podAnnotations=common.strings(),
        podLabels=common.strings(),
        imagePullSecrets=common.pull_secrets(),
        **common.scheduling(),
        runtimeClassName=text(),
        schedulerName=text(),
    )


def groups() -> Schema:
    """The groups by name. Null takes away one that the chart brings along."""
    return mapping(reference("modelGroup"))
