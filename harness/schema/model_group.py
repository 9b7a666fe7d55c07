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
    open_map,
    optional,
    reference,
    settings,
    text,
)
from harness.schema.kubernetes import (
    ACCESS_MODES,
    MOUNT_PATH,
    PORT_NAME,
    PROTOCOLS,
    QUANTITY,
    SIZE,
    SUB_PATH,
    VOLUME_MODES,
    embed,
)

KINDS = ("chat", "embedding", "rerank", "audio", "images")
NO_OPTION = "the name of an option, without leading dashes, and its value behind the colon"
OPTION = "^-?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
DIGEST = "^(sha256:[0-9a-f]{64})?$"
CRON = r"^\S+( +\S+){4}$"
TIMEZONE = r"^([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?$"
BASE_PATH = "^/[-A-Za-z0-9._~/]*$"


def image() -> Schema:
    return either(
        common.image_part(),
        settings(
            registry=described("Registry, prefixed to the repository.", common.image_part()),
            repository=described("Repository; empty is the engine's own image.", common.image_part()),
            tag=described("Tag; empty uses the group's tag.", common.tag()),
            digest=described("Digest (sha256:...), overrides the tag.", text(pattern=DIGEST)),
            pullPolicy=described(
                "Pull policy; empty is Always for the tag latest, else IfNotPresent.",
                common.pull_policy(),
            ),
        ),
    )


def additional_port() -> Schema:
    return obj(
        name=described(
            "Name of the port; a port named metrics is scraped.", {**text(pattern=PORT_NAME), "maxLength": 15}
        ),
        containerPort=described("Port of the pod.", common.port()),
        servicePort=described("Port of the Service; empty is containerPort.", optional(common.port())),
        protocol=described("Protocol; empty is TCP.", optional(text(*PROTOCOLS))),
        **common.patch(),
    )


def persistent_volume() -> Schema:
    """No key is required here: templates check enabled groups after merging, and a disabled one may be incomplete."""
    return obj(
        name=described("Name of the volume; its claim is named <release>-inference-stack-<group>-<name>.", text()),
        size=described("Requested size of the claim.", SIZE),
        mountPath=described("Mount path in the engine's container.", text(pattern=MOUNT_PATH)),
        storageClass=described('Storage class; "" is the cluster\'s default, "-" none.', optional(text())),
        storageClassName=described("Alias of storageClass, which takes precedence.", optional(text())),
        accessModes=described("Access modes; empty is ReadWriteOnce.", optional(listing(text(*ACCESS_MODES)))),
        subPath=described("Directory of the volume to mount, instead of its root.", optional(text(pattern=SUB_PATH))),
        readOnly=described("Mount it read-only.", optional(boolean())),
        existingClaim=described("Name of an existing claim; the chart creates none.", optional(text())),
        keep=described("Retain the claim when the release is uninstalled.", optional(boolean())),
        labels=described("Labels of the claim.", optional(common.object_labels())),
        annotations=described("Annotations of the claim.", optional(common.object_annotations())),
        selector=described("Label selector of the volumes that the claim may bind to.", embed("LabelSelector")),
        volumeMode=described("Filesystem, or Block for a raw device at mountPath.", optional(text(*VOLUME_MODES))),
        **common.patch(),
    )


def autoscaling() -> Schema:
    time = settings(
        start=described("When it begins (cron).", text(pattern=CRON)),
        end=described("When it ends (cron).", text(pattern=CRON)),
        timezone=described("Time zone, such as Europe/Berlin; empty is Etc/UTC.", text(pattern=TIMEZONE)),
        replicas=described("Least number of pods between; empty is 1.", common.count(1)),
    )
    return settings(
        enabled=boolean(),
        external=boolean(),
        provider=text("", "keda", "hpa"),
        minReplicas=common.count(0),
        maxReplicas=common.count(1),
        by=text("requests", "queue", "kvCache", "cpu"),
        target=common.count(0),
        startSeconds=common.seconds(),
        idleSeconds=common.seconds(),
        schedule=listing(time),
        metrics=listing(reference("MetricSpec")),
        triggers=listing(open_map()),  # KEDA's own, of which each type has other fields
        behavior=embed("HorizontalPodAutoscalerBehavior"),
        spec=open_map(),
    )


def schema() -> Schema:
    """One group, or the defaults of all."""
    return settings(
        enabled=boolean(),
        engine=text("", *presets()),
        engineVersion=common.word(),
        kind=text("", *KINDS),
        adapters=mapping(optional(common.word())),
        dynamicAdapters=boolean(),
        hub=settings(endpoint=text(pattern=routing.URL), token=routing.secret_reference(), offline=boolean()),
        prefetch=settings(enabled=boolean(), job=boolean(), resources=embed("ResourceRequirements")),
        image=image(),
        tag=common.tag(),
        **routing.endpoint(),
        balancing=text("service", "perReplica"),
        command=common.words(),
        args=common.words(),
        engineArgs={"type": "object", "patternProperties": {OPTION: {}}, "additionalProperties": {"const": NO_OPTION}},
        containerPort=common.port(),
        basePath=text(pattern=BASE_PATH),
        additionalPorts=listing(additional_port()),
        service=common.service(type=text(*common.SERVICE_TYPES)),
        replicaCount=common.count(0),
        nodes=common.count(1),
        autoscaling=autoscaling(),
        podDisruptionBudget=common.disruption_budget(),
        strategy=embed("DeploymentStrategy"),
        spareGPUs=common.count(0),
        loadSeconds=common.seconds(),
        minReadySeconds=common.seconds(),
        progressDeadlineSeconds=common.seconds(),
        drainSeconds=common.seconds(),
        lifecycle=embed("Lifecycle"),
        resources=embed("ResourceRequirements"),
        sharedMemory=QUANTITY,
        env=common.environment(),
        envFrom=listing(reference("EnvFromSource")),
        persistentVolumes=listing(persistent_volume()),
        podsShareNode=boolean(),
        files=mapping({}),
        volumes=common.volumes(),
        volumeMounts=common.volume_mounts(),
        initContainers=listing(reference("Container")),
        startupProbe=common.probe("startup"),
        livenessProbe=common.probe("liveness"),
        readinessProbe=common.probe("readiness"),
        metricsPath=text(pattern="^(/|$)"),
        serviceAccount=common.service_account(),
        metadataServer=boolean(),
        podSecurityContext=embed("PodSecurityContext"),
        securityContext=embed("SecurityContext"),
        **common.pod(),
        resourceClaims=listing(reference("PodResourceClaim")),
        imagePullSecrets=common.pull_secrets(),
        **common.scheduling(),
        runtimeClassName=text(),
        schedulerName=text(),
    )


def groups() -> Schema:
    """The groups by name. Null removes a default one."""
    return mapping(reference("modelGroup"))
