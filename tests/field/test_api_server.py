"""What only the API server would refuse is refused by the chart, with the path; what it takes is taken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import FULLNAME, gateway, one
from tests.support import Render, Say

CLAIM = {"name": "v", "mountPath": "/v", "size": "1Gi"}


def onwards(**fields: Any) -> dict[str, Any]:
    return {"onwards": fields}


def resources(**kinds: dict[str, Any]) -> dict[str, Any]:
    return one(resources=kinds)


REFUSED: dict[str, dict[str, Any]] = {
    "request-above-limit": resources(requests={"cpu": 4}, limits={"cpu": "2000m"}),
    "request-above-limit-of-another-form": resources(requests={"memory": "1Gi"}, limits={"memory": "1e9"}),
    "request-above-limit-of-an-init-container": one(
        initContainers=[{"name": "i", "image": "x:1", "resources": {"requests": {"cpu": 2}, "limits": {"cpu": 1}}}]
    ),
    "request-above-limit-of-a-sidecar": one(
        containers=[{"name": "s", "image": "x:1", "resources": {"requests": {"cpu": 2}, "limits": {"cpu": 1}}}]
    ),
    "request-above-limit-of-the-gateways-sidecar": onwards(
        podSpec={
            "containers": [{"name": "s", "image": "x:1", "resources": {"requests": {"cpu": 2}, "limits": {"cpu": 1}}}]
        }
    ),
    "device-without-a-limit": one(
        containers=[{"name": "s", "image": "x:1", "resources": {"requests": {"nvidia.com/gpu": 1}}}]
    ),
    "request-above-limit-of-a-prefetch": one(
        prefetch={"enabled": True, "resources": {"requests": {"cpu": 2}, "limits": {"cpu": 1}}}
    ),
    "resource-of-a-prefetch": one(prefetch={"enabled": True, "resources": {"limits": {"gpu": 1}}}),
    "probe-without-a-port": one(livenessProbe={"httpGet": {"path": "/health"}}),
    "hook-without-a-port": one(lifecycle={"postStart": {"httpGet": {"path": "/warm-up"}}}),
    "gateways-probe-without-a-port": onwards(probes={"liveness": {"tcpSocket": {}}}),
    "sidecars-probe-without-a-handler": one(
        containers=[{"name": "s", "image": "x:1", "livenessProbe": {"periodSeconds": 5}}]
    ),
    "sidecars-probe-without-a-port": onwards(
        containers=[{"name": "s", "image": "x:1", "readinessProbe": {"httpGet": {"path": "/"}}}]
    ),
    "sidecars-hook-with-two-handlers": one(
        containers=[
            {
                "name": "s",
                "image": "x:1",
                "lifecycle": {"preStop": {"sleep": {"seconds": 1}, "exec": {"command": ["a"]}}},
            }
        ]
    ),
    "extra-object-of-no-kind": {
        "extraObjects": {"a": {"apiVersion": "v1", "kind": ["ConfigMap"], "metadata": {"name": "a"}}}
    },
    "extra-object-with-a-list-for-metadata": {
        "extraObjects": {"a": {"apiVersion": "v1", "kind": "X", "metadata": ["a"]}}
    },
    "extra-object-whose-name-is-a-number": {
        "extraObjects": [{"apiVersion": "v1", "kind": "X", "metadata": {"name": 1}}]
    },
    "mount-at-nothing": one(volumes=[{"name": "w", "emptyDir": {}}], volumeMounts=[{"name": "w", "mountPath": ""}]),
    "relative-metrics": one(metricsPath="metrics"),
    "scratch-space-above-limit": resources(requests={"ephemeral-storage": "2Gi"}, limits={"ephemeral-storage": "1Gi"}),
    "negative-quantity": resources(limits={"memory": "-1Gi"}),
    "negative-number": resources(limits={"cpu": -1}),
    "quantity-with-a-space": resources(limits={"memory": "16 Gi"}),
    "quantity-in-other-units": resources(limits={"memory": "16GB"}),
    "resource-without-a-vendor": resources(limits={"gpu": 1}),
    "gateways-resource-without-a-vendor": onwards(resources={"limits": {"memoryy": "1Gi"}}),
    "negative-shared-memory": one(sharedMemory="-1Gi"),
    "claim-of-nothing": one(persistentVolumes=[{**CLAIM, "size": "0"}]),
    "claim-of-nothing-as-a-number": one(persistentVolumes=[{**CLAIM, "size": 0}]),
    "claim-of-one-pod-and-one-node": one(
        persistentVolumes=[{**CLAIM, "accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]}]
    ),
    "two-handlers": one(readinessProbe={"exec": {"command": ["true"]}, "httpGet": {"path": "/", "port": 8000}}),
    "two-handlers-of-the-gateway": onwards(probes={"liveness": {"tcpSocket": {"port": 1}, "exec": {"command": ["a"]}}}),
    "two-handlers-of-a-hook": one(lifecycle={"preStop": {"sleep": {"seconds": 1}, "exec": {"command": ["a"]}}}),
    "hook-without-a-handler": onwards(lifecycle={"postStart": {}}),
    "probe-that-fails-at-once": one(livenessProbe={"failureThreshold": 0}),
    "negative-delay": one(livenessProbe={"initialDelaySeconds": -1}),
    "liveness-after-two-successes": one(livenessProbe={"successThreshold": 2}),
    "readiness-with-a-grace": one(readinessProbe={"terminationGracePeriodSeconds": 5}),
    "port-of-a-probe": one(livenessProbe={"httpGet": {"path": "/", "port": 70000}}),
    "port-of-a-probe-as-text": one(livenessProbe={"tcpSocket": {"port": "8000"}}),
    "more-than-31-bits": one(startupProbe={"periodSeconds": 2**31}),
    "user-of-more-than-31-bits": one(podSecurityContext={"runAsUser": 2**32}),
    "negative-group": onwards(podSecurityContext={"fsGroup": -1}),
    "replicas": one(replicaCount=2**31),
    "replicas-as-text": one(replicaCount="4294967296"),
    "no-update-at-all": one(strategy={"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": 0}}),
    "surge-as-text": one(strategy={"rollingUpdate": {"maxSurge": "1"}}),
    "more-than-all": one(strategy={"rollingUpdate": {"maxUnavailable": "150%"}}),
    "budget-of-more-than-all": one(replicaCount=2, podDisruptionBudget={"maxUnavailable": "150%"}),
    "relative-mount": one(persistentVolumes=[{**CLAIM, "mountPath": "cache"}]),
    "mount-with-a-colon": one(
        volumes=[{"name": "w", "emptyDir": {}}], volumeMounts=[{"name": "w", "mountPath": "/a:/b"}]
    ),
    "path-out-of-the-volume": one(persistentVolumes=[{**CLAIM, "subPath": "../other"}]),
    "absolute-path-in-the-volume": one(persistentVolumes=[{**CLAIM, "subPath": "/models"}]),
    "label": one(podLabels={"team": "my team"}),
    "key-of-a-label": {"commonLabels": {"my team": "a"}},
    "long-label": {"commonLabels": {"team": "x" * 64}},
    "number-that-is-written-with-a-plus": {"commonLabels": {"build": 1e30}},
    "key-of-an-annotation": {"commonAnnotations": {"a b": "c"}},
    "node-label": one(nodeSelector={"zone": "eu west"}),
    "variable": one(env=[{"name": "A=B", "value": "c"}]),
    "empty-variable": one(env=[{"name": "", "value": "c"}]),
    "host": {"ingress": {"enabled": True, "hosts": [{"host": "Chat_example.com"}]}},
    "address-as-host": {"ingress": {"enabled": True, "hosts": [{"host": "10.0.0.1"}]}},
    "relative-path": {"ingress": {"enabled": True, "hosts": [{"paths": [{"path": "v1"}]}]}},
    "skew": one(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}]),
    "image-with-a-space": one(image="vllm/vllm-openai:v0.23.0 "),
    "scrape-that-outlasts-its-interval": {"serviceMonitor": {"enabled": True, "interval": "5s"}},
}


@pytest.mark.parametrize("values", REFUSED.values(), ids=REFUSED)
def test_it_is_refused(refusal: Say, values: dict[str, Any]) -> None:
    assert refusal(values)


TAKEN: dict[str, dict[str, Any]] = {
    "equal-in-another-form": resources(
        requests={"cpu": "2000m", "memory": "1024Mi"}, limits={"cpu": 2, "memory": "1Gi"}
    ),
    "exponent": resources(limits={"memory": "1e10"}),
    "millibytes": resources(limits={"memory": "128974848000m"}),
    "plus": resources(limits={"memory": "+1Gi"}),
    "half-a-gibibyte": one(persistentVolumes=[{**CLAIM, "size": "0.5Gi"}]),
    "huge-pages": resources(limits={"hugepages-2Mi": "1Gi", "memory": "1Gi"}),
    "null-handler": one(readinessProbe={"exec": {"command": ["true"]}, "httpGet": None}),
    "hook-taken-away": onwards(lifecycle={"preStop": None}),
    "no-user-but-root": one(podSecurityContext={"runAsUser": 0, "runAsNonRoot": False}),
    "percentages": one(strategy={"rollingUpdate": {"maxSurge": "200%", "maxUnavailable": "100%"}}),
    "labels": one(podLabels={"example.com/team": "a.B_c-1", "empty": "", "number": 7, "truth": True}),
    "annotations": {"commonAnnotations": {"Example.com/Some.Key_1": "any text: {}\n"}},
    "hidden-directory": one(persistentVolumes=[{**CLAIM, "subPath": ".cache/..data/x"}]),
    "hosts": {"ingress": {"enabled": True, "hosts": [{"host": "*.example.com"}, {"host": "2b"}, {"host": ""}]}},
    "path-with-an-expression": {
        "ingress": {
            "enabled": True,
            "hosts": [{"paths": [{"path": "/v1(/|$)(.*)", "pathType": "ImplementationSpecific"}]}],
        }
    },
    "probe-that-is-off": one(livenessProbe={"enabled": False, "httpGet": {"path": "/health"}}),
    "sidecar-within-its-limit": one(
        containers=[{"name": "s", "image": "x:1", "resources": {"limits": {"nvidia.com/gpu": 1, "cpu": 1}}}],
        prefetch={"enabled": True, "resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": 1}}},
    ),
    "sidecar-with-probes-and-hooks": one(
        containers=[
            {
                "name": "s",
                "image": "x:1",
                "livenessProbe": {"grpc": {"port": 9000}, "exec": None},
                "lifecycle": {"preStop": {"sleep": {"seconds": 0}}, "postStart": None},
            }
        ]
    ),
    "a-single-pull-secret-of-a-parent-chart": {"global": {"imagePullSecrets": "registry"}},
    "pull-secrets-without-a-name": {"imagePullSecrets": [{}], **one(imagePullSecrets=[""])},
    "no-pull-secret-of-a-parent-chart": {"global": {"imagePullSecrets": ""}},
    "objects-of-one-name": {
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
        ]
    },
    "named-port": one(livenessProbe={"tcpSocket": {"port": "http"}}),
}


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN)
def test_it_is_taken(render: Render, values: dict[str, Any]) -> None:
    assert len(render(values))


@pytest.mark.parametrize("key", ["service", "loadBalancer"])
def test_addresses_of_a_service_have_the_first_as_its_address(render: Render, key: str) -> None:
    addresses = ["10.96.0.10", "fd00::10"]
    rendered = render(
        onwards(
            **{key: {"enabled": True, "clusterIPs": addresses} if key == "loadBalancer" else {"clusterIPs": addresses}}
        )
    )
    spec = rendered["Service", f"{FULLNAME}-onwards{'-loadbalancer' if key == 'loadBalancer' else ''}"]["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == (addresses[0], addresses)


LOWERED: dict[str, dict[str, Any]] = {
    "both": {"cpu": "200m", "memory": "128Mi"},
    "memory-alone": {"memory": "200Mi"},
    "scratch-space": {"ephemeral-storage": "1Mi"},
}


@pytest.mark.parametrize("limits", LOWERED.values(), ids=LOWERED)
def test_a_lower_limit_of_the_gateway_takes_the_default_request_down(render: Render, limits: dict[str, Any]) -> None:
    found = gateway(render(onwards(resources={"limits": limits})))["resources"]
    assert {name: found["requests"][name] for name in limits} == limits


@pytest.mark.parametrize("version", ["1.20.0", "1.21.0"])
def test_the_oldest_versions_get_what_they_know(render: Render, version: str) -> None:
    rendered = render({**one(replicaCount=2), **onwards(replicaCount=2)}, kube_version=version)
    old = version == "1.20.0"
    assert {each["apiVersion"] for each in rendered.kind("PodDisruptionBudget")} == {
        "policy/v1beta1" if old else "policy/v1"
    }
    assert ("terminationGracePeriodSeconds" in gateway(rendered)["livenessProbe"]) is not old
    assert rendered["Deployment", f"{FULLNAME}-onwards"]
