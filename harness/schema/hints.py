"""Hints for keys of other charts and of Kubernetes, and words for what a value has to be.

A closed object reports any other key only as not allowed. With a hint, Helm prints `did you mean replicaCount?`: a
`const` that no value meets. It is in `patternProperties`, so that editors do not offer the wrong word. Each object has
one more for its own keys in another spelling (replicacount, replica_count, replica-count): only one, since Helm
compiles every expression at every render.

A value that does not match an expression would be printed, with the expression. Instead it is held against it in an
`if`, whose `else` is such a `const`: `value must be 'a quantity such as 16Gi'`, and nothing of the value is shown.

The words are those of Kubernetes' objects, of `helm create`, and of the values of vLLM's production stack, llm-d,
KubeAI, NIM, Triton and KServe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from harness.schema import common, http_route, kubernetes, model_group, prometheus, routing, service_monitor
from harness.schema.dsl import Schema, types_of
from harness.schema.kubernetes import MARK, PORT_NAME, QUANTITY, ours

IMAGE = {
    "repository": "name repo image",
    "tag": "version imageTag",
    "digest": "sha sha256",
    "pullPolicy": "policy imagePullPolicy",
}
POD = {
    "drainSeconds": "gracePeriod gracePeriodSeconds terminationGracePeriod terminationGracePeriodSeconds",
    "image.pullPolicy": "imagePullPolicy pullPolicy",
    "image.repository": "repository imageRepository",
    "imagePullSecrets": "imagePullSecret pullSecrets",
    "containers": "extraContainers sidecars",
    "podDisruptionBudget": "pdb",
    "podSpec": "extraPodSpec dnsConfig dnsPolicy hostAliases hostIPC hostNetwork hostPID shareProcessNamespace",
    "priorityClassName": "priorityClass",
    "replicaCount": "replica replicas numReplicas minReplicas",
    "resources.limits": "limits",
    "resources.requests": "requests",
    "service.port": "servicePort",
    "service.type": "serviceType",
    "serviceAccount.name": "serviceAccountName",
    "volumeMounts": "extraVolumeMounts",
    "volumes": "extraVolumes",
    "env": "environment envVars extraEnv extraEnvVars",
    "ingress at the top level": "ingress",
    "networkPolicy at the top level": "networkPolicy",
    "serviceMonitor at the top level": "serviceMonitor",
}
ACCOUNT = {"name": "serviceAccountName"}

HINTS: Mapping[str, Mapping[str, str]] = {
    "": {
        "commonAnnotations": "annotations",
        "commonLabels": "labels extraLabels additionalLabels",
        "configMaps": "configMap extraConfigMaps",
        "extraObjects": "extraDeploy extraManifests",
        "externalProviders": "backends externalProvider providers upstreams",
        "fullnameOverride": "fullNameOverride",
        "httpRoute": "HTTPRoute httpRoutes",
        "imagePullSecrets": "imagePullSecret pullSecrets",
        "ingress": "Ingress ingresses",
        "modelGroupDefaults": "defaults groupDefaults modelDefaults modelGroupDefault modelGroupsDefaults",
        "modelGroups": "engines groups llm model modelGroup models modelSpec modelSpecs servingEngineSpec sglang vllm",
        "modelGroups.NAME.args": (
            "args command contextLength dtype lora loraModules loras maxModelLen max_model_len quantization vllmConfig"
        ),
        "modelGroups.NAME.engine": "engine",
        "modelGroups.NAME.modelAlias": "alias aliases modelAlias servedModelName",
        "modelGroups.NAME.modelName": "modelId modelName modelUri modelUrl modelURI modelURL",
        "modelGroups.NAME.persistentVolumes": "persistence persistentVolumes pvc storage",
        "modelGroups.NAME.resources": "gpu gpuCount gpus numGpus",
        "networkPolicy": "NetworkPolicy networkPolicies",
        "onwards": "Onwards gateway proxy router routerSpec",
        "onwards.autoscaling": "autoscaling hpa",
        "onwards.clientKeys": "apiKey apiKeys clientKeys keys",
        "onwards.image or modelGroups.NAME.image": "image",
        "onwards.loadBalancer": "loadBalancer",
        "onwards.metrics": "metrics",
        "onwards.replicaCount or modelGroups.NAME.replicaCount": "replicaCount replicas",
        "onwards.resources or modelGroups.NAME.resources": "resources",
        "onwards.service": "service",
        "onwards.serviceAccount or modelGroupDefaults.serviceAccount": "serviceAccount",
        "onwards.strictMode": "strictMode",
        "modelGroupDefaults.affinity or onwards.affinity": "affinity",
        "modelGroupDefaults.env or onwards.env": "env envVars extraEnv extraEnvVars",
        "modelGroupDefaults.env": "hfToken hf_token huggingfaceToken token",
        "modelGroupDefaults.nodeSelector or onwards.nodeSelector": "nodeSelector",
        "modelGroupDefaults.podSecurityContext or onwards.podSecurityContext": "podSecurityContext",
        "modelGroupDefaults.runtimeClassName": "runtimeClassName",
        "modelGroupDefaults.tolerations or onwards.tolerations": "tolerations",
        "dashboards": "dashboard grafana grafanaDashboards",
        "prometheusRule": "PrometheusRule alerts prometheusRules rules",
        "serviceMonitor": "ServiceMonitor monitoring podMonitor",
    },
    "onwards": {
        **POD,
        "autoscaling": "hpa",
        "clientKeys": "apiKeys keys",
        "containerPort": "listenPort targetPort",
        "extraArgs": "args extraFlags",
        "fallback": "failover retries retry",
        "image.tag": "imageTag tag version",
        "metrics": "prometheus",
        "probes": "healthCheck probe",
        "probes.liveness": "livenessProbe",
        "probes.readiness": "readinessProbe",
        "probes.startup": "startupProbe",
        "service.nodePort": "nodePort",
        "service.port": "port servicePort",
        "strictMode": "strict",
        "modelGroups at the top level": "modelGroups models",
    },
    "onwards.autoscaling": {
        "maxReplicas": "max",
        "minReplicas": "min",
        "targetCPUUtilizationPercentage": "targetCPU targetCPUUtilization",
    },
    "onwards.clientKeys.NAME": {
        "allowedAliases": "aliases allowedModels models",
        "apiKey": "key secret secretRef",
        "requestsPerSecond": "rateLimit rps",
    },
    "onwards.image": IMAGE,
    "onwards.serviceAccount": ACCOUNT,
    "onwards.service": {"port": "servicePort", "type": "serviceType"},
    "onwards.loadBalancer": {"nameOverwrite": "name nameOverride"},
    "onwards.fallback": {"maxAttempts": "attempts maxRetries retries", "onStatus": "retryOn statusCodes statuses"},
    "onwards.fallback.backoff": {"initialMilliseconds": "initial initialMs", "maxMilliseconds": "max maxMs"},
    "onwards.httpPool": {"idleTimeoutSeconds": "idleTimeout timeout", "maxIdlePerHost": "maxIdle"},
    "onwards.probes": {
        "liveness": "livenessProbe",
        "readiness": "readinessProbe",
        "startup": "startupProbe",
    },
    "modelGroupDefaults": {
        **POD,
        "additionalPorts": "extraPorts ports",
        "apiKey": "apiKeySecret vllmApiKey",
        "autoscaling": "hpa keda scaling",
        "args": "arguments extraArgs vllmConfig",
        "args: [--max-model-len, NUMBER]": "contextLength contextSize ctxSize maxModelLen max_model_len",
        "args: [--quantization, METHOD]": "quantization quantize",
        "args: [--dtype, TYPE]": "dtype",
        "args: [--gpu-memory-utilization, SHARE]": "gpuMemoryUtilization gpu_memory_utilization",
        "args: [--max-num-seqs, NUMBER]": "maxNumSeqs max_num_seqs",
        "args: [--trust-remote-code]": "trustRemoteCode trust_remote_code",
        "args: [--chat-template, FILE]": "chatTemplate chat_template",
        "args: [--enable-prefix-caching]": "enablePrefixCaching enable_prefix_caching",
        "adapters": "enableLoRA enableLora lora loraAdapters loraModules loras",
        "concurrencyLimit": "maxConcurrency",
        "containerPort": "port targetPort",
        "engine": "backend framework inferenceEngine runtime",
        "env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: SECRET, key: KEY}}}]": (
            "hfToken hfTokenSecret hf_token huggingfaceToken token"
        ),
        "envFrom": "extraEnvFrom",
        "image": "imageName",
        "initContainers": "extraInitContainers initContainer",
        "metricsPath": "metrics",
        "modelAlias": "alias aliases modelAliases servedModelName servedModelNames",
        "modelName": "hfModel model modelId modelUri modelUrl modelURI modelURL uri",
        "persistentVolumes": "persistence persistentVolume persistentVolumeClaims pvc pvcs pvcStorage storage",
        "resources.limits.nvidia.com/gpu": (
            "gpu gpuCount gpus numGpus requestGPU tensorParallelSize tensor_parallel_size"
        ),
        "resources.limits.memory": "memory",
        "resources.requests.cpu": "cpu requestCPU",
        "resources.requests.memory": "requestMemory",
        "requestTimeoutSeconds": "requestTimeout timeout",
        "runtimeClassName": "runtimeClass",
        "sharedMemory": "sharedMemorySize shm shmSize",
        "startupProbe or livenessProbe or readinessProbe": "probes",
        "strategy": "deploymentStrategy updateStrategy",
        "tag": "imageTag version",
    },
    "modelGroupDefaults.image": IMAGE,
    "modelGroupDefaults.autoscaling": {
        "idleSeconds": "cooldownPeriod idleTimeout",
        "maxReplicas": "max maxReplicaCount",
        "minReplicas": "min minReplicaCount",
        "provider": "backend type",
        "target": "threshold targetValue",
    },
    "modelGroupDefaults.serviceAccount": ACCOUNT,
    "modelGroupDefaults.service": {"port": "servicePort", "targetPort": "target", "type": "serviceType"},
    "modelGroupDefaults.apiKey": {"key": "secretKey", "name": "existingSecret secret secretName"},
    "modelGroupDefaults.additionalPorts.0": {"containerPort": "port targetPort"},
    "modelGroupDefaults.persistentVolumes.0": {
        "accessModes": "accessMode",
        "existingClaim": "claimName existingPvc pvcName",
        "mountPath": "path",
        "size": "capacity storage",
        "storageClass": "class",
    },
    "externalProviders.NAME": {
        "apiKey": "key secret secretRef",
        "modelAlias": "alias aliases",
        "modelName": "model",
        "preset": "provider type",
        "requestTimeoutSeconds": "requestTimeout timeout",
        "url": "baseURL baseUrl endpoint host",
    },
    "routes.NAME": {
        "allowedKeys": "apiKeys keys",
        "fallback": "failover retries retry",
        "requestsPerSecond": "rateLimit rps",
    },
    "httpRoute": {"hostnames": "host hostname hosts", "parentRefs": "gateway gateways parentRef", "paths": "path"},
    "ingress": {"className": "class ingressClass ingressClassName", "hosts": "host hostname hostnames path paths"},
    "ingress.hosts.0": {"host": "hostname name", "paths": "path"},
    "ingress.hosts.0.paths.0": {"pathType": "type"},
    "ingress.tls.0": {"hosts": "host", "secretName": "secret"},
    "networkPolicy": {
        "modelGroups": "engines groups models",
        "onwards": "gateway router",
        "onwards or modelGroups.NAME": "egress ingress policyTypes",
    },
    "serviceMonitor": {
        "bearerTokenSecret": "bearerToken",
        "interval": "scrapeInterval",
        "labels": "additionalLabels",
        "scrapeTimeout": "timeout",
        "tlsConfig": "tls",
    },
    "serviceMonitor.bearerTokenSecret": {"name": "secret secretName"},
}
"""For each of the chart's own objects: the key that is meant, and the words for it.

A key is one of that object, a path below it, or one at the top level, and may be followed by a value (`args: [...]`);
` or ` stands between several. A list's item is
0, and what the user names is NAME (Helm 3.13 would print <name> escaped). The words of a group stand below
modelGroupDefaults.
"""

CAMEL_CASE = "did you mean it in camelCase, as in values.yaml?"


NAMED_KEY = "a name of letters, digits, -, _ and ., or such a one behind a domain and /"

FORMS: Mapping[str, str] = {
    str(QUANTITY["pattern"]): "a quantity such as 16Gi, 500m or 4",
    str(common.count(0)["pattern"]): "a whole number",
    str(common.count(1)["pattern"]): "a whole number of at least 1",
    str(common.port()["pattern"]): "a port from 1 to 65535",
    str(common.count_or_percentage()["pattern"]): "a number, or a percentage such as 25%",
    str(kubernetes.GIVEN_QUANTITY["pattern"]): "a quantity such as 16Gi, 500m or 4",
    str(kubernetes.GIVEN_SIZE["pattern"]): "a quantity above 0, such as 16Gi, 500m or 4",
    kubernetes.ADDRESS: "an IP address",
    kubernetes.ADDRESS_OR_NONE: "an IP address, or None",
    kubernetes.RANGE: "a range of addresses such as 10.0.0.0/8",
    kubernetes.NAME: "a name of lower-case letters, digits and -",
    kubernetes.OBJECT_NAME: "a name of lower-case letters, digits, - and .",
    kubernetes.LABEL_KEY: NAMED_KEY,
    kubernetes.ANNOTATION_KEY: NAMED_KEY,
    kubernetes.LABEL_VALUE: "letters, digits, -, _ and ., with a letter or digit at both ends",
    kubernetes.IN_VOLUME: "a path inside the volume, without / in front and without ..",
    kubernetes.ON_NODE: "a path without ..",
    kubernetes.FIELD: "a field of the pod such as metadata.name or status.podIP",
    kubernetes.RESOURCE: "a resource: cpu, memory, ephemeral-storage, or a device such as nvidia.com/gpu",
    kubernetes.DIVISOR: "a unit: 1, 1m, 1k, 1Mi, 1Gi or another",
    kubernetes.RESOURCE_FIELD: "a resource of the container such as limits.memory",
    model_group.DIGEST: "a digest, sha256: and 64 hexadecimal digits",
    common.TARGET_PORT: "the number of a port, or a container's name for it",
    PORT_NAME: "a name of up to 15 lower-case letters, digits and -",
    routing.URL: "a base URL such as https://api.example.com/v1",
    **dict.fromkeys((routing.HEADER, kubernetes.HEADER_NAME), "the name of a header: letters, digits and -"),
    routing.ONE_LINE: "text on one line",
    routing.REASONING: "enable_thinking or thinking",
    routing.EFFORT_TARGET: "a place that the gateway writes to, such as /reasoning_effort",
    model_group.CRON: "five fields of cron, such as 0 8 * * 1-5",
    model_group.TIMEZONE: "a time zone such as Europe/Berlin",
    http_route.DURATION: "a duration such as 30s",
    service_monitor.DURATION: "a duration such as 30s",
    prometheus.LABEL: "a label of Prometheus: letters, digits and _",
    **dict.fromkeys(("^/", "^(/|$)"), "a path that begins with /"),
    "^[0-9]*$": "a port",
    "^([A-Za-z_:][A-Za-z0-9_:]*)?$": "the beginning of a metric's name: letters, digits and _",
}
"""What the text of a value has to be, by its expression."""
OTHER_FORM = "text of the form that docs/values.md names"

LISTS: Mapping[str, str] = {
    "args": "a list such as [--max-model-len, 8192]",
    "env": "a list such as [{name: NAME, value: VALUE}]",
    "persistentVolumes": "a list such as [{name: model-cache, size: 100Gi, mountPath: /cache}]",
    "tolerations": "a list such as [{key: KEY, operator: Exists}]",
    "volumeMounts": "a list such as [{name: NAME, mountPath: /path}]",
}
"""What a key that takes a list has to be, where an example says more than LIST."""
LIST = "a list: a - before each item"

NAMED: Mapping[str, str] = {
    "modelGroups": "indent this below the name of a group",
    "externalProviders": "indent this below the name of a provider",
    "routes": "indent this below an alias",
    "configMaps": "indent this below the name of a ConfigMap",
    "onwards.clientKeys": "a client is a map such as {apiKey: {name: SECRET, key: KEY}}",
}
"""Maps whose keys the user chooses: what is said of a value in them that is no map."""
MAP = "a map, with the name of each as its key; not a list"

BELOW_LIMITS = "indent this below limits"
BACKSLASH = r"\\"
NO_BACKSLASH = "write this key without backslashes, which are for --set only"


def unshared(schema: Schema) -> Schema:
    """A copy to change: parts of a schema are constants, or stand in several places."""
    copy: Schema = json.loads(json.dumps(schema))
    return copy


def sentence(meant: str) -> str:
    """The hint for a word that means this key."""
    return f"did you mean {meant}?"


def add(schema: Schema) -> Schema:
    """The schema of all values, with the hints of each of the chart's own objects."""
    added = unshared(schema)
    for path, each in objects(added):
        patterns = {_pattern(words.split()): sentence(meant) for meant, words in HINTS.get(path, {}).items()}
        if spellings := [spelling for key in each["properties"] if (spelling := misspelling(key))]:
            patterns[_pattern(spellings)] = CAMEL_CASE
        if patterns:
            each["patternProperties"] = {pattern: {"const": hint} for pattern, hint in patterns.items()}
    for path, each in objects(added):
        for key, below in each["properties"].items():
            _say_shapes(f"{path}.{key}".lstrip("."), below)
    return added


def otherwise(schema: Schema, condition: Schema, words: str) -> None:
    """Print these words where a value does not meet the condition."""
    schema.update({"if": condition, "else": {"const": words}})


def instead_of_type(schema: Schema, words: str) -> None:
    """Print these words in place of `got object, want array`; Helm says no more of a value once its type is wrong."""
    otherwise(schema, {"type": schema.pop("type")}, words)


def _say_shapes(path: str, schema: Schema) -> None:
    """What is said of a map for a list, of a list for a map, and of keys that stand at the wrong depth."""
    if "array" in types_of(schema):
        instead_of_type(schema, LISTS.get(path.rpartition(".")[2], LIST))
    if path in NAMED:
        instead_of_type(schema, MAP)
    each = schema.get("additionalProperties")
    if isinstance(each, dict) and path in NAMED and "$ref" not in each:
        instead_of_type(each, NAMED[path])
    elif isinstance(each, dict) and "string" in types_of(each):
        schema["patternProperties"] = {BACKSLASH: {"const": NO_BACKSLASH}}
    if schema.get("$comment") == f"{MARK} ResourceRequirements":
        schema["patternProperties"] = {"/|^(cpu|gpus?|memory|ephemeral-storage)$": {"const": BELOW_LIMITS}}
        for kind in ("limits", "requests"):
            schema["properties"][kind]["patternProperties"] = {BACKSLASH: {"const": NO_BACKSLASH}}


def say_forms(node: object) -> None:
    """Say what the text of a value has to be, in place of its expression."""
    if isinstance(node, dict):
        _say_names(node)
        for below in node.values():
            say_forms(below)
        if isinstance(pattern := node.get("pattern"), str) and "if" not in node:
            del node["pattern"]
            otherwise(node, {"pattern": pattern}, FORMS.get(pattern, OTHER_FORM))
    elif isinstance(node, list):
        for below in node:
            say_forms(below)


def _say_names(schema: Schema) -> None:
    """Say what a key of a map has to be, and where: of `propertyNames` Helm names no path."""
    names = schema.get("propertyNames")
    if isinstance(names, dict) and (pattern := names.get("pattern")):
        del schema["propertyNames"]
        each = schema["additionalProperties"]
        schema["patternProperties"] = {**schema.get("patternProperties", {}), pattern: each}
        schema["additionalProperties"] = {"const": FORMS.get(pattern, OTHER_FORM)}


def objects(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """The chart's own objects and their paths."""
    below = {}
    if ours(schema):
        yield path, schema
        below = schema["properties"]
    if "items" in schema:
        below = {**below, "0": schema["items"]}
    if isinstance(schema.get("additionalProperties"), dict):
        below = {**below, "NAME": schema["additionalProperties"]}
    for name, each in below.items():
        yield from objects(each, f"{path}.{name}".lstrip("."))


def misspelling(key: str) -> str:
    """An expression for a key of several words without its capital letters, also with - or _ between; "" for others.

    A key that has a _ itself, as Onwards' own have, is no misspelling.
    """
    if "_" in key:
        return ""
    parts = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", key)
    return "[-_]?".join(part.lower() for part in parts) if len(parts) > 1 else ""


def _pattern(expressions: Sequence[str]) -> str:
    return f"^({'|'.join(expressions)})$" if len(expressions) > 1 else f"^{expressions[0]}$"
