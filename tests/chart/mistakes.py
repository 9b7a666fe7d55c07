"""Typos and wrong types: one for each of the chart's own objects, and for each Kubernetes type in its values.

`pytest -v tests/chart/test_helms.py -k mistake` lists them, with each Helm that refuses them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.schema.hints import CAMEL_CASE, HINTS, sentence

MISSPELT = """
onwarsd
onwards.replicas
onwards.image.repo
onwards.imagePullSecrets.0.nam
onwards.serviceAccount.annotation
onwards.service.ports
onwards.loadBalancer.nameOverride
onwards.metrics.enable
onwards.metrics.service.nodePort
onwards.fallback.retries
onwards.fallback.backoff.initial
onwards.httpPool.maxIdle
onwards.probes.livenessProbe
onwards.probes.startup.periodSecond
onwards.resources.limit
onwards.env.0.valuFrom
onwards.volumes.0.secrets
onwards.volumeMounts.0.path
modelGroupDefaults.replicas
modelGroupDefaults.image.repositry
modelGroups.a.limit
modelGroups.a.image.repo
modelGroups.a.apiKey.secret
modelGroups.a.additionalPorts.0.prot
modelGroups.a.service.prot
modelGroups.a.dynamicAdapter
modelGroups.a.minReadySecond
modelGroups.a.autoscaling.externl
modelGroups.a.autoscaling.schedule.0.begin
modelGroups.a.autoscaling.behavior.scaleDwn
prometheus.serverAdress
prometheus.authenticationRef.nme
prometheus.recordd
modelGroups.a.hub.endpont
modelGroups.a.hub.token.kye
modelGroups.a.prefetch.enabld
modelGroupDefaults.hub.endpont
modelGroupDefaults.hub.token.kye
modelGroupDefaults.prefetch.enabld
modelGroups.a.persistentVolumes.0.nam
modelGroups.a.persistentVolumes.0.selector.matchLabel
modelGroups.a.serviceAccount.named
modelGroups.a.strategy.rolling
modelGroups.a.strategy.rollingUpdate.surge
modelGroups.a.lifecycle.prestop
modelGroups.a.lifecycle.preStop.execute
modelGroups.a.lifecycle.preStop.sleep.second
modelGroups.a.resources.request
modelGroups.a.resources.claims.0.nam
modelGroups.a.env.0.valueFrom.secretRef
modelGroups.a.env.0.valueFrom.secretKeyRef.secret
modelGroups.a.env.0.valueFrom.configMapKeyRef.keys
modelGroups.a.env.0.valueFrom.fieldRef.path
modelGroups.a.env.0.valueFrom.resourceFieldRef.resources
modelGroups.a.envFrom.0.secret
modelGroups.a.envFrom.0.secretRef.nam
modelGroups.a.envFrom.0.configMapRef.key
modelGroups.a.volumes.0.emptydir
modelGroups.a.volumes.0.emptyDir.size
modelGroups.a.volumes.0.configMap.files
modelGroups.a.volumes.0.secret.name
modelGroups.a.volumes.0.hostPath.paths
modelGroups.a.volumes.0.nfs.host
modelGroups.a.volumes.0.persistentVolumeClaim.claim
modelGroups.a.volumes.0.csi.drivers
modelGroups.a.volumes.0.projected.source
modelGroups.a.volumes.0.projected.sources.0.secrets
modelGroups.a.volumes.0.ephemeral.volumeClaimTemplate.spec.accessMode
modelGroups.a.volumeMounts.0.mountpath
modelGroups.a.initContainers.0.arguments
modelGroups.a.initContainers.0.ports.0.prot
modelGroups.a.initContainers.0.securityContext.priviledged
modelGroups.a.startupProbe.periodSecond
modelGroups.a.livenessProbe.httpGet.url
modelGroups.a.livenessProbe.httpGet.httpHeaders.0.nam
modelGroups.a.readinessProbe.tcpSocket.prot
modelGroups.a.readinessProbe.exec.cmd
modelGroups.a.readinessProbe.grpc.prot
modelGroups.a.podSecurityContext.runAsUsr
modelGroups.a.podSecurityContext.seccompProfile.types
modelGroups.a.podSecurityContext.seLinuxOptions.lvl
modelGroups.a.podSecurityContext.sysctls.0.nam
modelGroups.a.securityContext.capabilities.dropp
modelGroups.a.imagePullSecrets.0.secret
modelGroups.a.tolerations.0.operater
modelGroups.a.affinity.nodeAfinity
modelGroups.a.affinity.nodeAffinity.required
modelGroups.a.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchExpression
modelGroups.a.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchFields.0.val
modelGroups.a.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.wieght
modelGroups.a.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm.topology
modelGroups.a.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchExpressions.0.op
modelGroups.a.topologySpreadConstraints.0.maxskew
externalProviders.a.urls
externalProviders.a.apiKey.keys
onwards.clientKeys.a.apiKey.keys
routes.a.strategi
routes.a.fallback.maxAttempt
routes.a.loadAware.latencyBudget
routes.a.fallback.backoff.initialMillisecond
onwards.clientKeys.a.label
httpRoute.hostnam
httpRoute.parentRefs.0.nam
httpRoute.timeouts.requests
onwards.autoscaling.target
onwards.podDisruptionBudget.min
modelGroups.a.podDisruptionBudget.max
onwards.clientKeys.a.secret
onwards.clientKeys.a.apiKey.secretName
externalProviders.a.baseUrl
externalProviders.a.apiKey.secret
routes.a.retries
modelGroups.a.reasoningTranslation.completions
modelGroups.a.reasoningTranslation.chat_completions.write
modelGroups.a.reasoningTranslation.chat_completions.writes.0.path
externalProviders.a.reasoningTranslation.completions
externalProviders.a.reasoningTranslation.chat_completions.write
externalProviders.a.reasoningTranslation.chat_completions.writes.0.path
externalProviders.a.reasoningTranslation.responses.write
externalProviders.a.reasoningTranslation.responses.writes.0.path
modelGroups.a.reasoningTranslation.responses.write
modelGroups.a.reasoningTranslation.responses.writes.0.path
routes.a.reasoningTranslation.completions
routes.a.reasoningTranslation.chat_completions.write
routes.a.reasoningTranslation.chat_completions.writes.0.path
routes.a.reasoningTranslation.responses.write
routes.a.reasoningTranslation.responses.writes.0.path
routes.a.fallback.status
routes.a.fallback.backoff.initial
httpRoute.gateways
httpRoute.parentRefs.0.section
httpRoute.timeouts.backend
networkPolicy.metricsFrom.0.podSelecter
onwards.lifecycle.prestop
modelGroups.a.responseHeader
ingress.class
ingress.hosts.0.hostname
ingress.hosts.0.paths.0.type
ingress.tls.0.secret
networkPolicy.gateway
networkPolicy.onwards.ingres
networkPolicy.onwards.ingress.0.form
networkPolicy.modelGroups.a.egress.0.prots
networkPolicy.modelGroups.a.ingress.0.ports.0.endport
networkPolicy.modelGroups.a.ingress.0.from.0.podSelecter
networkPolicy.modelGroups.a.ingress.0.from.0.ipBlock.cird
tests.enable
serviceMonitor.intervall
prometheusRule.enable
prometheusRule.alerts.disable
prometheusRule.slo.availabilty
dashboards.folder
tracing.sampler
images.requireDigests
serviceMonitor.bearerTokenSecret.secret
"""
TYPOS = MISSPELT.strip().splitlines()

WRONG: dict[str, Any] = {
    "nameOverride": 1,
    "commonLabels": ["a"],
    "imagePullSecrets": "registry",
    "onwards.replicaCount": "three",
    "onwards.service.type": "Clusterip",
    "onwards.service.port": 70000,
    "onwards.image.digest": "latest",
    "onwards.strictMode": "yes",
    "onwards.fallback.onStatus": 502,
    "modelGroups.a.enabled": "true",
    "modelGroups.a.engine": "vLLM",
    "modelGroups.a.weight": 0,
    "modelGroups.a.containerPort": "http",
    "modelGroups.a.sharedMemory": "8 GB",
    "modelGroups.a.image.pullPolicy": "always",
    "modelGroups.a.env": {"HF_TOKEN": "x"},
    "modelGroups.a.nodeSelector.gpu": ["l4"],
    "modelGroups.a.strategy.type": "Rolling",
    "modelGroups.a.persistentVolumes.0.accessModes.0": "RWO",
    "modelGroups.a.persistentVolumes.0.size": "100GiB",
    "modelGroups.a.resources.limits.memory": "16G B",
    "modelGroups.a.tolerations.0.effect": "noSchedule",
    "modelGroups.a.tolerations.0.operator": "Exist",
    "modelGroups.a.initContainers.0.imagePullPolicy": "Allways",
    "modelGroups.a.initContainers.0.restartPolicy": "always",
    "modelGroups.a.livenessProbe.httpGet.scheme": "https",
    "modelGroups.a.livenessProbe.type": "grpc",
    "modelGroups.a.additionalPorts.0.protocol": "tcp",
    "modelGroups.a.additionalPorts.0.name": "a_name",
    "modelGroups.a.topologySpreadConstraints.0.whenUnsatisfiable": "Ignore",
    "modelGroups.a": [],
    "modelGroups.a.balancing": "perPod",
    "modelGroups.a.reasoningTranslation": "thoughts",
    "externalProviders.a.url": "api.example.com",
    "externalProviders.a.preset": "openAI",
    "externalProviders.a.priority": -1,
    "routes.a.strategy": "round-robin",
    "onwards.clientKeys.a.requestsPerSecond": 5.5,
    "httpRoute.timeouts.request": "forever",
    "ingress.hosts.0": "a.example",
    "ingress.hosts.0.paths.0.pathType": "prefix",
    "networkPolicy.onwards.policyTypes.0": "ingress",
    "serviceMonitor.interval": "30 s",
    "serviceMonitor.kind": "Podmonitor",
    "prometheusRule.slo.availability": 100,
    "prometheusRule.slo.firstTokenSeconds": 5,
    "tracing.sampleRatio": 10,
    "images.digests.busybox": "1.37",
}


def nested(path: str, value: Any) -> Any:
    """Values with this value at a path; a 0 in the path is the only item of a list."""
    for part in reversed(path.split(".")):
        value = [value] if part == "0" else {part: value}
    return value


def pointer(path: str) -> str:
    return "".join(f"/{part}" for part in path.split(".")) if path else ""


def places(path: str) -> list[str]:
    """The paths of an object of `modelGroupDefaults`: there, and in a group."""
    group = f"modelGroups.a{path.removeprefix('modelGroupDefaults')}"
    return [path, group] if path.startswith("modelGroupDefaults") else [path.replace("NAME", "a")]


SPELLINGS = ("modelgroups", "onwards.replica_count", "modelGroups.a.model-alias", "ingress.classname")

HINTED = {
    **{
        f"{place}.{word}".lstrip("."): sentence(meant)
        for path, hints in HINTS.items()
        for meant, words in hints.items()
        for word in words.split()
        for place in places(path)
    },
    **dict.fromkeys(SPELLINGS, CAMEL_CASE),
}
"""Keys of other charts and other spellings, as paths of values, and the hint for each."""


@dataclass(frozen=True)
class Mistake:
    """Values, the path of the error, and the key that it names ("" if the value at the path is wrong)."""

    values: Any
    place: str
    key: str = ""


def misspelt(path: str) -> Mistake:
    """An unknown key is reported at its parent's path; one with a hint is reported at its own."""
    parent, _, key = path.rpartition(".")
    values = nested(path, None)
    return Mistake(values, pointer(path)) if path in HINTED else Mistake(values, pointer(parent), key)


REFUSED = {
    **{path: misspelt(path) for path in TYPOS},
    **{f"{path}={json.dumps(value)}": Mistake(nested(path, value), pointer(path)) for path, value in WRONG.items()},
}
