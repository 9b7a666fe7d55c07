"""Fields of Kubernetes' own for which the chart has no key, sidecars, and names that authors chose."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import Object, container, pod_spec
from harness.paths import ROOT
from harness.tools import tool
from tests.chart.accessors import FULLNAME, deployment, engine, gateway, one, pod, ports, provider
from tests.support import Render, Say

PROXY = {
    "name": "routing-proxy",
    "image": "ghcr.io/example/routing-proxy:v0.7.1",
    "args": ["--port=8000", "--engine-port=8200"],
    "ports": [{"name": "sidecar", "containerPort": 8000}],
}
BEHIND = {"modelName": "", "command": ["vllm", "serve", "org/m", "--port=8200"]}


def service(rendered: Any, name: str = "a") -> Object:
    return dict(rendered["Service", f"{FULLNAME}-{name}"])


def service_port(rendered: Any, port: str = "http", name: str = "a") -> Object:
    (found,) = (each for each in service(rendered, name)["spec"]["ports"] if each["name"] == port)
    return dict(found)


def open_ports(rendered: Any) -> list[Any]:
    """The ports that the gateway may reach a group's pods at."""
    rules = rendered["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    return [port["port"] for port in rules[0]["ports"]]


# Sidecars

FRONTS: dict[str, dict[str, Any]] = {
    "native, by name": {"initContainers": [{**PROXY, "restartPolicy": "Always"}], "service": {"targetPort": "sidecar"}},
    "native, by number": {"initContainers": [{**PROXY, "restartPolicy": "Always"}], "service": {"targetPort": 8000}},
    "further container": {"containers": [PROXY], "service": {"targetPort": "sidecar"}},
    "number as text": {"containers": [{"name": "p", "image": "p:1"}], "service": {"targetPort": "8000"}},
    "in the pod's spec": {"podSpec": {"containers": [PROXY]}, "service": {"targetPort": "sidecar"}},
    "an additional port": {
        "containers": [{"name": "p", "image": "p:1"}],
        "additionalPorts": [{"name": "front", "containerPort": 8000, "servicePort": 8001}],
        "service": {"targetPort": "front"},
    },
}


@pytest.mark.parametrize("fields", FRONTS.values(), ids=FRONTS)
def test_service_readiness_and_policy_lead_to_a_sidecar_in_front(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(one(**BEHIND, **fields))
    assert service_port(rendered)["targetPort"] == 8000
    assert engine(rendered)["readinessProbe"]["httpGet"]["port"] == 8000
    assert open_ports(rendered) == [8000]
    assert provider(rendered)["url"] == f"http://{FULLNAME}-a:8000/v1"


def test_start_drain_and_metrics_stay_with_the_engine_behind_a_sidecar(render: Render) -> None:
    monitored = {"serviceMonitor": {"enabled": True}}
    rendered = render({**one(**BEHIND, containers=[PROXY], service={"targetPort": "sidecar"}), **monitored})
    assert ports(rendered) == {"http": 8200}
    assert engine(rendered)["startupProbe"]["httpGet"]["port"] == "http"
    assert "8200" in engine(rendered)["lifecycle"]["preStop"]["exec"]["command"]
    (endpoint,) = rendered["ServiceMonitor", f"{FULLNAME}-a"]["spec"]["endpoints"]
    assert (endpoint.get("port"), endpoint["targetPort"]) == (None, "http")


def test_replicas_are_reached_at_their_sidecars(render: Render) -> None:
    rendered = render(one(**BEHIND, containers=[PROXY], service={"targetPort": "sidecar"}, balancing="perReplica"))
    assert provider(rendered)["url"] == f"http://{FULLNAME}-a-0.{FULLNAME}-a-replicas:8000/v1"


WITHOUT: dict[str, dict[str, Any]] = {
    "none": {},
    "the engine's by name": {"service": {"targetPort": "http"}},
    "the engine's by number": {"service": {"targetPort": 8200}},
}


@pytest.mark.parametrize("fields", WITHOUT.values(), ids=WITHOUT)
def test_without_a_sidecar_in_front_the_port_goes_by_its_name(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(one(**BEHIND, **fields))
    assert service_port(rendered)["targetPort"] == "http"
    assert engine(rendered)["readinessProbe"]["httpGet"]["port"] == "http"
    assert open_ports(rendered) == ["http"]


def test_each_service_of_the_gateway_may_lead_to_a_sidecar(render: Render) -> None:
    auth = {"name": "auth", "image": "auth:1", "ports": [{"name": "auth", "containerPort": 4180}]}
    doors = {"containers": [auth], "loadBalancer": {"enabled": True, "targetPort": "auth"}}
    rendered = render({"onwards": doors})
    assert service_port(rendered, name="onwards")["targetPort"] == "http"
    assert service_port(rendered, name="onwards-loadbalancer")["targetPort"] == 4180
    (rule,) = rendered["NetworkPolicy", f"{FULLNAME}-onwards"]["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["http", 4180]
    rendered = render({"onwards": {"containers": [auth], "service": {"targetPort": 4180}}})
    (rule,) = rendered["NetworkPolicy", f"{FULLNAME}-onwards"]["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == [4180]
    test = rendered["NetworkPolicy", f"{FULLNAME}-onwards-test"]["spec"]["egress"][0]
    assert [port["port"] for port in test["ports"]] == [4180]


SIDECARS: dict[str, dict[str, Any]] = {
    "container": {"containers": [PROXY]},
    "native": {"initContainers": [{**PROXY, "restartPolicy": "Always"}]},
    "with a context": {"containers": [{**PROXY, "securityContext": {"runAsUser": 0, "privileged": True}}]},
    "in the pod's spec": {"podSpec": {"initContainers": [{**PROXY, "restartPolicy": "Always"}]}},
}


@pytest.mark.parametrize("fields", SIDECARS.values(), ids=SIDECARS)
def test_a_sidecar_is_as_its_author_wrote_it(render: Render, fields: dict[str, Any]) -> None:
    spec = pod(render(one(**fields)))
    lists = [*fields.get("containers", ()), *fields.get("initContainers", ())]
    lists += [each for of in fields.get("podSpec", {}).values() for each in of]
    (written,) = lists
    assert written in [*spec["containers"], *spec.get("initContainers", ())]
    assert {"runAsUser", "runAsGroup", "runAsNonRoot"} & {*spec["securityContext"]} == set()


def test_beside_a_sidecar_the_charts_containers_keep_their_user(render: Render) -> None:
    fetch = {"name": "fetch", "image": "fetch:1"}
    rendered = render({**one(containers=[PROXY], initContainers=[fetch]), "onwards": {"containers": [PROXY]}})
    user = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001}
    own = [engine(rendered), gateway(rendered), pod(rendered)["initContainers"][0]]
    front = pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])
    own += [container(rendered["Deployment", f"{FULLNAME}-onwards"], "watch-config"), front["initContainers"][0]]
    for each in own:
        assert user.items() <= each["securityContext"].items(), each["name"]
    assert front["containers"][-1] == PROXY


def test_a_pods_own_user_is_not_set_again_beside_a_sidecar(render: Render) -> None:
    rendered = render({"onwards": {"containers": [PROXY], "podSecurityContext": {"runAsUser": 2000}}})
    assert "runAsUser" not in gateway(rendered)["securityContext"]
    spec = pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])
    assert spec["securityContext"]["runAsUser"] == 2000


# podSpec

LAID_OVER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "host's IPC": ({"hostIPC": True}, {"hostIPC": True}),
    "host's network": (
        {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
        {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
    ),
    "aliases": (
        {"hostAliases": [{"ip": "192.0.2.7", "hostnames": ["hf.example"]}]},
        {"hostAliases": [{"ip": "192.0.2.7", "hostnames": ["hf.example"]}]},
    ),
    "DNS": ({"dnsConfig": {"searches": ["x.example"]}}, {"dnsConfig": {"searches": ["x.example"]}}),
    "scheduler": ({"schedulerName": "kai-scheduler"}, {"schedulerName": "kai-scheduler"}),
    "a field that the chart sets": ({"enableServiceLinks": True}, {"enableServiceLinks": True}),
    "claims": (
        {"resourceClaims": [{"name": "gpu", "resourceClaimName": "shared"}]},
        {"resourceClaims": [{"name": "gpu", "resourceClaimName": "shared"}]},
    ),
}


@pytest.mark.parametrize(("own", "found"), LAID_OVER.values(), ids=LAID_OVER)
def test_a_field_of_the_pod_is_laid_over(render: Render, own: dict[str, Any], found: dict[str, Any]) -> None:
    plain, rendered = render(one()), render({**one(podSpec=own), "onwards": {"podSpec": own}})
    assert pod(rendered) == {**pod(plain), **found}
    name = ("Deployment", f"{FULLNAME}-onwards")
    assert pod_spec(rendered[name]) == {**pod_spec(plain[name]), **found}


def test_podspec_of_all_groups_and_of_a_statefulset(render: Render) -> None:
    values = {**one(balancing="perReplica"), "modelGroupDefaults": {"podSpec": {"hostIPC": True}}}
    assert pod_spec(render(values)["StatefulSet", f"{FULLNAME}-a"])["hostIPC"] is True


def test_the_engines_container_is_merged_by_its_name(render: Render) -> None:
    own = {
        "name": "a",
        "stdin": True,
        "env": [{"name": "HOME", "value": "/x"}, {"name": "MORE", "value": "1"}],
        "volumeMounts": [{"mountPath": "/tmp", "name": "engine-tmp", "readOnly": True}],
        "livenessProbe": {"exec": {"command": ["true"]}},
    }
    plain, laid = engine(render(one())), engine(render(one(podSpec={"containers": [own]})))
    assert laid["image"] == plain["image"]
    assert laid["stdin"] is True
    env = {each["name"]: each["value"] for each in laid["env"]}
    assert env == {**{each["name"]: each["value"] for each in plain["env"]}, "HOME": "/x", "MORE": "1"}
    assert [each["mountPath"] for each in laid["volumeMounts"]] == [each["mountPath"] for each in plain["volumeMounts"]]
    assert own["volumeMounts"][0] in laid["volumeMounts"]  # type: ignore[index]
    assert "httpGet" not in laid["livenessProbe"]
    assert laid["livenessProbe"]["periodSeconds"] == plain["livenessProbe"]["periodSeconds"]


def test_a_volume_of_the_same_name_is_replaced_and_others_stay(render: Render) -> None:
    disk = {"name": "engine-tmp", "hostPath": {"path": "/scratch"}}
    volumes = {each["name"]: each for each in pod(render(one(podSpec={"volumes": [disk]})))["volumes"]}
    assert volumes["engine-tmp"] == disk
    assert "engine-home" in volumes


def test_a_mount_may_be_of_a_volume_of_podspec(render: Render) -> None:
    spec = {"volumes": [{"name": "dev", "hostPath": {"path": "/opt"}}]}
    spec_of = pod(render(one(podSpec=spec, volumeMounts=[{"name": "dev", "mountPath": "/opt"}])))
    assert spec["volumes"][0] in spec_of["volumes"]


# Labels, annotations and claims


@pytest.mark.parametrize("balancing", ["service", "perReplica"])
def test_workloads_and_services_take_labels_and_annotations(render: Render, balancing: str) -> None:
    own = {"labels": {"tier": 1}, "annotations": {"reload": True}}
    rendered = render({**one(**own, service=own, balancing=balancing), "onwards": {**own, "service": own}})
    kind = "Deployment" if balancing == "service" else "StatefulSet"
    for each in (
        rendered[kind, f"{FULLNAME}-a"],
        rendered["Service", f"{FULLNAME}-a"],
        rendered["Deployment", f"{FULLNAME}-onwards"],
        rendered["Service", f"{FULLNAME}-onwards"],
    ):
        assert each["metadata"]["labels"]["tier"] == "1"
        assert each["metadata"]["annotations"]["reload"] == "true"
    assert "tier" not in rendered[kind, f"{FULLNAME}-a"]["spec"]["template"]["metadata"]["labels"]


def test_an_own_label_does_not_replace_one_that_selects(render: Render) -> None:
    labels = {"app.kubernetes.io/component": "mine"}
    found = deployment(render(one(labels=labels)))
    assert found["metadata"]["labels"]["app.kubernetes.io/component"] == "model-group"


def test_a_group_brings_the_claims_of_its_devices(render: Render) -> None:
    claim = {"name": "gpu", "resourceClaimTemplateName": "one-gpu"}
    rendered = render(one(resources={"claims": [{"name": "gpu"}]}, resourceClaims=[claim]))
    assert pod(rendered)["resourceClaims"] == [claim]
    assert engine(rendered)["resources"]["claims"] == [{"name": "gpu"}]


# Services

FIELDS: dict[str, Any] = {
    "externalTrafficPolicy": "Local",
    "healthCheckNodePort": 32000,
    "internalTrafficPolicy": "Local",
    "ipFamilies": ["IPv6", "IPv4"],
    "ipFamilyPolicy": "RequireDualStack",
    "loadBalancerClass": "tailscale",
    "loadBalancerSourceRanges": ["10.0.0.0/8"],
    "allocateLoadBalancerNodePorts": False,
    "publishNotReadyAddresses": True,
    "sessionAffinity": "ClientIP",
    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}},
    "trafficDistribution": "PreferClose",
}


@pytest.mark.parametrize("field", FIELDS)
def test_fields_of_a_service_are_passed_on(render: Render, field: str) -> None:
    own = {field: FIELDS[field]}
    public = {"type": "LoadBalancer", **own}
    rendered = render({**one(service=public), "onwards": {"service": public, "loadBalancer": {"enabled": True, **own}}})
    for name in ("a", "onwards", "onwards-loadbalancer"):
        assert service(rendered, name)["spec"][field] == FIELDS[field]


def test_each_service_takes_a_node_port(render: Render) -> None:
    values = {
        **one(service={"type": "NodePort", "nodePort": 30001}),
        "onwards": {
            "service": {"type": "NodePort", "nodePort": "30002"},
            "loadBalancer": {"enabled": True, "nodePort": 30003},
        },
    }
    rendered = render(values)
    found = [service_port(rendered, name=name)["nodePort"] for name in ("a", "onwards", "onwards-loadbalancer")]
    assert found == [30001, 30002, 30003]


@pytest.mark.parametrize("port", [1, 29999, 32768, "80"])
def test_a_node_port_outside_kubernetes_range_is_refused(refusal: Say, port: object) -> None:
    said = refusal(one(service={"type": "NodePort", "nodePort": port}))
    assert f"modelGroups.a.service.nodePort: {port} is no node port" in said


LOAD_BALANCER_ONLY = ("loadBalancerClass", "loadBalancerSourceRanges", "healthCheckNodePort", "nodePort")


@pytest.mark.parametrize("field", LOAD_BALANCER_ONLY)
def test_a_field_that_the_type_cannot_have_is_refused(refusal: Say, field: str) -> None:
    said = refusal(one(service={field: {**FIELDS, "nodePort": 30080}[field]}))
    assert f"modelGroups.a.service.{field}: a Service of type ClusterIP has no" in said


def test_a_headless_service_is_asked_at_the_pods_port(render: Render) -> None:
    rendered = render(one(containerPort=9000, service={"clusterIP": "None", "port": 80}))
    assert service(rendered)["spec"]["clusterIP"] == "None"
    assert provider(rendered)["url"] == f"http://{FULLNAME}-a:9000/v1"


@pytest.mark.parametrize(("kind", "published"), [("ClusterIP", True), ("NodePort", False), ("LoadBalancer", False)])
def test_metrics_are_not_published_with_the_http_port(render: Render, kind: str, published: bool) -> None:
    values = {
        **one(service={"type": kind}, additionalPorts=[{"name": "metrics", "containerPort": 9400}]),
        "onwards": {"service": {"type": kind}},
        "serviceMonitor": {"enabled": True},
    }
    rendered = render(values)
    for name in ("a", "onwards"):
        assert ("metrics" in [each["name"] for each in service(rendered, name)["spec"]["ports"]]) is published
        endpoint = rendered["ServiceMonitor", f"{FULLNAME}-{name}"]["spec"]["endpoints"][-1]
        assert endpoint["port" if published else "targetPort"] == "metrics"


# Replicas that others set

BUDGET = ("PodDisruptionBudget", f"{FULLNAME}-a")


def test_replicas_are_left_to_an_autoscaler_of_the_users_own(render: Render) -> None:
    assert "replicas" not in deployment(render(one(autoscaling={"external": True})))["spec"]
    assert deployment(render(one(autoscaling={"external": False})))["spec"]["replicas"] == 1
    values = {**one(), "modelGroupDefaults": {"autoscaling": {"external": True}}}
    assert "replicas" not in deployment(render(values))["spec"]


def test_a_budget_may_count_on_pods_that_an_autoscaler_adds(render: Render, refusal: Say) -> None:
    fields = {"podDisruptionBudget": {"minAvailable": 1}}
    assert "allows none of the 1 pods to be evicted" in refusal(one(**fields))
    assert render(one(**fields, autoscaling={"external": True}))[BUDGET]["spec"]["minAvailable"] == 1
    assert BUDGET in render(one(replicaCount=2, autoscaling={"external": True}))


# Names that authors chose


@pytest.mark.parametrize(
    "probe", [{"tcpSocket": {"port": "main"}}, {"httpGet": {"path": "/v1/models", "port": "main"}}]
)
def test_the_http_port_keeps_the_name_that_a_probe_asks(render: Render, probe: dict[str, Any]) -> None:
    fields = {
        "image": "openmmlab/lmdeploy:v0.10.0",
        "modelName": "",
        "command": ["lmdeploy", "serve", "api_server", "org/m"],
        "containerPort": 23333,
        "additionalPorts": [{"name": "main", "containerPort": 23333}],
        "startupProbe": probe,
        "readinessProbe": probe,
        "livenessProbe": probe,
        "lifecycle": {"postStart": {"httpGet": {"path": "/warm-up", "port": "main"}}},
    }
    rendered = render(one(**fields))
    (handler,) = probe
    assert ports(rendered) == {"http": 23333}
    assert engine(rendered)["lifecycle"]["postStart"]["httpGet"]["port"] == "http"
    assert [engine(rendered)[f"{kind}Probe"][handler]["port"] for kind in ("startup", "readiness", "liveness")] == [
        "http"
    ] * 3
    assert service_port(rendered, "main") == {"name": "main", "port": 23333, "targetPort": "http", "protocol": "TCP"}
    assert service_port(rendered)["port"] == 8000


def test_another_name_of_a_port_is_no_second_port(render: Render) -> None:
    rendered = render(one(additionalPorts=[{"name": "main", "containerPort": 8000}]))
    assert [each["port"] for each in service(rendered)["spec"]["ports"]] == [8000]
    rendered = render(one(additionalPorts=[{"name": "http", "containerPort": 8000}]))
    assert [each["name"] for each in service(rendered)["spec"]["ports"]] == ["http"]


def test_a_probe_may_name_an_additional_port(render: Render) -> None:
    health = {"httpGet": {"path": "/live", "port": "health"}}
    rendered = render(one(additionalPorts=[{"name": "health", "containerPort": 9100}], livenessProbe=health))
    assert engine(rendered)["livenessProbe"]["httpGet"] == health["httpGet"]
    assert ports(rendered)["health"] == 9100


@pytest.mark.parametrize("name", ["engine-home", "engine-tmp", "shm"])
def test_a_volume_may_have_a_name_of_the_charts(render: Render, name: str) -> None:
    disk = {"name": name, "hostPath": {"path": "/data"}}
    gpus = {"limits": {"nvidia.com/gpu": 2}}
    found = one(volumes=[disk], volumeMounts=[{"name": name, "mountPath": "/data"}], resources=gpus)
    spec = pod(render(found))
    assert disk in spec["volumes"]
    volumes = {each["name"] for each in spec["volumes"]}
    mounts = {each["mountPath"]: each["name"] for each in spec["containers"][0]["volumeMounts"]}
    assert mounts["/data"] == name
    assert {"/home/engine", "/tmp", "/dev/shm"} <= mounts.keys()
    assert {*mounts.values()} <= volumes
    assert len(volumes) == len(spec["volumes"])


def test_an_own_volume_at_a_path_of_the_charts_is_the_only_one_there(render: Render) -> None:
    fast = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}}
    spec = pod(render(one(volumes=[fast], volumeMounts=[{"name": "shm", "mountPath": "/dev/shm"}])))
    assert [each for each in spec["volumes"] if each.get("emptyDir", {}).get("medium")] == [fast]


# What is reachable from where


def test_a_public_service_of_a_group_is_open_on_all_its_ports(render: Render) -> None:
    public = {"service": {"type": "LoadBalancer"}, "additionalPorts": [{"name": "admin", "containerPort": 9001}]}
    rules = render(one(**public))["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    everyone = [port["port"] for rule in rules if "from" not in rule for port in rule["ports"]]
    assert everyone == ["http", "admin"]


def test_a_public_service_leads_to_the_sidecar_in_front(render: Render) -> None:
    fields = {"containers": [PROXY], "service": {"type": "NodePort", "targetPort": "sidecar"}}
    rules = render(one(**BEHIND, **fields))["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    assert [port["port"] for rule in rules if "from" not in rule for port in rule["ports"]] == [8000]


def test_tritonserver_is_open_to_the_namespace_and_said_to_answer_no_openai_route(render: Render, notes: Say) -> None:
    values = one(engine="triton", modelName="/models")
    rules = render(values)["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    namespace = [rule for rule in rules if {"podSelector": {}} in rule.get("from", ())]
    assert "http" in [port["port"] for rule in namespace for port in rule["ports"]]
    assert "has no OpenAI routes" in notes(values)


STRANGER = {"from": [{"podSelector": {"matchLabels": {"app": "my-client"}}}]}
SHUT: dict[str, dict[str, Any]] = {
    "another client": {"ingress": [STRANGER]},
    "nobody": {"policyTypes": ["Ingress"]},
    "another port": {"ingress": [{"ports": [{"port": 9999}]}]},
}


@pytest.mark.parametrize("policy", SHUT.values(), ids=SHUT)
def test_a_policy_that_shuts_the_gateway_out_is_refused(refusal: Say, policy: dict[str, Any]) -> None:
    said = refusal({**one(), "networkPolicy": {"modelGroups": {"a": policy}}})
    assert "networkPolicy.modelGroups.a: none of its rules lets the gateway in" in said


def test_a_policy_is_judged_at_the_port_of_the_sidecar_in_front(render: Render, refusal: Say) -> None:
    group = one(**BEHIND, containers=[PROXY], service={"targetPort": "sidecar"})
    for port, shut in ((8000, False), (8200, True)):
        values = {**group, "networkPolicy": {"modelGroups": {"a": {"ingress": [{"ports": [{"port": port}]}]}}}}
        if shut:
            assert "lets the gateway in" in refusal(values)
        else:
            assert len(render(values))


HOOKS: dict[str, dict[str, Any]] = {
    "a command": {"postStart": {"exec": {"command": ["sh", "-c", "ollama pull llama3.2"]}}},
    "a request": {"postStart": {"httpGet": {"path": "/warm-up", "port": 8000}}},
}


@pytest.mark.parametrize("lifecycle", HOOKS.values(), ids=HOOKS)
def test_a_hook_of_the_users_leaves_the_other_to_the_chart(render: Render, lifecycle: dict[str, Any]) -> None:
    rendered = render({**one(lifecycle=lifecycle), "onwards": {"lifecycle": lifecycle}})
    plain = render(one())
    for of in (engine, gateway):
        assert of(rendered)["lifecycle"] == {**of(plain)["lifecycle"], **lifecycle}


# Further objects


def test_further_objects_are_rendered_with_the_releases_labels(render: Render) -> None:
    values = {
        "commonAnnotations": {"owner": "ml"},
        "extraObjects": {
            "role": {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "{{ .Release.Name }}-reader", "labels": {"app.kubernetes.io/name": "mine"}},
                "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
            }
        },
    }
    role = render(values)["Role", "test-release-reader"]
    assert role["metadata"]["labels"]["app.kubernetes.io/name"] == "mine"
    assert role["metadata"]["labels"]["app.kubernetes.io/instance"] == "test-release"
    assert role["metadata"]["annotations"] == {"owner": "ml"}
    assert role["rules"] == values["extraObjects"]["role"]["rules"]  # type: ignore[index]


def test_further_objects_may_be_a_list_of_maps_and_texts(render: Render) -> None:
    text = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "inference-stack.fullname" . }}-one
data:
  port: {{ .Values.onwards.service.port | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
"""
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": '{{ include "inference-stack.fullname" . }}-a'}},
    }
    rendered = render({"extraObjects": [text, scaler]})
    assert rendered["ConfigMap", f"{FULLNAME}-one"]["data"] == {"port": "80"}
    assert ("ConfigMap", "two") in rendered
    assert rendered["HorizontalPodAutoscaler", "a"]["spec"]["scaleTargetRef"]["name"] == f"{FULLNAME}-a"


def test_numbers_and_texts_of_a_further_object_stay_as_they_are(render: Render) -> None:
    data = {"big": 1048576, "text": "1e3", "flag": True, "quoted": '{{ "{{ $labels.pod }}" }}'}
    values = {"extraObjects": {"x": {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": data}}}
    assert render(values)["Thing", "x"]["spec"] == {**data, "quoted": "{{ $labels.pod }}"}


# One release's names


@pytest.fixture
def umbrella(tmp_path: Path) -> Path:
    """A chart that has this one twice, as chat and as embed."""
    chart = tmp_path / "umbrella"
    own = chart / "charts" / "inference-stack"
    own.mkdir(parents=True)
    for part in ("Chart.yaml", "values.yaml", "values.schema.json"):
        (own / part).write_text((ROOT / part).read_text())
    for part in ("templates", "files"):
        shutil.copytree(ROOT / part, own / part)
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n"
        + "".join(f'  - {{name: inference-stack, version: "*", alias: {alias}}}\n' for alias in ("chat", "embed"))
    )
    return chart


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_two_aliases_with_the_same_names_are_refused(umbrella: Path, program: str) -> None:
    helm = Helm(tool(program))
    with pytest.raises(HelmError, match=r"\.fullnameOverride: the objects of (chat|embed) would have the names"):
        helm.template(umbrella, release="prod-chat-embed")
    renamed = {"chat": {"fullnameOverride": "prod-chat"}}
    assert "prod-chat-onwards" in helm.template(umbrella, release="prod-chat-embed", values=[renamed])
    assert "prod-embed-onwards" in helm.template(umbrella, release="prod")
