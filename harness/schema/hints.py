"""Hints for keys of other charts and of Kubernetes.

A closed object reports any other key only as not allowed. With a hint, Helm prints `did you mean replicaCount?`: a
`const` that no value meets. It is in `patternProperties`, so that editors do not offer the wrong word. Each object has
one more for its own keys in another spelling (replicacount, replica_count, replica-count): only one, since Helm
compiles every expression at every render.

The words are those of Kubernetes' objects, of `helm create`, and of the values of vLLM's production stack, llm-d,
KubeAI, NIM, Triton and KServe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from harness.schema.dsl import Schema
from harness.schema.kubernetes import ours

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
        "modelGroups": "engines groups model modelGroup models modelSpec modelSpecs servingEngineSpec",
        "modelGroups.NAME.engine": "engine",
        "modelGroups.NAME.modelAlias": "alias aliases modelAlias servedModelName",
        "modelGroups.NAME.modelName": "modelId modelName modelUri modelUrl modelURI modelURL",
        "modelGroups.NAME.persistentVolumes": "persistence persistentVolumes pvc storage",
        "networkPolicy": "NetworkPolicy networkPolicies",
        "onwards": "Onwards gateway proxy router routerSpec",
        "onwards.autoscaling": "autoscaling hpa",
        "onwards.clientKeys": "apiKeys clientKeys keys",
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
        "modelGroupDefaults.nodeSelector or onwards.nodeSelector": "nodeSelector",
        "modelGroupDefaults.podSecurityContext or onwards.podSecurityContext": "podSecurityContext",
        "modelGroupDefaults.runtimeClassName": "runtimeClassName",
        "modelGroupDefaults.tolerations or onwards.tolerations": "tolerations",
        "serviceMonitor": "ServiceMonitor monitoring podMonitor prometheus",
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
        "args": "arguments engineArgs extraArgs vllmConfig",
        "concurrencyLimit": "maxConcurrency",
        "containerPort": "port targetPort",
        "engine": "backend framework inferenceEngine runtime",
        "env": f"{POD['env']} hf_token hfToken",
        "envFrom": "extraEnvFrom",
        "image": "imageName",
        "initContainers": "extraInitContainers initContainer",
        "metricsPath": "metrics",
        "modelAlias": "alias aliases modelAliases servedModelName servedModelNames",
        "modelName": "hfModel model modelId modelUri modelUrl modelURI modelURL uri",
        "persistentVolumes": "persistence persistentVolume persistentVolumeClaims pvc pvcs pvcStorage storage",
        "resources.limits.nvidia.com/gpu": "gpu gpuCount gpus numGpus requestGPU tensorParallelSize",
        "resources.requests.cpu": "requestCPU",
        "resources.requests.memory": "requestMemory",
        "requestTimeoutSeconds": "requestTimeout timeout",
        "runtimeClassName": "runtimeClass",
        "sharedMemory": "sharedMemorySize shm shmSize",
        "startupProbe or livenessProbe or readinessProbe": "probes",
        "strategy": "deploymentStrategy updateStrategy",
        "tag": "imageTag version",
    },
    "modelGroupDefaults.image": IMAGE,
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

A key is one of that object, a path below it, or one at the top level; ` or ` stands between several. A list's item is
0, and what the user names is NAME (Helm 3.13 would print <name> escaped). The words of a group stand below
modelGroupDefaults.
"""

CAMEL_CASE = "did you mean it in camelCase, as in values.yaml?"


def sentence(meant: str) -> str:
    """The hint for a word that means this key."""
    return f"did you mean {meant}?"


def add(schema: Schema) -> Schema:
    """The schema of all values, with the hints of each of the chart's own objects."""
    added: Schema = json.loads(json.dumps(schema))  # a copy whose parts are not shared
    for path, each in objects(added):
        patterns = {_pattern(words.split()): sentence(meant) for meant, words in HINTS.get(path, {}).items()}
        if spellings := [spelling for key in each["properties"] if (spelling := misspelling(key))]:
            patterns[_pattern(spellings)] = CAMEL_CASE
        if patterns:
            each["patternProperties"] = {pattern: {"const": hint} for pattern, hint in patterns.items()}
    return added


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
