"""Values as people write them, and as nobody should: what the chart takes or refuses, but never chokes on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.presets import images
from tests.chart.all_options import SIDECAR
from tests.invariants import GIVEN

Values = dict[str, Any]

ODD_STRINGS = (
    *(
        "",
        " ",
        "007",
        "1e3",
        "0x10",
        "12:30",
        "1.10",
        "true",
        "null",
        "~",
        "on",
        "-",
        "--",
        "#",
        "é",
        "模型",
        "🚀",
        "a b",
    ),
    *("'", '"', "\\", "a: b", "- a", "{{ .Values }}", "${X}", "@key:a@", "line\nline\n", "\ttab", "x" * 300),
)
"""Texts that YAML, templates, shells or Kubernetes could take for something else."""

GROUP_NAMES = (
    "a",
    "b",
    "vllm-llama",
    "llama-70b",
    "0",
    "1e3",
    "x" * 63,
    f"{'x' * 62}y",
    "onwards-a",
    "model.with.dots",
)
ODD_NAMES = (
    "",
    "A",
    "true",
    "null",
    "onwards",
    "onwards-loadbalancer",
    "onwards-test",
    "模型",
    "a b",
    "-a",
    "a-",
    "x" * 64,
    'a"b',
    "a: b",
)

IMAGES = {
    "vllm": "vllm/vllm-openai",
    "sglang": "lmsysorg/sglang",
    "tensorrt-llm": "nvcr.io/nvidia/tensorrt-llm/release",
    "triton": str(images()["triton"]),
    "triton-openai": "registry.example/tritonserver-openai",
    "llama-cpp": "ghcr.io/ggml-org/llama.cpp",
    "custom": "localhost:5000/server",
}

COMMANDS: tuple[list[Any], ...] = (
    ["vllm", "serve", "org/m"],
    ["vllm", "serve", "--model", "org/m", "--port", 8123],
    ["python3", "-m", "vllm.entrypoints.openai.api_server", "--model=org/m", "--served-model-name", "a", "b"],
    ["python3", "-m", "sglang.launch_server", "--model-path", "org/m", "--tp", 2],
    ["trtllm-serve", "org/m", "--host", "0.0.0.0"],
    ["tritonserver", "--model-repository=/models", "--http-port", "8005"],
    ["/app/llama-server", "-hf", "org/m:Q4_K_M", "--alias", "x,y"],
    ["bash", "-c", "exec vllm serve org/m --port 8124"],
    ["/server"],
    ["--model", "org/m"],
    [],
)


TWENTY = st.integers(0, 19)
"""What decides whether something rare is drawn."""


def few(choices: SearchStrategy[Any], most: int = 3, unique: bool = False) -> SearchStrategy[list[Any]]:
    return st.lists(choices, max_size=most, unique=unique)


def some_of(fields: dict[str, SearchStrategy[Any]], most: int) -> SearchStrategy[dict[str, Any]]:
    """A few of the fields, each now and then null, which removes it.

    It is made once and drawn from often: making a strategy inside another one's draw takes longer than the draw.
    """
    names = few(st.sampled_from(sorted(fields)), most, unique=True)

    @st.composite
    def drawn(draw: st.DrawFn) -> dict[str, Any]:
        return {name: None if draw(TWENTY) == 7 else draw(fields[name]) for name in draw(names)}

    return drawn()


ports = st.sampled_from((1, 80, 3000, 8000, 8001, 8002, 9000, 9090, 30000, 65535))
words = st.sampled_from(
    (
        *ODD_STRINGS,
        "--max-model-len",
        "--port",
        "--port=8200",
        "--served-model-name",
        "--lora-modules",
        "a=b",
        1048576,
        0.9,
        True,
        None,
    )
)
texts = st.sampled_from((*ODD_STRINGS, "plain", 1, 1.5, 1000000, True))
annotation_maps = st.dictionaries(st.sampled_from(("a", "example.com/b", "c.d/e")), texts, max_size=2)
label_maps = st.dictionaries(
    st.sampled_from(("a", "example.com/b")), st.sampled_from(("", "x", "1", 7, True, 1000000)), max_size=2
)
aliases = st.sampled_from((*ODD_STRINGS, "m", "llama", "gpt-4", "org/model", "a.b:c", 1, 70, 1.5))
tags = st.sampled_from(("v1", "latest", "1.10", 1.1, 2024, "24.01-py3"))
digests = st.sampled_from(("", f"sha256:{'0' * 64}"))
quantities = st.sampled_from(("1Gi", "100Gi", "0.5Ti", 1073741824, "1e3"))

resources: SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        side: st.dictionaries(
            st.sampled_from(("cpu", "memory", "nvidia.com/gpu", "amd.com/gpu", "nvidia.com/mig-1g.5gb", "rdma/hca")),
            st.sampled_from((0, 1, 2, 8, "4", "16")),
            max_size=3,
        )
        for side in ("limits", "requests")
    },
)

probes = some_of(
    {
        "enabled": st.booleans(),
        "type": st.sampled_from(("http", "tcp")),
        "path": st.sampled_from(("/", "/health?x=1", "/é")),
        "periodSeconds": st.sampled_from((1, 10)),
        "failureThreshold": st.sampled_from((1, 3, 1000000)),
        "httpGet": st.just({"path": "/x", "port": "http"}),
        "exec": st.just({"command": ["true"]}),
        "successThreshold": st.just(1),
    },
    3,
)

variables = st.one_of(
    st.fixed_dictionaries({"name": st.sampled_from(("A", "HF_HOME", "HOME", "LLAMA_ARG_PORT")), "value": texts}),
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(("A", "HF_TOKEN", "VLLM_API_KEY")),
            "valueFrom": st.just({"secretKeyRef": {"name": "s", "key": "k"}}),
        }
    ),
)

additional_ports = st.fixed_dictionaries(
    {"name": st.sampled_from(("admin", "metrics", "grpc", "http", "x1")), "containerPort": ports},
    optional={"servicePort": ports, "protocol": st.sampled_from(("TCP", "UDP"))},
)

volume_names = st.sampled_from(("cache", "model-cache", "shm", "engine-home", "engine-tmp", "data", "x" * 63))
mount_paths = st.sampled_from(("/cache", "/root/.cache/huggingface", "/models/", "/dev/shm", "/home/engine", "/data"))

claims: SearchStrategy[Any] = st.fixed_dictionaries(
    {"name": volume_names, "mountPath": mount_paths, "size": quantities},
    optional={
        "storageClass": st.sampled_from(("", "-", "fast")),
        "accessModes": st.sampled_from((["ReadWriteOnce"], ["ReadWriteMany"], ["ReadOnlyMany"], ["ReadWriteOncePod"])),
        "subPath": st.just("sub"),
        "existingClaim": st.sampled_from(("", f"{GIVEN}claim")),
        "keep": st.booleans(),
        "labels": label_maps,
        "annotations": annotation_maps,
        "volumeMode": st.sampled_from(("Filesystem", "Block")),
        "readOnly": st.booleans(),
    },
)

accounts = some_of(
    {"create": st.booleans(), "name": st.sampled_from(("", f"{GIVEN}account")), "annotations": annotation_maps}, 3
)

image_maps = st.fixed_dictionaries(
    {},
    optional={
        "registry": st.sampled_from(("", "registry.example", "registry.example:5000/")),
        "repository": st.sampled_from(("", *IMAGES.values())),
        "tag": tags,
        "digest": digests,
        "pullPolicy": st.sampled_from(("", "Always", "Never")),
    },
)

budgets = some_of(
    {
        "enabled": st.booleans(),
        "minAvailable": st.sampled_from(("", 0, 1, "2", "50%", "100%")),
        "maxUnavailable": st.sampled_from(("", 0, 1, "2", "0%", "34%")),
    },
    2,
)

PASSED_ON: dict[str, SearchStrategy[Any]] = {
    "nodeSelector": st.sampled_from(({}, {"gpu": "h100"}, {"kubernetes.io/hostname": "n1"})),
    "tolerations": st.sampled_from(([], [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}])),
    "affinity": st.sampled_from(({}, {"nodeAffinity": {}})),
    "topologySpreadConstraints": st.just(
        [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]
    ),
    "priorityClassName": st.sampled_from(("", "high")),
    "imagePullSecrets": few(st.sampled_from(("s", {"name": "s"}, {"name": "t"}))),
    "podAnnotations": annotation_maps,
    "podLabels": label_maps,
    "annotations": annotation_maps,
    "labels": label_maps,
    "containers": st.sampled_from(([], [{"name": "log", **SIDECAR}])),
    "podSpec": st.sampled_from(({}, {"hostAliases": [{"ip": "192.0.2.7", "hostnames": ["a.example"]}]})),
    "podSecurityContext": st.sampled_from(({}, {"fsGroup": 2000}, {"runAsUser": 0, "runAsNonRoot": False})),
    "securityContext": st.sampled_from(({}, {"runAsUser": 1000}, {"privileged": True})),
    "drainSeconds": st.sampled_from((0, 30, "900", 86400)),
    "replicaCount": st.sampled_from((0, 1, 2, 100)),
    "podDisruptionBudget": budgets,
    "env": few(variables),
    "serviceAccount": accounts,
}
"""What the gateway and a group have in common."""

keys = st.one_of(st.sampled_from(("", "sk", 7)), st.just({"name": f"{GIVEN}keys", "key": "k"}), st.just({"name": "s"}))

ENDPOINT: dict[str, SearchStrategy[Any]] = {
    "weight": st.sampled_from((1, 2, 100)),
    "priority": st.sampled_from((0, 1, 10, "2")),
    "concurrencyLimit": st.sampled_from((0, 1, 1000000)),
    "requestTimeoutSeconds": st.sampled_from((0, 30, "600")),
    "apiKeyHeader": st.sampled_from(("", "api-key", "authorization")),
    "apiKeyPrefix": st.sampled_from(("", "Token ", 'é"')),
    "responseHeaders": annotation_maps,
    "reasoningTranslation": st.sampled_from(
        ("", "enable_thinking", {"chat_completions": {"unsupported_efforts": [], "writes": []}})
    ),
}
"""What a group and an external provider have in common."""

PROVIDER: dict[str, SearchStrategy[Any]] = {
    **ENDPOINT,
    "enabled": st.booleans(),
    "preset": st.sampled_from(("", "openai", "azure-openai", "groq")),
    "url": st.sampled_from(("", "https://api.example.com/v1", "http://a.example:8080", "a.example", 7)),
    "modelAlias": st.one_of(st.lists(aliases, max_size=3), aliases),
    "modelName": st.sampled_from(("", "gpt-x", 4)),
    "apiKey": keys,
}

limits = {
    "requestsPerSecond": st.sampled_from((0, 1, "5")),
    "burst": st.sampled_from((0, 10)),
    "concurrencyLimit": st.sampled_from((0, 3)),
}
clients = some_of(
    {
        **limits,
        "apiKey": keys,
        "labels": label_maps,
        "allowedAliases": st.sampled_from(([], ["m"], "m", ["nobody"])),
    },
    4,
)
route_values = some_of(
    {
        **limits,
        "strategy": st.sampled_from(("", "weighted", "priority")),
        "fallback": some_of({"enabled": st.booleans(), "onStatus": st.just([429]), "maxAttempts": st.just(2)}, 2),
        "allowedKeys": st.sampled_from(([], ["a"], "b", ["nobody"])),
        "reasoningTranslation": st.sampled_from(("", "thinking")),
    },
    3,
)

GROUP: dict[str, SearchStrategy[Any]] = {
    **PASSED_ON,
    "engine": st.sampled_from(("", *IMAGES)),
    "image": st.one_of(st.sampled_from(("", *IMAGES.values())), image_maps),
    "tag": tags,
    "modelName": st.sampled_from((*ODD_STRINGS, "org/m", "/models/a", "/models/a.gguf", 7)),
    **ENDPOINT,
    "balancing": st.sampled_from(("service", "perReplica")),
    "apiKey": st.one_of(texts, st.just({"name": f"{GIVEN}keys", "key": "k"}), st.just({"name": f"{GIVEN}keys"})),
    "command": st.sampled_from(COMMANDS),
    "args": few(words),
    "containerPort": ports,
    "basePath": st.sampled_from(("/v1", "/v3", "/")),
    "additionalPorts": few(additional_ports, 2),
    "service": some_of(
        {
            "type": st.sampled_from(("ClusterIP", "NodePort", "LoadBalancer")),
            "port": ports,
            "targetPort": st.sampled_from(("", "http", 9000, "9000")),
            "annotations": annotation_maps,
            "labels": label_maps,
            "sessionAffinity": st.sampled_from(("ClientIP", "None")),
        },
        2,
    ),
    "strategy": st.sampled_from(({}, {"type": "Recreate"}, {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})),
    "spareGPUs": st.sampled_from((0, 1, 8)),
    "loadSeconds": st.sampled_from((0, 60, "600", 86400)),
    "progressDeadlineSeconds": st.sampled_from((0, 100000)),  # a shorter one is kept, and noted
    "lifecycle": st.sampled_from(({}, {"preStop": {"exec": {"command": ["sleep", "5"]}}})),
    "resources": resources,
    "sharedMemory": st.sampled_from(("", "2Gi")),
    "envFrom": st.just([{"configMapRef": {"name": "settings"}}]),
    "persistentVolumes": few(claims, 2),
    "podsShareNode": st.booleans(),
    "volumes": st.sampled_from(([], [{"name": "data", "emptyDir": {}}])),
    "initContainers": few(
        st.just({"name": "init", "image": "busybox:1.37", "resources": {"limits": {"nvidia.com/gpu": 1}}}), 1
    ),
    "startupProbe": probes,
    "livenessProbe": probes,
    "readinessProbe": probes,
    "metricsPath": st.sampled_from(("", "/m")),
    "runtimeClassName": st.sampled_from(("", "nvidia")),
    "schedulerName": st.sampled_from(("", "volcano")),
}


GROUP_FIELDS = some_of(GROUP, 6)
ENGINES = st.sampled_from(tuple(IMAGES))
QUARTER = st.integers(0, 3)
ODD_ALIASES = st.one_of(few(aliases), aliases)


@st.composite
def group(draw: st.DrawFn) -> Values:
    """A group that is complete but for what null, oddity or chance takes from it."""
    engine = draw(ENGINES)
    complete = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m", "engine": engine, "image": IMAGES[engine]}
    chosen = draw(GROUP_FIELDS)
    if draw(QUARTER) == 0:
        chosen["modelAlias"] = draw(ODD_ALIASES)
    if {"volumes", "persistentVolumes"} <= chosen.keys():
        del chosen["volumes"]
    return {**complete, **chosen}


GATEWAY: dict[str, SearchStrategy[Any]] = {
    **PASSED_ON,
    "image": some_of(
        {"registry": st.just("r.example"), "repository": st.just("onwards"), "tag": tags, "digest": digests}, 2
    ),
    "service": some_of(
        {
            "type": st.sampled_from(("ClusterIP", "NodePort", "LoadBalancer")),
            "port": ports,
            "nodePort": st.sampled_from((0, 30080)),
            "annotations": annotation_maps,
        },
        3,
    ),
    "loadBalancer": some_of(
        {
            "enabled": st.booleans(),
            "port": ports,
            "nameOverwrite": st.sampled_from(("", "lb")),
            "annotations": annotation_maps,
        },
        3,
    ),
    "containerPort": ports,
    "metrics": some_of(
        {"enabled": st.booleans(), "port": ports, "prefix": texts, "service": some_of({"port": ports}, 1)}, 3
    ),
    "autoscaling": some_of(
        {
            "enabled": st.just(True),
            "minReplicas": st.sampled_from((1, 2, "3")),
            "maxReplicas": st.sampled_from((1, 2, 100)),
            "targetCPUUtilizationPercentage": st.sampled_from((1, 80, 1000)),
            "behavior": st.sampled_from(({}, {"scaleDown": {"stabilizationWindowSeconds": 60}})),
        },
        4,
    ),
    "strictMode": st.booleans(),
    "clientKeys": st.dictionaries(st.sampled_from(("a", "b", "A b")), clients, max_size=2),
    "lifecycle": st.sampled_from(({}, {"preStop": {"exec": {"command": ["true"]}}})),
    "fallback": some_of({"enabled": st.booleans(), "onStatus": st.just([500, 502]), "maxAttempts": st.just(1)}, 2),
    "httpPool": some_of({"maxIdlePerHost": st.integers(0, 4), "idleTimeoutSeconds": st.integers(0, 60)}, 2),
    "extraArgs": few(st.sampled_from(("--watch", "--port", "--port=1", "-f", 7, "é"))),
    "probes": some_of({"path": st.just("/x"), "startup": probes, "liveness": probes, "readiness": probes}, 2),
    "resources": resources,
}

RELEASE: dict[str, SearchStrategy[Any]] = {
    "nameOverride": st.sampled_from(("", "n", "x" * 63)),
    "fullnameOverride": st.sampled_from(("", "f", "x" * 53, "x" * 63, "y" * 200)),
    "global": st.sampled_from(({}, {"imageRegistry": "mirror.example"}, {"imagePullSecrets": ["s"]}, {"other": 1})),
    "commonLabels": label_maps,
    "commonAnnotations": annotation_maps,
    "imagePullSecrets": few(st.sampled_from(("s", {"name": "t"}))),
    "configMaps": st.dictionaries(
        st.sampled_from(("files", "templates", "onwards")),
        st.dictionaries(
            st.sampled_from(("a.txt", "b")), st.one_of(texts, st.just({"a": [1]}), st.just([1])), max_size=2
        ),
        max_size=2,
    ),
    "ingress": some_of(
        {
            "enabled": st.just(True),
            "className": st.sampled_from(("", "nginx")),
            "annotations": annotation_maps,
            "hosts": few(
                st.sampled_from(({}, {"host": "a.example"}, {"host": "b.example", "paths": [{"path": "/x"}]})), 2
            ),
            "tls": st.just([{"secretName": "tls", "hosts": ["a.example"]}]),
        },
        4,
    ),
    "externalProviders": st.dictionaries(st.sampled_from(("p", "q", "P_")), some_of(PROVIDER, 6), max_size=2),
    "routes": st.dictionaries(st.sampled_from(("m", "org/model", "nobody")), route_values, max_size=2),
    "httpRoute": some_of(
        {
            "enabled": st.just(True),
            "parentRefs": st.sampled_from(([], [{"name": "g"}, {"name": "h", "namespace": "n", "port": 443}])),
            "annotations": annotation_maps,
            "hostnames": st.sampled_from(([], ["a.example"])),
            "paths": st.sampled_from(([], ["/v1"], ["/"])),
            "timeouts": some_of({"request": st.just("1h")}, 1),
        },
        4,
    ),
    "networkPolicy": some_of(
        {
            "enabled": st.booleans(),
            "metricsFrom": st.sampled_from(([], [{"namespaceSelector": {}}])),
            "onwards": st.just({"policyTypes": ["Ingress"], "ingress": [{}]}),
            "modelGroups": st.sampled_from(({}, {"a": {"policyTypes": ["Egress"]}}, {"missing": {"ingress": []}})),
        },
        3,
    ),
    "serviceMonitor": some_of(
        {
            "enabled": st.just(True),
            "namespace": st.sampled_from(("", "monitoring")),
            "labels": label_maps,
            "annotations": annotation_maps,
            "interval": st.sampled_from(("15s", "1m")),
            "tlsConfig": st.just({"insecureSkipVerify": True}),
            "bearerTokenSecret": st.sampled_from(({}, {"name": "s", "key": "k"})),
        },
        4,
    ),
}

names = st.sampled_from(GROUP_NAMES)
odd_names = st.sampled_from(ODD_NAMES)


@st.composite
def group_names(draw: st.DrawFn) -> str:
    return draw(odd_names if draw(TWENTY) == 7 else names)


GROUPS = st.dictionaries(group_names(), group(), max_size=2)
GROUP_DEFAULTS = some_of(GROUP, 2)
GATEWAY_FIELDS = some_of(GATEWAY, 3)
RELEASE_FIELDS = some_of(RELEASE, 2)


@st.composite
def values(draw: st.DrawFn) -> Values:
    """A whole set of values: mostly one that works, often one that cannot."""
    drawn = draw(RELEASE_FIELDS)
    if draw(st.booleans()):
        drawn["onwards"] = draw(GATEWAY_FIELDS)
    drawn["modelGroups"] = draw(GROUPS)
    if draw(QUARTER) == 0:
        drawn["modelGroupDefaults"] = draw(GROUP_DEFAULTS)
    return drawn
