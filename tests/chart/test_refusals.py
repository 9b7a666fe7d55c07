"""Values that cannot work: what is said, word for word, and the neighbour that is accepted."""
# ruff: noqa: E501 - the texts stand here as they are printed

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Protocol

import pytest

from harness.helm import KUBE_VERSION, Helm, HelmError
from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import bare, one
from tests.chart.validation import effective, validator
from tests.support import Render, Values

GROUP = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
VOLUME = {"name": "v", "size": "1Gi", "mountPath": "/v"}
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}


def two(**groups: dict[str, Any]) -> dict[str, Any]:
    """Values with these groups, whose names have hyphens where they have underscores here."""
    return {"modelGroups": {name.replace("_", "-"): {**GROUP, **fields} for name, fields in groups.items()}}


def provider(**fields: Any) -> dict[str, Any]:
    """Values with one outside provider, called p."""
    whole = {"url": "https://api.example.com/v1", "modelAlias": ["m"], **fields}
    return {"externalProviders": {"p": whole}}


def clients(**given: dict[str, Any]) -> dict[str, Any]:
    """Values with one group that serves m, and these clients."""
    return {**one(), "onwards": {"clientKeys": given}}


@dataclass(frozen=True)
class Refusal:
    """Values that are refused with this text, and the nearest that are not."""

    values: Values
    text: str
    accepted: Values
    kubernetes: str = KUBE_VERSION


class SayOn(Protocol):
    """The text that the chart says to these values on a Kubernetes."""

    def __call__(self, values: Values = None, *, sets: Sequence[str] = (), kubernetes: str = KUBE_VERSION) -> str: ...


@pytest.fixture(scope="module")
def refusal(helm: Helm) -> SayOn:
    """What the templates say, also of values that the schema refuses before them."""

    def refused(values: Values = None, *, sets: Sequence[str] = (), kubernetes: str = KUBE_VERSION) -> str:
        layers = [] if values is None else [values]
        with pytest.raises(HelmError) as caught:
            helm.template(ROOT, values=layers, sets=sets, skip_schema=True, kube_version=kubernetes)
        return caught.value.said

    return refused


def problems(said: str) -> list[str]:
    """The problems in what Helm says, each with its fix."""
    _, _, body = said.partition("validate.yaml:1:4): ")
    return [part.strip() for part in body.partition("Use --debug")[0].split("\n\n") if part.strip()]


REFUSALS = {
    "gateway-ports-equal": Refusal(
        {"onwards": {"containerPort": 9090}},
        """
        onwards.metrics.port: 9090 is also onwards.containerPort, and the gateway cannot listen twice on one port.
        Please set:
          onwards:
            metrics:
              port: 9091
        """,
        {"onwards": {"containerPort": 9090, "metrics": {"port": 9091}}},
    ),
    "gateway-service-ports-equal": Refusal(
        {"onwards": {"service": {"port": 9090}}},
        """
        onwards.metrics.service.port: 9090 is also onwards.service.port, and a Service cannot have one port twice.
        Please set:
          onwards:
            metrics:
              service:
                port: 9091
        """,
        {"onwards": {"service": {"port": 9090}, "metrics": {"enabled": False}}},
    ),
    "gateway-flag-of-ours": Refusal(
        {"onwards": {"extraArgs": ["--port=80"]}},
        """
        onwards.extraArgs: --port is always passed by the chart, and the gateway refuses a flag given twice; its value is onwards.containerPort.
        Please set:
          onwards:
            extraArgs: []  # without --port
        """,
        {"onwards": {"extraArgs": ["--watch"]}},
    ),
    "gateway-short-flag-of-ours": Refusal(
        {"onwards": {"extraArgs": ["-f", "x"]}},
        """
        onwards.extraArgs: -f is always passed by the chart, and the gateway refuses a flag given twice.
        Please set:
          onwards:
            extraArgs: []  # without -f
        """,
        {"onwards": {"extraArgs": ["-v"]}},
    ),
    "group-name": Refusal(
        {"modelGroups": {"My_Model": GROUP}},
        """
        modelGroups.My_Model: "My_Model" cannot name a container and a label: up to 63 lower-case letters, digits and -, beginning and ending with a letter or digit (YAML reads a bare on, off, yes or no as true or false).
        Please set:
          modelGroups:
            my-model:
              enabled: true
        """,
        {"modelGroups": {"my-model": GROUP}},
    ),
    "group-name-that-yaml-read": Refusal(
        {"modelGroups": {"true": GROUP}},
        """
        modelGroups.true: "true" cannot name a container and a label: up to 63 lower-case letters, digits and -, beginning and ending with a letter or digit (YAML reads a bare on, off, yes or no as true or false).
        Please set:
          modelGroups:
            my-model:
              enabled: true
        """,
        {"modelGroups": {"on": GROUP}},
    ),
    "group-name-reserved": Refusal(
        {"modelGroups": {"onwards": GROUP}},
        """
        modelGroups.onwards: "onwards" is the name of the gateway's own objects.
        Please set:
          modelGroups:
            onwards-model:
              enabled: true
        """,
        {"modelGroups": {"onwards-model": GROUP}},
    ),
    "group-name-reserved-for-the-load-balancer": Refusal(
        {"modelGroups": {"onwards-loadbalancer": GROUP}},
        """
        modelGroups.onwards-loadbalancer: "onwards-loadbalancer" is the name of the gateway's own objects.
        Please set:
          modelGroups:
            onwards-loadbalancer-model:
              enabled: true
        """,
        {"modelGroups": {"loadbalancer": GROUP}},
    ),
    "unknown-engine": Refusal(
        one(engine="vLLM"),
        """
        modelGroups.a.engine: "vLLM" is not an engine this chart knows; custom takes any OpenAI server as it is.
        Please set:
          modelGroups:
            a:
              engine: vllm  # or sglang, tensorrt-llm, triton, llama-cpp, custom
        """,
        one(engine="vllm"),
    ),
    "unknown-engine-of-all": Refusal(
        {"modelGroupDefaults": {"engine": "tgi"}, **one()},
        """
        modelGroups.a.engine: "tgi" is not an engine this chart knows; custom takes any OpenAI server as it is.
        Please set:
          modelGroups:
            a:
              engine: vllm  # or sglang, tensorrt-llm, triton, llama-cpp, custom
        """,
        {"modelGroupDefaults": {"engine": "sglang"}, **one()},
    ),
    "no-image": Refusal(
        bare(engine="custom"),
        """
        modelGroups.a.image: there is no image, and none follows from the engine, so there is nothing to run.
        Please set:
          modelGroups:
            a:
              image: vllm/vllm-openai
              tag: v0.30.0
        """,
        bare(engine="custom", image="x:1"),
    ),
    "no-image-for-a-command": Refusal(
        bare(command=["/server"]),
        """
        modelGroups.a.image: there is no image, and none follows from the engine, so there is nothing to run.
        Please set:
          modelGroups:
            a:
              image: vllm/vllm-openai
              tag: v0.30.0
        """,
        bare(command=["vllm", "serve", "x"]),
    ),
    "nothing-to-run": Refusal(
        bare(image="vllm/vllm-openai"),
        """
        modelGroups.a.modelName: there is neither a model nor a command, so there is nothing to run.
        Please set:
          modelGroups:
            a:
              modelName: meta-llama/Meta-Llama-3.1-8B-Instruct
        """,
        bare(image="vllm/vllm-openai", args=["--config", "/config.yaml"]),
    ),
    "nothing-to-run-but-a-token": Refusal(
        bare(engine="vllm", env=[{"name": "HF_TOKEN", "value": "x"}]),
        """
        modelGroups.a.modelName: there is neither a model nor a command, so there is nothing to run.
        Please set:
          modelGroups:
            a:
              modelName: meta-llama/Meta-Llama-3.1-8B-Instruct
        """,
        bare(engine="llama-cpp", env=[{"name": "LLAMA_ARG_MODEL", "value": "x"}]),
    ),
    "key-without-its-secret": Refusal(
        one(apiKey={"key": "k"}),
        """
        modelGroups.a.apiKey: a reference needs both the name of a Secret and the key in it.
        Please set:
          modelGroups:
            a:
              apiKey:
                name: engine-keys
                key: k
        """,
        one(apiKey={"name": "s", "key": "k"}),
    ),
    "secret-without-its-key": Refusal(
        one(apiKey={"name": "s"}),
        """
        modelGroups.a.apiKey: a reference needs both the name of a Secret and the key in it.
        Please set:
          modelGroups:
            a:
              apiKey:
                name: s
                key: api-key
        """,
        one(apiKey={}),
    ),
    "token-without-its-key": Refusal(
        {"serviceMonitor": {"enabled": True, "bearerTokenSecret": {"name": "s"}}},
        """
        serviceMonitor.bearerTokenSecret: a reference needs both the name of a Secret and the key in it.
        Please set:
          serviceMonitor:
            bearerTokenSecret:
              name: s
              key: token
        """,
        {"serviceMonitor": {"enabled": True, "bearerTokenSecret": {"name": "s", "key": "token"}}},
    ),
    "model-that-loads-longer-than-it-may": Refusal(
        one(loadSeconds=1205, startupProbe={"periodSeconds": 10, "failureThreshold": 30}),
        """
        modelGroups.a.startupProbe: it gives the engine 300 seconds, but loadSeconds says that the model takes up to 1205, so the kubelet would restart it for ever.
        Please set:
          modelGroups:
            a:
              startupProbe:
                periodSeconds: 10
                failureThreshold: 121
        """,
        one(loadSeconds=1205, startupProbe={"periodSeconds": 10, "failureThreshold": 121}),
    ),
    "rollout-given-up-before-a-start-ends": Refusal(
        one(progressDeadlineSeconds=600),
        """
        modelGroups.a.progressDeadlineSeconds: a rollout would be given up after 600 seconds, but a start may take 1800; leave it out, and it follows the startup probe.
        Please set:
          modelGroups:
            a:
              progressDeadlineSeconds: 2400
        """,
        one(progressDeadlineSeconds=1801),
    ),
    "budget-that-lets-no-pod-go": Refusal(
        one(replicaCount=2, podDisruptionBudget={"minAvailable": "60%"}),
        """
        modelGroups.a.podDisruptionBudget: it lets none of the 2 pods go, so a node that runs one could never be drained.
        Please set:
          modelGroups:
            a:
              podDisruptionBudget:
                minAvailable: ""
                maxUnavailable: 1
        """,
        one(replicaCount=2, podDisruptionBudget={"minAvailable": "50%"}),
    ),
    "budget-of-the-gateway-that-lets-no-pod-go": Refusal(
        {"onwards": {"replicaCount": 3, "podDisruptionBudget": {"maxUnavailable": 0}}},
        """
        onwards.podDisruptionBudget: it lets none of the 3 pods go, so a node that runs one could never be drained.
        Please set:
          onwards:
            podDisruptionBudget:
              minAvailable: ""
              maxUnavailable: 1
        """,
        {"onwards": {"replicaCount": 3, "podDisruptionBudget": {"maxUnavailable": "1%"}}},
    ),
    "budget-said-twice": Refusal(
        one(replicaCount=4, podDisruptionBudget={"minAvailable": 1, "maxUnavailable": 1}),
        """
        modelGroups.a.podDisruptionBudget: Kubernetes takes minAvailable or maxUnavailable, not both.
        Please set:
          modelGroups:
            a:
              podDisruptionBudget:
                minAvailable: ""
                maxUnavailable: 1
        """,
        one(replicaCount=4, podDisruptionBudget={"minAvailable": 3}),
    ),
    "fixed-number-of-pods-with-an-autoscaler": Refusal(
        {"onwards": {"replicaCount": 3, "autoscaling": {"enabled": True}}},
        """
        onwards.replicaCount: it is 3, but the number of pods is the autoscaler's to choose; say the fewest there.
        Please set:
          onwards:
            replicaCount: 1
            autoscaling:
              minReplicas: 3
        """,
        {"onwards": {"autoscaling": {"enabled": True, "minReplicas": 3}}},
    ),
    "autoscaler-with-fewer-at-most-than-at-least": Refusal(
        {"onwards": {"autoscaling": {"enabled": True, "minReplicas": 11}}},
        """
        onwards.autoscaling.maxReplicas: it is 10, less than minReplicas, which is 11.
        Please set:
          onwards:
            autoscaling:
              maxReplicas: 11
        """,
        {"onwards": {"autoscaling": {"enabled": True, "minReplicas": 10}}},
    ),
    "autoscaler-without-a-request": Refusal(
        {"onwards": {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": ""}, "limits": {"cpu": ""}}}},
        """
        onwards.resources.requests: the autoscaler goes by percent of the CPU request, and there is none.
        Please set:
          onwards:
            resources:
              requests:
                cpu: 250m
        """,
        {"onwards": {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": ""}}}},
    ),
    "autoscaler-on-an-old-kubernetes": Refusal(
        {"onwards": {"autoscaling": {"enabled": True}}},
        """
        onwards.autoscaling.enabled: Kubernetes v1.22.17 has no autoscaling/v2, which came with 1.23.
        Please set:
          onwards:
            autoscaling:
              enabled: false
        """,
        {"onwards": {"autoscaling": {"enabled": True}}},
        kubernetes="1.22.17",
    ),
    "fewer-gpus-than-the-command-uses": Refusal(
        one(
            args=["--tensor-parallel-size", 2, "--pipeline-parallel-size=2"],
            resources={"limits": {"nvidia.com/gpu": 2}},
        ),
        """
        modelGroups.a.resources.limits: the command spreads the model over 4 GPUs (tensor times pipeline parallel), but a pod gets 2, so the engine would fail at every start.
        Please set:
          modelGroups:
            a:
              resources:
                limits:
                  nvidia.com/gpu: 4
        """,
        one(
            args=["--tensor-parallel-size", 2, "--pipeline-parallel-size=2", "--nnodes", 2],
            resources={"limits": {"nvidia.com/gpu": 2}},
        ),
    ),
    "surge-that-needs-more-gpus-than-are-spare": Refusal(
        one(resources={"limits": {"nvidia.com/gpu": 4}}, spareGPUs=2),
        """
        modelGroups.a.strategy: an update starts pods that take 4 more GPUs before old ones end, but spareGPUs says that there are 2 to spare, so it would wait for ever.
        Please set:
          modelGroups:
            a:
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxSurge: 0
                  maxUnavailable: 1
        """,
        one(resources={"limits": {"nvidia.com/gpu": 4}}, spareGPUs=4),
    ),
    "larger-surge-than-gpus-are-spare": Refusal(
        one(
            resources={"limits": {"nvidia.com/gpu": 2}},
            spareGPUs=5,
            replicaCount=8,
            strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "40%"}},
        ),
        """
        modelGroups.a.strategy: an update starts pods that take 8 more GPUs before old ones end, but spareGPUs says that there are 5 to spare, so it would wait for ever.
        Please set:
          modelGroups:
            a:
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxSurge: 2
                  maxUnavailable: 0
        """,
        one(
            resources={"limits": {"nvidia.com/gpu": 2}},
            spareGPUs=5,
            replicaCount=8,
            strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
        ),
    ),
    "volume-of-the-gateways-own": Refusal(
        {"onwards": {"volumes": [{"name": "onwards-config", "emptyDir": {}}]}},
        """
        onwards.volumes[0].name: onwards-config is the name of the chart's own volume of this pod.
        Please set:
          onwards:
            volumes:
              - emptyDir: {}
                name: my-onwards-config
        """,
        {"onwards": {"volumes": [{"name": "config", "emptyDir": {}}]}},
    ),
    "volume-of-the-gateway-twice": Refusal(
        {"onwards": {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}},
        """
        onwards.volumes[1].name: a is the name of another volume of this pod.
        Please set:
          onwards:
            volumes:
              - emptyDir: {}
                name: a
              - emptyDir: {}
                name: my-a
        """,
        {"onwards": {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}},
    ),
    "mount-over-the-gateways-configuration": Refusal(
        {
            "onwards": {
                "volumes": [{"name": "a", "emptyDir": {}}],
                "volumeMounts": [{"name": "a", "mountPath": "/app/config/"}],
            }
        },
        """
        onwards.volumeMounts[0].mountPath: /app/config is where the gateway's configuration is mounted.
        Please set:
          onwards:
            volumeMounts:
              - mountPath: /app/config-2
                name: a
        """,
        {
            "onwards": {
                "volumes": [{"name": "a", "emptyDir": {}}],
                "volumeMounts": [{"name": "a", "mountPath": "/app/certificates"}],
            }
        },
    ),
    "mount-path-of-the-gateway-twice": Refusal(
        {
            "onwards": {
                "volumes": [{"name": "a", "emptyDir": {}}],
                "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/a"}],
            }
        },
        """
        onwards.volumeMounts[1].mountPath: /a is where another volume is mounted.
        Please set:
          onwards:
            volumeMounts:
              - mountPath: /a
                name: a
              - mountPath: /a-2
                name: a
        """,
        {
            "onwards": {
                "volumes": [{"name": "a", "emptyDir": {}}],
                "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/b"}],
            }
        },
    ),
    "mount-of-no-volume-of-the-gateway": Refusal(
        {"onwards": {"volumeMounts": [{"name": "a", "mountPath": "/a"}]}},
        """
        onwards.volumeMounts[0].name: there is no volume a in onwards.volumes.
        Please set:
          onwards:
            volumes:
              - emptyDir: {}
                name: a
        """,
        {"onwards": {"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/a"}]}},
    ),
    "mount-of-no-volume": Refusal(
        one(volumeMounts=[{"name": "w", "mountPath": "/w"}], volumes=[{"name": "v", "emptyDir": {}}]),
        """
        modelGroups.a.volumeMounts[0].name: this group has no volume w.
        Please set:
          modelGroups:
            a:
              volumes:
                - emptyDir: {}
                  name: v
                - emptyDir: {}
                  name: w
        """,
        one(volumeMounts=[{"name": "engine-home", "mountPath": "/w"}]),
    ),
    "load-balancer-with-the-name-of-a-group": Refusal(
        {
            "onwards": {"loadBalancer": {"enabled": True, "nameOverwrite": "test-release-inference-stack-a"}},
            **one(),
        },
        """
        onwards.loadBalancer.nameOverwrite: test-release-inference-stack-a is the name of the Service of modelGroups.a.
        Please set:
          onwards:
            loadBalancer:
              nameOverwrite: test-release-inference-stack-a-public
        """,
        {"onwards": {"loadBalancer": {"enabled": True, "nameOverwrite": "a"}}, **one()},
    ),
    "provider-without-a-url": Refusal(
        provider(url=""),
        """
        externalProviders.p.url: there is no URL, and none follows from a preset.
        Please set:
          externalProviders:
            p:
              url: https://api.example.com/v1
        """,
        provider(url="", preset="openai"),
    ),
    "provider-whose-url-is-none": Refusal(
        provider(url="api.example.com:443"),
        """
        externalProviders.p.url: "api.example.com:443" does not begin with http:// or https://, so every request would fail.
        Please set:
          externalProviders:
            p:
              url: https://api.example.com/v1
        """,
        provider(url="http://api.example.com:80"),
    ),
    "provider-below-a-path-outside-strict-mode": Refusal(
        {**provider(url="https://api.example.com/openai/v1"), "onwards": {"strictMode": False}},
        """
        externalProviders.p.url: outside strict mode the gateway adds a request's whole path, /v1 included, to https://api.example.com/openai/v1, and the provider knows no such path.
        Please set:
          onwards:
            strictMode: true
        """,
        {**provider(url="https://api.example.com/v1/"), "onwards": {"strictMode": False}},
    ),
    "provider-without-an-alias": Refusal(
        provider(modelAlias=[], modelName="gpt-x"),
        """
        externalProviders.p.modelAlias: there is no alias, or an empty one, so no request could ask for it.
        Please set:
          externalProviders:
            p:
              modelAlias:
                - gpt-x
        """,
        provider(modelAlias="gpt"),
    ),
    "provider-whose-name-is-none": Refusal(
        {"externalProviders": {"Open_AI": {"preset": "openai", "modelAlias": ["m"]}}},
        """
        externalProviders.Open_AI: "Open_AI" is no name: up to 63 lower-case letters, digits and -, beginning and ending with a letter or digit.
        Please set:
          externalProviders:
            my-name: {}
        """,
        {"externalProviders": {"open-ai": {"preset": "openai", "modelAlias": ["m"]}}},
    ),
    "provider-key-without-its-secret": Refusal(
        provider(apiKey={"key": "k"}),
        """
        externalProviders.p.apiKey: a reference needs both the name of a Secret and the key in it.
        Please set:
          externalProviders:
            p:
              apiKey:
                name: provider-keys
                key: k
        """,
        provider(apiKey={"name": "s", "key": "k"}),
    ),
    "header-that-looks-like-a-placeholder": Refusal(
        one(responseHeaders={"key": "@key:modelGroups.a@"}),
        """
        modelGroups.a.responseHeaders: a text in it begins like the chart's placeholder for a key, @key:, and a key could take its place.
        Please set:
          modelGroups:
            a:
              responseHeaders: null
        """,
        one(responseHeaders={"key": "@ key"}),
    ),
    "client-without-a-key": Refusal(
        clients(team={"apiKey": ""}),
        """
        onwards.clientKeys.team.apiKey: a client without a key could never be told from others.
        Please set:
          onwards:
            clientKeys:
              team:
                apiKey:
                  name: client-keys
                  key: team
        """,
        clients(team={"apiKey": "sk"}),
    ),
    "two-clients-with-one-key": Refusal(
        clients(a={"apiKey": "sk"}, b={"apiKey": "sk"}),
        """
        onwards.clientKeys.b.apiKey: it is also the key of onwards.clientKeys.a, and the gateway knows a client by its key alone.
        Please set:
          onwards:
            clientKeys:
              b:
                apiKey:
                  name: client-keys
                  key: b
        """,
        clients(a={"apiKey": "sk"}, b={"apiKey": "sk2"}),
    ),
    "client-of-an-alias-nobody-serves": Refusal(
        clients(team={"apiKey": "sk", "allowedAliases": ["m", "n"]}),
        """
        onwards.clientKeys.team.allowedAliases: nobody serves the alias "n".
        Please set:
          onwards:
            clientKeys:
              team:
                allowedAliases:
                  - m
        """,
        clients(team={"apiKey": "sk", "allowedAliases": "m"}),
    ),
    "route-of-an-alias-nobody-serves": Refusal(
        {**one(), "routes": {"other": {"strategy": "priority"}}},
        """
        routes.other: nobody serves this alias, so the route would do nothing.
        Please set:
          routes:
            other: null
        """,
        {**one(), "routes": {"m": {"strategy": "priority"}}},
    ),
    "route-for-a-client-that-is-none": Refusal(
        {**one(), "routes": {"m": {"allowedKeys": ["team"]}}},
        """
        routes.m.allowedKeys: there is no client "team" in onwards.clientKeys.
        Please set:
          onwards:
            clientKeys:
              team:
                apiKey:
                  name: client-keys
                  key: team
        """,
        {**clients(team={"apiKey": "sk"}), "routes": {"m": {"allowedKeys": ["team"]}}},
    ),
    "http-route-to-no-gateway": Refusal(
        {"httpRoute": {"enabled": True}},
        """
        httpRoute.parentRefs: a route that is attached to no Gateway lets nobody in.
        Please set:
          httpRoute:
            parentRefs:
              - name: my-gateway
        """,
        {"httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}},
    ),
    "replicas-with-a-name-too-long": Refusal(
        {"fullnameOverride": "x" * 60, **one(balancing="perReplica")},
        f"""
        modelGroups.a.balancing: perReplica makes a StatefulSet, and {"x" * 60}-a is longer than the 52 letters that its pods' labels have room for.
        Please set:
          modelGroups:
            a:
              balancing: service  # or a shorter fullnameOverride
        """,
        {"fullnameOverride": "x" * 50, **one(balancing="perReplica")},
    ),
    "group-with-the-name-of-anothers-replicas": Refusal(
        two(a={"balancing": "perReplica"}, a_replicas={}),
        """
        modelGroups.a-replicas: its Service would be called as the one that gives the replicas of modelGroups.a their addresses.
        Please set:
          modelGroups:
            a:
              balancing: service
        """,
        two(a={"balancing": "perReplica"}, a_copies={}),
    ),
    "ingress-path-twice": Refusal(
        {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}, {"host": "a.example"}]}},
        """
        ingress.hosts: the path /v1 of a.example is there twice, and which one counts depends on the controller.
        Please set:
          ingress:
            hosts:
              - host: a.example
                paths:
                - path: /v1
                  pathType: Prefix
        """,
        {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}, {"host": "b.example"}]}},
    ),
    "an-empty-alias": Refusal(
        one(modelAlias=["", "m"]),
        """
        modelGroups.a.modelAlias: an alias is empty, so no request could ask for it.
        Please set:
          modelGroups:
            a:
              modelAlias:
                - m
        """,
        one(modelAlias=["m"]),
    ),
    "an-alias-of-null": Refusal(
        one(modelAlias=[None]),
        """
        modelGroups.a.modelAlias: an alias is empty, so no request could ask for it.
        Please set:
          modelGroups:
            a:
              modelAlias:
                - a
        """,
        one(modelAlias=[0]),
    ),
    "no-alias": Refusal(
        one(modelAlias=[]),
        """
        modelGroups.a.modelAlias: there is no alias, so no request could ever reach this group.
        Please set:
          modelGroups:
            a:
              modelAlias:
                - m
        """,
        one(modelAlias="m"),
    ),
    "no-alias-and-no-model": Refusal(
        {"modelGroups": {"a": {"enabled": True, "engine": "vllm", "command": ["vllm", "serve", "x"]}}},
        """
        modelGroups.a.modelAlias: there is no alias, so no request could ever reach this group.
        Please set:
          modelGroups:
            a:
              modelAlias:
                - a
        """,
        bare(engine="vllm", command=["vllm", "serve", "x"]),
    ),
    "port-the-command-contradicts": Refusal(
        one(command=["vllm", "serve", "x", "--port", "9"], containerPort=8000),
        """
        modelGroups.a.containerPort: it is 8000, but the command makes the engine listen on 9; leave it out, and it follows the command.
        Please set:
          modelGroups:
            a:
              containerPort: 9
        """,
        one(command=["vllm", "serve", "x", "--port", "9"], containerPort=9),
    ),
    "container-port-twice": Refusal(
        one(additionalPorts=[{"name": "x", "containerPort": 8000, "servicePort": 1}]),
        """
        modelGroups.a.additionalPorts: the containerPort 8000 is taken twice in this group.
        Please set:
          modelGroups:
            a:
              additionalPorts:
                - name: x
                  containerPort: 8001
                  servicePort: 1
        """,
        one(additionalPorts=[{"name": "x", "containerPort": 8000, "servicePort": 1, "protocol": "UDP"}]),
    ),
    "service-port-twice": Refusal(
        one(additionalPorts=[{"name": "x", "containerPort": 1, "servicePort": 8000}]),
        """
        modelGroups.a.additionalPorts: the servicePort 8000 is taken twice in this group.
        Please set:
          modelGroups:
            a:
              additionalPorts:
                - name: x
                  containerPort: 1
                  servicePort: 8001
        """,
        one(additionalPorts=[{"name": "x", "containerPort": 1, "servicePort": 8001}]),
    ),
    "port-name-twice": Refusal(
        one(additionalPorts=[{"name": "http", "containerPort": 1}]),
        """
        modelGroups.a.additionalPorts: the name http is taken twice in this group.
        Please set:
          modelGroups:
            a:
              additionalPorts:
                - name: admin
                  containerPort: 1
                  servicePort: 1
        """,
        one(additionalPorts=[{"name": "http2", "containerPort": 1}]),
    ),
    "volume-without-a-name": Refusal(
        one(persistentVolumes=[{"size": "1Gi", "mountPath": "/v"}]),
        """
        modelGroups.a.persistentVolumes[0].name: a volume needs a name and a path to be mounted at.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - mountPath: /v
                  name: model-cache
                  size: 1Gi
        """,
        one(persistentVolumes=[VOLUME]),
    ),
    "volume-without-a-path": Refusal(
        one(persistentVolumes=[VOLUME, {"name": "w", "size": "1Gi"}]),
        """
        modelGroups.a.persistentVolumes[1].mountPath: a volume needs a name and a path to be mounted at.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - mountPath: /v
                  name: v
                  size: 1Gi
                - mountPath: /cache
                  name: w
                  size: 1Gi
        """,
        one(persistentVolumes=[VOLUME, {"name": "w", "size": "1Gi", "mountPath": "/w"}]),
    ),
    "volume-without-a-size": Refusal(
        one(persistentVolumes=[{"name": "w", "mountPath": "/w"}]),
        """
        modelGroups.a.persistentVolumes[0].size: a claim needs a size, unless existingClaim names one that is there.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - mountPath: /w
                  name: w
                  size: 100Gi
        """,
        one(persistentVolumes=[{"name": "w", "mountPath": "/w", "existingClaim": "c"}]),
    ),
    "volume-name-twice": Refusal(
        one(persistentVolumes=[VOLUME], volumes=[{"name": "v", "emptyDir": {}}]),
        """
        modelGroups.a.persistentVolumes: two volumes of this group are called v.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - mountPath: /v
                  name: v-2
                  size: 1Gi
        """,
        one(persistentVolumes=[VOLUME], volumes=[{"name": "w", "emptyDir": {}}]),
    ),
    "mount-path-twice": Refusal(
        one(persistentVolumes=[VOLUME], volumeMounts=[{"name": "v", "mountPath": "/v/"}]),
        """
        modelGroups.a.persistentVolumes: two volumes of this group are mounted at /v.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - mountPath: /v-2
                  name: v
                  size: 1Gi
        """,
        one(persistentVolumes=[VOLUME], volumeMounts=[{"name": "v", "mountPath": "/w"}]),
    ),
    "several-pods-of-one-node-volume": Refusal(
        one(persistentVolumes=[VOLUME], replicaCount=2),
        """
        modelGroups.a.replicaCount: 2 pods would mount v, whose ReadWriteOnce claim only one node can mount, so those on other nodes would wait for ever.
        Please set:
          modelGroups:
            a:
              persistentVolumes:
                - accessModes:
                  - ReadWriteMany
                  mountPath: /v
                  name: v
                  size: 1Gi
              # or, if the pods share a node: podsShareNode: true
        """,
        one(persistentVolumes=[VOLUME], replicaCount=2, podsShareNode=True),
    ),
    "surge-over-a-one-node-volume": Refusal(
        one(persistentVolumes=[VOLUME], strategy=SURGE),
        """
        modelGroups.a.strategy: a surge starts the new pod while the old one holds v, whose ReadWriteOnce claim only one node can mount, so an update could wait for ever.
        Please set:
          modelGroups:
            a:
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxSurge: 0  # or, if the pods share a node: podsShareNode: true
                  maxUnavailable: 1
        """,
        one(persistentVolumes=[{**VOLUME, "accessModes": ["ReadWriteMany"]}], strategy=SURGE),
    ),
    "claim-of-two-volumes": Refusal(
        two(a={"persistentVolumes": [{**VOLUME, "name": "b-c"}]}, a_b={"persistentVolumes": [{**VOLUME, "name": "c"}]}),
        """
        modelGroups.a-b.persistentVolumes: the claim of volume "c" would be called test-release-inference-stack-a-b-c, as one of modelGroups.a.persistentVolumes already is.
        Please set:
          modelGroups:
            a-b:
              persistentVolumes:
                - mountPath: /v
                  name: c-2
                  size: 1Gi
        """,
        two(a={"persistentVolumes": [{**VOLUME, "name": "b"}]}, a_b={"persistentVolumes": [{**VOLUME, "name": "c"}]}),
    ),
    "account-of-two-groups": Refusal(
        two(a={"serviceAccount": {"name": "x"}}, b={"serviceAccount": {"name": "x"}}),
        """
        modelGroups.b.serviceAccount: the service account x is made by modelGroups.a already; one of them makes it, and the others use it.
        Please set:
          modelGroups:
            b:
              serviceAccount:
                create: false
                name: x
        """,
        two(a={"serviceAccount": {"name": "x"}}, b={"serviceAccount": {"name": "x", "create": False}}),
    ),
    "account-of-the-gateway": Refusal(
        {"onwards": {"serviceAccount": {"name": "x"}}, **one(serviceAccount={"name": "x"})},
        """
        modelGroups.a.serviceAccount: the service account x is made by onwards already; one of them makes it, and the others use it.
        Please set:
          modelGroups:
            a:
              serviceAccount:
                create: false
                name: x
        """,
        {"onwards": {"serviceAccount": {"name": "x"}}, **one(serviceAccount={"name": "x", "create": False})},
    ),
    "config-map-of-the-gateway": Refusal(
        {"configMaps": {"onwards": {}}},
        """
        configMaps.onwards: "onwards" is the name of the gateway's own ConfigMap.
        Please set:
          configMaps:
            my-files: {}
        """,
        {"configMaps": {"onwards-files": {}}},
    ),
    "policy-of-no-group": Refusal(
        {"networkPolicy": {"enabled": True, "modelGroups": {"x": {}}}},
        """
        networkPolicy.modelGroups.x: there is no model group of that name, so the policy would select nothing.
        Please set:
          networkPolicy:
            modelGroups:
              vllm-llama: {}
        """,
        {"networkPolicy": {"enabled": False, "modelGroups": {"x": {}}}},
    ),
    "unknown-key": Refusal(
        {"onwards": {"fallback": {"maxAtempts": 5}}},
        """
        onwards.fallback.maxAtempts: "maxAtempts" is no key of onwards.fallback, so it would change nothing; did you mean maxAttempts?
        Please set:
          onwards:
            fallback:
              maxAttempts: 5
        """,
        {"onwards": {"fallback": {"maxAttempts": 5}}},
    ),
    "unknown-key-of-a-group": Refusal(
        one(nodeselector={"gpu": "l4"}),
        """
        modelGroups.a.nodeselector: "nodeselector" is no key of modelGroups.a, so it would change nothing; did you mean nodeSelector?
        Please set:
          modelGroups:
            a:
              nodeSelector:
                gpu: l4
        """,
        one(nodeSelector={"gpu": "l4"}),
    ),
    "unknown-key-of-the-chart": Refusal(
        {"onwarsd": {"replicaCount": 2}},
        """
        onwarsd: "onwarsd" is no key of the chart, so it would change nothing; did you mean onwards?
        Please set:
          onwards:
            replicaCount: 2
        """,
        {"onwards": {"replicaCount": 2}},
    ),
    "unknown-key-that-is-like-some": Refusal(
        one(modelUri="org/m"),
        """
        modelGroups.a.modelUri: "modelUri" is no key of modelGroups.a, so it would change nothing; there is modelAlias and modelName.
        Please set:
          modelGroups:
            a: {}  # without modelUri
        """,
        one(modelName="org/m"),
    ),
    "unknown-key-that-is-like-none": Refusal(
        {"onwards": {"image": {"platform": "arm64"}}},
        """
        onwards.image.platform: "platform" is no key of onwards.image, so it would change nothing; there is digest, pullPolicy, registry, repository and tag.
        Please set:
          onwards:
            image: {}  # without platform
        """,
        {"onwards": {"image": {"tag": "1"}}},
    ),
}

UNKNOWN = {name for name in REFUSALS if name.startswith("unknown-key")}
"""Cases that are there for those who skip the schema."""


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_it_is_refused_with_its_fix(refusal: SayOn, refused: Refusal) -> None:
    assert problems(refusal(refused.values, kubernetes=refused.kubernetes)) == [dedent(refused.text).strip()]


REFUSED_BY_THE_SCHEMA_TOO = {
    *UNKNOWN,
    "provider-whose-url-is-none",
    "unknown-engine",
    "unknown-engine-of-all",
    "an-alias-of-null",
}


def test_the_schema_leaves_the_rest_to_the_templates() -> None:
    """Their refusals say what to set instead; the schema says only what is wrong."""
    refused = {name for name, each in REFUSALS.items() if not validator().is_valid(effective(each.values))}
    assert refused == REFUSED_BY_THE_SCHEMA_TOO


@pytest.mark.parametrize("refused", REFUSALS.values(), ids=REFUSALS)
def test_its_neighbour_is_accepted(render: Render, refused: Refusal) -> None:
    assert len(render(refused.accepted)) > 0


@pytest.mark.parametrize("name", ["g" * 64, "-a", "a-", "a.b", "a b", "Ä", "A", "null", "true", "false"])
def test_a_name_that_is_no_label_is_refused(refusal: SayOn, name: str) -> None:
    (problem,) = problems(refusal({"modelGroups": {name: GROUP}}))
    assert problem.startswith(f'modelGroups.{name}: "{name}" cannot name a container and a label')


@pytest.mark.parametrize("name", ["g" * 63, "a", "0", "a-b", "1e3", "no"])
def test_a_name_that_is_a_label_is_accepted(render: Render, name: str) -> None:
    assert len(render({"modelGroups": {name: GROUP}})) > 0


def test_all_problems_are_said_at_once_in_the_order_of_their_paths(refusal: SayOn) -> None:
    values = {
        "onwards": {"containerPort": 9090},
        "modelGroups": {"z": {"enabled": True}, "a": {**GROUP, "engine": "x"}, "m": {**GROUP, "modelAlias": []}},
        "configMaps": {"onwards": {}},
    }
    said = problems(refusal(values))
    assert [problem.partition(": ")[0] for problem in said] == [
        "configMaps.onwards",
        "modelGroups.a.engine",
        "modelGroups.m.modelAlias",
        "modelGroups.z.modelAlias",
        "modelGroups.z.modelName",
        "onwards.metrics.port",
    ]


RENAMES = (
    *UNKNOWN,
    "provider-whose-name-is-none",
    "group-name",
    "group-name-that-yaml-read",
    "group-name-reserved",
    "group-name-reserved-for-the-load-balancer",
    "config-map-of-the-gateway",
    "policy-of-no-group",
)
"""A key is to be called otherwise: what stands below it moves, which nothing that is pasted can do."""

PASTED = {name: case for name, case in REFUSALS.items() if name not in RENAMES}


@pytest.mark.parametrize("case", PASTED.values(), ids=PASTED)
def test_the_fix_pasted_over_the_refused_values_ends_the_refusal(helm: Helm, case: Refusal) -> None:
    fix = load(case.text.partition("Please set:")[2])
    assert case.values is not None
    helm.template(ROOT, values=[case.values, fix], skip_schema=True, kube_version=case.kubernetes)


FLAGS = {
    "--targets": "twice.",
    "-f": "twice.",
    "--port": "twice; its value is onwards.containerPort.",
    "-p": "twice; its value is onwards.containerPort.",
    "--metrics-port": "twice; its value is onwards.metrics.port.",
    "--metrics-prefix": "twice; its value is onwards.metrics.prefix.",
}


@pytest.mark.parametrize(("flag", "end"), FLAGS.items(), ids=FLAGS)
def test_a_flag_that_is_passed_anyway_is_refused_with_its_value(refusal: SayOn, flag: str, end: str) -> None:
    (problem,) = problems(refusal({"onwards": {"extraArgs": [flag, "x"]}}))
    first = problem.splitlines()[0]
    assert first.startswith(f"onwards.extraArgs: {flag} is always passed by the chart")
    assert first.endswith(end)


NAMED: dict[str, Callable[[str], dict[str, Any]]] = {
    "externalProviders": lambda name: {"externalProviders": {name: provider()["externalProviders"]["p"]}},
    "onwards.clientKeys": lambda name: clients(**{name: {"apiKey": "k"}}),
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", ["g" * 64, "A", "-a"])
def test_a_provider_and_a_client_need_a_name(refusal: SayOn, render: Render, kind: str, name: str) -> None:
    (problem,) = problems(refusal(NAMED[kind](name)))
    assert problem.startswith(f'{kind}.{name}: "{name}" is no name')
    fix: Any = load(problem.partition("Please set:\n")[2])
    for key in kind.split("."):
        fix = fix[key]
    assert fix == {"my-name": {}}
    assert len(render(NAMED[kind]("g" * 63))) > 0


PLACEHOLDERS = {
    "externalProviders.p.responseHeaders": provider(responseHeaders={"x": "@key:a@"}),
    "onwards.clientKeys.c.labels": clients(c={"apiKey": "k", "labels": {"x": "@key:a@"}}),
}


@pytest.mark.parametrize(("path", "values"), PLACEHOLDERS.items(), ids=PLACEHOLDERS)
def test_a_text_like_a_placeholder_is_refused_with_its_fix(
    refusal: SayOn, helm: Helm, path: str, values: dict[str, Any]
) -> None:
    (problem,) = problems(refusal(values))
    assert problem.startswith(f"{path}: a text in it begins like the chart's placeholder for a key, @key:")
    helm.template(ROOT, values=[values, load(problem.partition("Please set:")[2])], skip_schema=True)


@pytest.mark.parametrize("key", ["k", "true", "False", "no", "null", "1e3", "a: b"])
def test_half_a_reference_is_completed(refusal: SayOn, key: str) -> None:
    (problem,) = problems(refusal(clients(team={"apiKey": {"key": key}})))
    fix = load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["team"]
    assert fix == {"apiKey": {"name": "client-keys", "key": key}}


def test_a_clients_reference_without_a_key_is_to_one_called_as_it_is(refusal: SayOn) -> None:
    (problem,) = problems(refusal(clients(team={"apiKey": {"name": "s"}})))
    assert problem.startswith("onwards.clientKeys.team.apiKey: a reference needs both")
    fix = load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["team"]
    assert fix == {"apiKey": {"name": "s", "key": "team"}}


@pytest.mark.parametrize("key", [["k", "k"], [1, "1"], [{"name": "s", "key": "k"}] * 2], ids=str)
def test_one_key_of_two_clients_is_seen_however_it_is_written(refusal: SayOn, key: list[Any]) -> None:
    (problem,) = problems(refusal(clients(a={"apiKey": key[0]}, b={"apiKey": key[1]})))
    assert problem.startswith("onwards.clientKeys.b.apiKey: it is also the key of onwards.clientKeys.a,")


def test_two_clients_cannot_have_one_key(refusal: SayOn, render: Render) -> None:
    one_, other = {"name": "s", "key": "k"}, {"name": "s", "key": "l"}
    (problem,) = problems(refusal(clients(a={"apiKey": one_}, b={"apiKey": one_})))
    assert problem.startswith("onwards.clientKeys.b.apiKey: it is also the key of onwards.clientKeys.a,")
    assert len(render(clients(a={"apiKey": one_}, b={"apiKey": other}))) > 0


def test_a_load_balancer_called_as_the_gateway_is_refused(refusal: SayOn) -> None:
    name = "test-release-inference-stack-onwards"
    values = {"onwards": {"loadBalancer": {"enabled": True, "nameOverwrite": name}}}
    (problem,) = problems(refusal(values))
    assert problem.startswith(f"onwards.loadBalancer.nameOverwrite: {name} is the name of the Service of onwards.")


def test_an_engine_that_could_be_told_its_model_by_a_variable_is_refused_without_one(
    refusal: SayOn, render: Render
) -> None:
    (problem,) = problems(refusal(one(engine="llama-cpp", modelName="")))
    assert problem.startswith("modelGroups.a.modelName: there is neither a model nor a command")
    told = one(engine="llama-cpp", modelName="", env=[{"name": "LLAMA_ARG_MODEL", "value": "/x.gguf"}])
    assert len(render(told)) > 0


def test_a_share_of_pods_that_stay_is_rounded_up(refusal: SayOn, render: Render) -> None:
    said = problems(refusal(one(replicaCount=3, podDisruptionBudget={"minAvailable": "67%"})))
    assert said[0].startswith("modelGroups.a.podDisruptionBudget: it lets none of the 3 pods go")
    assert len(render(one(replicaCount=3, podDisruptionBudget={"minAvailable": "66%"}))) > 0


def test_a_proposed_time_to_load_is_no_longer_than_it_takes(refusal: SayOn) -> None:
    few = {"periodSeconds": 10, "failureThreshold": 30}
    (problem,) = problems(refusal(one(loadSeconds=1210, startupProbe=few)))
    assert load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["startupProbe"] == {
        **few,
        "failureThreshold": 121,
    }


@pytest.mark.parametrize(
    ("values", "way", "whole"),
    [
        (
            {"serviceMonitor": {"enabled": True, "bearerTokenSecret": {"key": "k"}}},
            ("serviceMonitor", "bearerTokenSecret"),
            "metrics-token",
        ),
        (provider(apiKey={"key": "k"}), ("externalProviders", "p", "apiKey"), "provider-keys"),
    ],
    ids=["metrics", "provider"],
)
def test_a_reference_without_a_name_gets_one(
    refusal: SayOn, values: dict[str, Any], way: tuple[str, ...], whole: str
) -> None:
    (problem,) = problems(refusal(values))
    fix: Any = load(problem.partition("Please set:\n")[2])
    for part in way:
        fix = fix[part]
    assert fix == {"name": whole, "key": "k"}


def test_a_reference_without_a_key_is_to_the_providers_own(refusal: SayOn) -> None:
    (problem,) = problems(refusal(provider(apiKey={"name": "s"})))
    fix = load(problem.partition("Please set:\n")[2])["externalProviders"]["p"]["apiKey"]
    assert fix == {"name": "s", "key": "p"}


def test_a_client_is_offered_the_first_alias_that_is_served(refusal: SayOn) -> None:
    values = {**one(modelAlias=["n", "m"]), "onwards": {"clientKeys": {"c": {"apiKey": "sk", "allowedAliases": ["x"]}}}}
    (problem,) = problems(refusal(values))
    assert load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["c"]["allowedAliases"] == ["m"]
    (problem,) = problems(refusal({"onwards": values["onwards"]}))
    assert load(problem.partition("Please set:\n")[2])["onwards"]["clientKeys"]["c"]["allowedAliases"] == ["an-alias"]


def test_a_free_port_is_9090_or_the_next(refusal: SayOn) -> None:
    proposed = []
    for onwards in SAME_PORT:
        (problem,) = problems(refusal({"onwards": onwards}))
        metrics = load(problem.partition("Please set:\n")[2])["onwards"]["metrics"]
        proposed.append(metrics.get("port") or metrics["service"]["port"])
    assert proposed == [9091, 9091, 9090, 9090]


def test_many_keys_are_not_all_listed(refusal: SayOn) -> None:
    (problem,) = problems(refusal({"onwards": {"zzz": 1}}))
    assert re.search(r"there is (\w+, ){7}\w+ and \d+ more\.$", problem.splitlines()[0])


SECOND: dict[str, dict[str, Any]] = {
    "volumes": {"volumes": [{"name": n, "emptyDir": {}} for n in ("a", "b", "b")]},
    "mounts": {
        "volumes": [{"name": "a", "emptyDir": {}}],
        "volumeMounts": [{"name": "a", "mountPath": path} for path in ("/a", "/b", "/b")],
    },
}


@pytest.mark.parametrize("fields", SECOND.values(), ids=SECOND)
def test_of_two_alike_the_second_is_to_change(refusal: SayOn, fields: dict[str, Any]) -> None:
    key, given = list(fields.items())[-1]
    (problem,) = problems(refusal(one(**fields)))
    proposed = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"][key]
    assert [one_ == other for one_, other in zip(proposed, given, strict=True)] == [True, True, False]


def test_of_two_volumes_it_is_the_one_with_a_taken_claim_that_is_to_change(refusal: SayOn) -> None:
    volumes = {"a": ["b-c"], "a-b": ["x", "c"]}
    groups = {
        group: {**GROUP, "persistentVolumes": [{"name": n, "mountPath": f"/{n}", "size": "1Gi"} for n in names]}
        for group, names in volumes.items()
    }
    (problem,) = problems(refusal({"modelGroups": groups}))
    (proposed,) = load(problem.partition("Please set:\n")[2])["modelGroups"].items()
    assert (proposed[0], [each["name"] for each in proposed[1]["persistentVolumes"]]) == ("a-b", ["x", "c-2"])


def test_two_groups_may_share_a_claim_that_is_there(render: Render) -> None:
    volume = {"name": "w", "mountPath": "/w", "existingClaim": "models", "accessModes": ["ReadWriteMany"]}
    groups = {name: {**GROUP, "persistentVolumes": [volume]} for name in ("a", "b")}
    assert len(render({"modelGroups": groups})) > 0


def test_ports_of_one_name_are_refused_whatever_their_protocols(refusal: SayOn) -> None:
    ports = [{"name": "x", "containerPort": n, "protocol": p} for n, p in ((9001, "TCP"), (9002, "UDP"))]
    (problem,) = problems(refusal(one(additionalPorts=ports)))
    assert problem.startswith("modelGroups.a.additionalPorts: the name x is taken twice in this group.")


def test_an_autoscaler_in_the_place_of_no_pods_begins_with_one(refusal: SayOn) -> None:
    (problem,) = problems(refusal({"onwards": {"replicaCount": 0, "autoscaling": {"enabled": True}}}))
    assert load(problem.partition("Please set:\n")[2]) == {
        "onwards": {"replicaCount": 1, "autoscaling": {"minReplicas": 1}}
    }


def test_a_size_is_proposed_for_the_volume_without_one(refusal: SayOn) -> None:
    volumes = [
        {**VOLUME, "accessModes": ["ReadWriteMany"]},
        {"name": "w", "mountPath": "/w", "accessModes": ["ReadWriteMany"]},
    ]
    (problem,) = problems(refusal(one(persistentVolumes=volumes)))
    proposed = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["persistentVolumes"]
    assert [each["size"] for each in proposed] == ["1Gi", "100Gi"]


def test_a_group_is_not_called_as_the_test_is(refusal: SayOn) -> None:
    (problem,) = problems(refusal({"modelGroups": {"onwards-test": GROUP}}))
    assert problem.startswith('modelGroups.onwards-test: "onwards-test" is the name of the gateway')


def test_a_fix_names_the_first_of_several(refusal: SayOn) -> None:
    (problem,) = problems(refusal(one(modelAlias=["", "b", "c"])))
    assert load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["modelAlias"][0] == "b"
    (problem,) = problems(
        refusal({"modelGroups": {"b": GROUP, "c": GROUP}, "networkPolicy": {"modelGroups": {"x": {}}}})
    )
    assert load(problem.partition("Please set:\n")[2])["networkPolicy"]["modelGroups"] == {"b": {}}


@pytest.mark.parametrize("name", ["onwards-routes", "onwards-keys", "onwards-config"])
def test_each_volume_of_the_gateways_own_is_refused(refusal: SayOn, name: str) -> None:
    (problem,) = problems(refusal({"onwards": {"volumes": [{"name": name, "emptyDir": {}}]}}))
    assert problem.startswith(f"onwards.volumes[0].name: {name} is the name of the chart's own volume of this pod.")


def test_a_name_that_is_too_long_for_replicas_is_refused_from_53_letters(refusal: SayOn) -> None:
    (problem,) = problems(refusal({"fullnameOverride": "x" * 51, **one(balancing="perReplica")}))
    assert problem.startswith(f"modelGroups.a.balancing: perReplica makes a StatefulSet, and {'x' * 51}-a is longer")


def test_the_fix_is_for_the_volume_that_only_one_node_can_mount(refusal: SayOn) -> None:
    shared = {**VOLUME, "name": "shared", "mountPath": "/shared", "accessModes": ["ReadWriteMany"]}
    alone = {**VOLUME, "name": "alone", "mountPath": "/alone"}
    (problem,) = problems(refusal(one(persistentVolumes=[shared, alone], replicaCount=2)))
    proposed = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]["persistentVolumes"]
    assert {each["name"]: each["accessModes"] for each in proposed} == {
        "shared": ["ReadWriteMany"],
        "alone": ["ReadWriteMany"],
    }


def test_a_disabled_group_may_be_unfinished(render: Render) -> None:
    assert len(render({"modelGroups": {"onwards": {"persistentVolumes": [{}]}}})) > 0


@pytest.mark.parametrize(
    "fields",
    [
        {"nodeSelector": {"kubernetes.io/hostname": "n"}, "replicaCount": 3, "strategy": SURGE},
        {"strategy": {"type": "Recreate"}},
        {"strategy": {"type": "RollingUpdate"}},
        {"strategy": {"rollingUpdate": {"maxSurge": 0}}},
        {"strategy": {"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": "100%"}}},
        {"replicaCount": 0},
    ],
    ids=["one-node", "recreate", "type-alone", "no-surge", "no-surge-percent", "no-pods"],
)
def test_a_one_node_volume_is_accepted_where_one_node_is_enough(render: Render, fields: dict[str, Any]) -> None:
    assert len(render(one(persistentVolumes=[VOLUME], **fields))) > 0


SAME_PORT: list[dict[str, Any]] = [
    values
    for port in (9090, 3000)
    for values in (
        {"containerPort": port, "metrics": {"port": port}},
        {"service": {"port": port}, "metrics": {"service": {"port": port}}},
    )
]


@pytest.mark.parametrize("onwards", SAME_PORT, ids=str)
def test_a_port_that_is_proposed_is_free(refusal: SayOn, render: Render, onwards: dict[str, Any]) -> None:
    from harness.manifests import load

    (problem,) = problems(refusal({"onwards": onwards}))
    fix = load(problem.partition("Please set:\n")[2])["onwards"]
    assert len(render({"onwards": {**onwards, **fix}})) > 0


def test_the_fix_is_yaml_that_helps(refusal: SayOn, render: Render) -> None:
    from harness.manifests import load

    values = one(modelAlias=[])
    (problem,) = problems(refusal(values))
    fix = load(problem.partition("Please set:\n")[2])["modelGroups"]["a"]
    values["modelGroups"]["a"].update(fix)
    assert len(render(values)) > 0


@pytest.mark.parametrize("name", ["", "a: b", "- a", "#", "{a", "n", "No", "true", "False", "on", "null", "1e3", "12"])
def test_the_fix_is_yaml_whatever_the_groups_name(refusal: SayOn, name: str) -> None:
    for problem in problems(refusal({"modelGroups": {name: {**GROUP, "modelAlias": []}}})):
        fix = load(problem.partition("Please set:\n")[2])
        assert fix.keys() == {"modelGroups"}
        assert all(isinstance(key, str) for key in fix["modelGroups"])
