"""Odd values of Kubernetes' own fields: what its API server refuses is refused by path, and what it takes is taken.

Each was given to the API server's own validation of 1.37. With the schema skipped, values of another shape than the
chart's defaults are refused by path, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from harness.paths import ROOT
from tests.chart.accessors import one
from tests.support import Render, Say


def container(**fields: Any) -> dict[str, Any]:
    return one(containers=[{"name": "log", "image": "log:1", **fields}])


def volume(**source: Any) -> dict[str, Any]:
    return one(volumes=[{"name": "v", **source}])


def pod(**fields: Any) -> dict[str, Any]:
    return one(podSpec=fields)


def service(**fields: Any) -> dict[str, Any]:
    return {"onwards": {"service": {"type": "LoadBalancer", **fields}}}


def policy(*peers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"networkPolicy": {"onwards": {"ingress": [{"from": list(peers), **more}]}}}


def metric(**source: Any) -> dict[str, Any]:
    (kind,) = source
    of = {
        "type": kind[0].upper() + kind[1:],
        kind: {"target": {"type": "AverageValue", "averageValue": "1"}, **source[kind]},
    }
    return {"onwards": {"autoscaling": {"enabled": True, "metrics": [of]}}}


def selector(**expression: Any) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": "gpu", **expression}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return one(affinity={"nodeAffinity": required})


OBJECT = {"describedObject": {"kind": "Service", "name": "a", "apiVersion": "v1"}, "metric": {"name": "m"}}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "address": (pod(hostAliases=[{"ip": "10.0.0.256"}]), "hostAliases/0/ip"),
    "address-with-leading-zeros": (pod(dnsConfig={"nameservers": ["010.0.0.1"]}), "nameservers/0"),
    "address-of-a-service": (service(clusterIP="10.0.0"), "clusterIP"),
    "address-as-a-name": (service(externalIPs=["lb.example.com"]), "externalIPs/0"),
    "range-of-a-load-balancer": (service(loadBalancerSourceRanges=["10.0.0.1"]), "loadBalancerSourceRanges/0"),
    "range-of-a-policy": (policy({"ipBlock": {"cidr": "10.0.0.0/33"}}), "cidr"),
    "range-without-a-mask": (policy({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0"]}}), "except/0"),
    "peer-of-nobody": (policy({}), "from/0"),
    "range-of-ports-from-a-name": (policy(ports=[{"port": "http", "endPort": 9000}]), "ports/0"),
    "port-of-health": (service(healthCheckNodePort=65536), "healthCheckNodePort"),
    "session-of-no-time": (service(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 0}}), "timeoutSeconds"),
    "class-of-a-load-balancer": (service(loadBalancerClass="my class"), "loadBalancerClass"),
    "distribution": (service(trafficDistribution="Near"), "trafficDistribution"),
    "families-twice": (service(ipFamilies=["IPv4", "IPv4"]), "ipFamilies"),
    "mode-of-files": (volume(configMap={"name": "c", "defaultMode": 777}), "defaultMode"),
    "mode-of-a-file": (volume(secret={"secretName": "s", "items": [{"key": "a", "path": "b", "mode": -1}]}), "mode"),
    "path-out-of-a-volume": (volume(configMap={"name": "c", "items": [{"key": "a", "path": "../b"}]}), "path"),
    "configmap-without-a-name": (volume(configMap={"optional": True}), "configMap"),
    "secret-with-an-empty-name": (volume(secret={"secretName": ""}), "secretName"),
    "claim-with-an-empty-name": (volume(persistentVolumeClaim={"claimName": ""}), "claimName"),
    "relative-share": (volume(nfs={"server": "nfs.example", "path": "models"}), "path"),
    "node's-path-with-dots": (volume(hostPath={"path": "/data/../etc"}), "path"),
    "driver": (volume(csi={"driver": "my driver"}), "driver"),
    "size-of-nothing": (volume(emptyDir={"sizeLimit": ""}), "sizeLimit"),
    "token-of-a-minute": (
        volume(projected={"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 60}}]}),
        "expirationSeconds",
    ),
    "claim-of-no-size": (
        volume(ephemeral={"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}),
        "spec",
    ),
    "port-name-of-a-container": (container(ports=[{"name": "Metrics", "containerPort": 9000}]), "ports/0/name"),
    "header": (
        container(readinessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "X A", "value": "b"}]}}),
        "httpHeaders/0/name",
    ),
    "field": (container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "pod.name"}}}]), "fieldPath"),
    "field-of-resources": (
        container(env=[{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}}]),
        "resource",
    ),
    "variable-from-nowhere": (one(env=[{"name": "A", "valueFrom": {}}]), "valueFrom"),
    "variables-from-nowhere": (one(envFrom=[{}]), "envFrom/0"),
    "variables-of-no-name": (one(envFrom=[{"secretRef": {"optional": True}}]), "secretRef"),
    "resource": (container(resources={"limits": {"gpu": 1}}), "limits"),
    "resource-in-braces": (pod(overhead={"{{ cpu }}": 1}), "overhead"),
    "system": (pod(os={"name": "Linux"}), "os/name"),
    "host": (pod(hostname="my_host"), "hostname"),
    "class-of-priority": (pod(priorityClassName="Very High"), "priorityClassName"),
    "grace": (pod(terminationGracePeriodSeconds=-1), "terminationGracePeriodSeconds"),
    "search": (pod(dnsConfig={"searches": ["a b"]}), "searches/0"),
    "sysctl": (one(podSecurityContext={"sysctls": [{"name": "Kernel.X", "value": "1"}]}), "sysctls/0/name"),
    "claim-of-a-device": (one(resourceClaims=[{"name": "GPU", "resourceClaimName": "a"}]), "resourceClaims/0/name"),
    "toleration-of-no-key": (one(tolerations=[{"effect": "NoSchedule"}]), "tolerations/0"),
    "value-of-a-taint": (one(tolerations=[{"key": "a", "value": "b c"}]), "tolerations/0/value"),
    "in-none": (selector(operator="In"), "matchExpressions/0"),
    "metric": (metric(object={**OBJECT, "metric": {"name": "a/b"}}), "metric/name"),
    "scaled-by": (metric(object={**OBJECT, "describedObject": {"kind": "A/B", "name": "a"}}), "kind"),
    "scaled-at-nothing": (
        metric(object={**OBJECT, "target": {"type": "Value", "value": 0}}),
        "target/value",
    ),
    "scaled-by-no-policy": (
        {"onwards": {"autoscaling": {"enabled": True, "behavior": {"scaleDown": {"policies": []}}}}},
        "policies",
    ),
    "ephemeral-volume-of-no-size": (
        volume(
            ephemeral={
                "volumeClaimTemplate": {
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "0"}}}
                }
            }
        ),
        "storage",
    ),
    "ephemeral-volume's-label": (
        volume(
            ephemeral={
                "volumeClaimTemplate": {
                    "metadata": {"labels": {"a b": "c"}},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": 1}}},
                }
            }
        ),
        "labels/a b",
    ),
    "four-servers": (pod(dnsConfig={"nameservers": ["10.0.0.1"] * 4}), "nameservers"),
    "three-addresses": (service(clusterIPs=["10.0.0.1", "fd00::1", "10.0.0.2"]), "clusterIPs"),
    "other-address": (service(clusterIP="10.0.0.2", clusterIPs=["10.0.0.1"]), "onwards.service.clusterIPs"),
    "scaled-by-a-container": (metric(containerResource={"name": "cpu", "container": "My_C"}), "container"),
}


@pytest.mark.parametrize(("values", "path"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_by_its_path(refusal: Say, values: dict[str, Any], path: str) -> None:
    assert path in refusal(values)


TAKEN: dict[str, dict[str, Any]] = {
    "addresses": service(clusterIP="fd00::1", clusterIPs=["fd00::1", "10.0.0.1"], externalIPs=["::ffff", "192.0.2.1"]),
    "ranges": service(loadBalancerSourceRanges=["0.0.0.0/0", "::/0", "2001:db8::/128"]),
    "class": service(loadBalancerClass="service.k8s.aws/nlb"),
    "peers": policy({"ipBlock": {"cidr": "10.0.0.1/8"}}, {"podSelector": {}}, ports=[{"port": 80, "endPort": 90}]),
    "modes": volume(
        secret={"secretName": "Any", "defaultMode": 0o400, "items": [{"key": "a", "path": "b/.c", "mode": 0}]}
    ),
    "share": volume(nfs={"server": "10.0.0.1", "path": "/"}),
    "node's-path": volume(hostPath={"path": "/data/..cache/a.b/"}),
    "driver": volume(csi={"driver": "Secrets-Store.csi.k8s.io"}),
    "any-host-port-address": container(ports=[{"containerPort": 80, "hostIP": "any", "name": ""}]),
    "fields": one(
        env=[
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a.b/c']"}}},
            {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "requests.hugepages-2Mi", "divisor": "1Mi"}}},
        ]
    ),
    "resources": container(resources={"limits": {"cpu": "1e3", "hugepages-1Gi": "1Gi", "example.com/x": 1}}),
    "searches": pod(dnsConfig={"searches": [".", "_tcp.svc.", "a"], "options": [{"name": "ndots"}]}),
    "no-class": pod(priorityClassName="", subdomain=""),
    "sysctl": one(podSecurityContext={"sysctls": [{"name": "net/ipv4/tcp_x-y.1", "value": ""}]}),
    "every-taint": one(tolerations=[{"operator": "Exists"}, {"key": "a", "value": ""}]),
    "exists": selector(operator="Exists"),
    "metric": metric(object={**OBJECT, "metric": {"name": "a b:c"}}),
    "taken-out": {
        "modelGroupDefaults": {"tolerations": [{"operator": "Exists"}], "volumes": [{"name": "v", "emptyDir": {}}]},
        **one(volumes=[{"name": "v", "$patch": "delete"}]),
    },
}


@pytest.mark.parametrize("values", TAKEN.values(), ids=TAKEN)
def test_it_is_taken(render: Render, values: dict[str, Any]) -> None:
    assert len(render(values))


DEFAULTS: dict[str, Any] = json.loads((ROOT / "files" / "defaults.json").read_text())
WORDS = ("args", "command", "extraArgs", "modelAlias")
"""Lists that may be a single word."""


def shaped(defaults: dict[str, Any], *path: str) -> Iterator[tuple[str, ...]]:
    """The paths of maps without defaults below them, lists, and what is true or false."""
    for key, default in defaults.items():
        if isinstance(default, dict) and default:
            yield from shaped(default, *path, key)
        elif isinstance(default, dict | list | bool) and key not in WORDS:
            yield *path, key


def odd(paths: list[tuple[str, ...]]) -> dict[str, Any]:
    """Text at each of these paths."""
    values: dict[str, Any] = {}
    for *above, key in paths:
        place = values
        for each in above:
            place = place.setdefault(each, {})
        place[key] = "false"
    return values


@pytest.mark.parametrize("section", sorted(DEFAULTS.keys() - {"modelGroups"}))
def test_text_in_place_of_another_shape_is_refused_without_the_schema(refusal: Say, section: str) -> None:
    place = ("modelGroups", "a") if section == "modelGroupDefaults" else (section,)
    paths = list(shaped(DEFAULTS[section], *place))
    said = refusal(odd(paths), skip_schema=True)
    assert sorted(re.findall(r"(?m)^(\S+): it has to be ", said)) == sorted(".".join(path) for path in paths)


def test_a_single_word_is_taken_without_the_schema(render: Render) -> None:
    values = {**one(args="--enforce-eager", modelAlias="m"), "onwards": {"extraArgs": "-v"}}
    assert list(render(values, skip_schema=True)) == list(render(values))
