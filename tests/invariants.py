"""Invariants of every release, for any values."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from harness.manifests import Manifests, Object, pod_spec, pod_templates
from harness.scan import restricted

Invariant = Callable[[Manifests], None]

GIVEN = "team-"
"""Prefix of the names of existing objects that generated values refer to."""

GROUP_LABEL = "app.kubernetes.io/model-group"
LEADER_LABEL = "leaderworkerset.sigs.k8s.io/worker-index"

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
IMAGE = re.compile(r"[a-z0-9][-a-z0-9._/:]*(:[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})")
DEVICE = re.compile(r"^(?!.*kubernetes\.io/).*/")


def workloads(manifests: Manifests) -> list[Object]:
    """Deployments, StatefulSets and LeaderWorkerSets."""
    return [each for kind in ("Deployment", "StatefulSet", "LeaderWorkerSet") for each in manifests.kind(kind)]


def with_pods(manifests: Manifests) -> list[Object]:
    """All objects with a pod template: the workloads and Jobs."""
    return [*workloads(manifests), *manifests.kind("Job")]


def containers(manifests: Manifests) -> Iterator[tuple[Object, Object]]:
    """Every container with its pod's spec."""
    for spec in (template["spec"] for workload in with_pods(manifests) for template in pod_templates(workload)):
        for each in (*spec.get("initContainers", ()), *spec["containers"]):
            yield spec, each


def repeated(things: Iterable[Any]) -> list[Any]:
    return [thing for thing, count in Counter(things).items() if count > 1]


def nulls(value: Any, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from nulls(below, f"{path}.{key}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from nulls(below, f"{path}[{index}]")


def pod_labels(workload: Object) -> dict[str, str]:
    """Of the pods that serve: LeaderWorkerSet's webhook gives the leader this label."""
    labels = dict(pod_templates(workload)[0]["metadata"]["labels"])
    return labels | ({LEADER_LABEL: "0"} if workload["kind"] == "LeaderWorkerSet" else {})


def group_name(workload: Object) -> str:
    """The name of the group's Service: a LeaderWorkerSet has one of its own, by which its pods are found."""
    name: str = workload["metadata"]["name"]
    return name.removesuffix("-nodes") if workload["kind"] == "LeaderWorkerSet" else name


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def selected(manifests: Manifests, selector: Mapping[str, str]) -> list[Object]:
    return [each for each in with_pods(manifests) if selects(selector, pod_labels(each))]


def port_names(workload: Object) -> set[str]:
    return {port["name"] for each in pod_spec(workload)["containers"] for port in each.get("ports", ())}


def names_are_legal(manifests: Manifests) -> None:
    for each in manifests:
        assert DNS_LABEL.fullmatch(each["metadata"]["name"]), each["metadata"]["name"]
    for spec, each in containers(manifests):
        assert DNS_LABEL.fullmatch(each["name"]), each["name"]
        assert all(DNS_LABEL.fullmatch(volume["name"]) for volume in spec.get("volumes", ()))


def names_are_unique(manifests: Manifests) -> None:
    """Names of containers; `Manifests` refuses duplicate objects when it parses."""
    for spec in (template["spec"] for workload in with_pods(manifests) for template in pod_templates(workload)):
        assert repeated(each["name"] for each in (*spec.get("initContainers", ()), *spec["containers"])) == []


def labels_are_legal(manifests: Manifests) -> None:
    labels = [each["metadata"]["labels"] for each in manifests]
    labels += [pod_labels(each) for each in with_pods(manifests)]
    for key, value in (item for of in labels for item in of.items()):
        assert isinstance(value, str), (key, value)
        assert LABEL_VALUE.fullmatch(value), (key, value)


def annotations_are_strings(manifests: Manifests) -> None:
    metadata = [each["metadata"] for each in manifests]
    metadata += [template["metadata"] for each in with_pods(manifests) for template in pod_templates(each)]
    for key, value in (item for of in metadata for item in of.get("annotations", {}).items()):
        assert isinstance(value, str), (key, value)
        assert not re.fullmatch(r"[-+0-9.]+e\+[0-9]+", value), (key, value)


def nothing_is_null(manifests: Manifests) -> None:
    assert [f"{each['kind']}{path}" for each in manifests for path in nulls(each)] == []


def images_are_valid(manifests: Manifests) -> None:
    for _, each in containers(manifests):
        assert IMAGE.fullmatch(each["image"]), each["image"]


def mounts_refer_to_volumes(manifests: Manifests) -> None:
    for spec, each in containers(manifests):
        volumes = {volume["name"] for volume in spec.get("volumes", ())}
        mounts = [*each.get("volumeMounts", ()), *each.get("volumeDevices", ())]
        assert {mount["name"] for mount in mounts} <= volumes


def volumes_variables_and_ports_are_unique(manifests: Manifests) -> None:
    for spec, each in containers(manifests):
        assert repeated(volume["name"] for volume in spec.get("volumes", ())) == []
        assert repeated(mount["mountPath"] for mount in each.get("volumeMounts", ())) == []
        assert repeated(variable["name"] for variable in each.get("env", ())) == []
        assert repeated(port["name"] for port in each.get("ports", ())) == []
        assert repeated((port["containerPort"], port["protocol"]) for port in each.get("ports", ())) == []
    for service in manifests.kind("Service"):
        assert repeated(port["name"] for port in service["spec"]["ports"]) == []
        assert repeated((port["port"], port["protocol"]) for port in service["spec"]["ports"]) == []


def ports_are_legal(manifests: Manifests) -> None:
    for _, each in containers(manifests):
        for port in each.get("ports", ()):
            assert re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", port["name"]), port
            assert 1 <= port["containerPort"] <= 65535, port
    for service in manifests.kind("Service"):
        assert all(1 <= port["port"] <= 65535 for port in service["spec"]["ports"])


def services_select_one_workload_and_its_ports(manifests: Manifests) -> None:
    for service in manifests.kind("Service"):
        selector = service["spec"]["selector"]
        (workload,) = selected(manifests, selector)
        assert workload["kind"] == "LeaderWorkerSet" or selector == workload["spec"]["selector"]["matchLabels"]
        named = {port["targetPort"] for port in service["spec"]["ports"] if isinstance(port["targetPort"], str)}
        assert named <= port_names(workload)


def workloads_select_their_own_pods_only(manifests: Manifests) -> None:
    for workload in workloads(manifests):
        leader = {key: value for key, value in pod_labels(workload).items() if key.startswith("app.kubernetes.io/")}
        selector = leader if workload["kind"] == "LeaderWorkerSet" else workload["spec"]["selector"]["matchLabels"]
        assert selected(manifests, selector) == [workload]


def policies_select_one_workload_and_its_ports(manifests: Manifests) -> None:
    for policy in manifests.kind("NetworkPolicy"):
        (workload,) = selected(manifests, policy["spec"]["podSelector"]["matchLabels"])
        named = {
            port["port"]
            for rule in policy["spec"].get("ingress", ())
            for port in rule.get("ports", ())
            if isinstance(port.get("port"), str)
        }
        assert named <= port_names(workload)


def budgets_select_one_workload_and_allow_evictions(manifests: Manifests) -> None:
    for budget in manifests.kind("PodDisruptionBudget"):
        (workload,) = selected(manifests, budget["spec"]["selector"]["matchLabels"])
        assert budget["metadata"]["name"] == group_name(workload)
        assert len({"minAvailable", "maxUnavailable"} & budget["spec"].keys()) == 1
        assert budget["spec"].get("maxUnavailable") not in (0, "0%")
        pods = workload["spec"].get("replicas")
        assert pods in (0, None) or budget["spec"].get("minAvailable") not in (pods, "100%")


def autoscalers_set_the_number_of_pods(manifests: Manifests) -> None:
    scalers = [*manifests.kind("HorizontalPodAutoscaler"), *manifests.kind("ScaledObject")]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in scalers}
    assert len(scaled) == len(scalers)
    assert scaled == {each["metadata"]["name"] for each in workloads(manifests) if "replicas" not in each["spec"]}
    for each in manifests.kind("HorizontalPodAutoscaler"):
        assert each["spec"]["minReplicas"] <= each["spec"]["maxReplicas"]
    for each in manifests.kind("ScaledObject"):
        assert each["spec"]["minReplicaCount"] <= each["spec"]["maxReplicaCount"]


def monitors_select_one_service_and_its_ports(manifests: Manifests) -> None:
    for monitor in manifests.kind("ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"]
        services = [s for s in manifests.kind("Service") if selects(selector, s["metadata"]["labels"])]
        endpoints = monitor["spec"]["endpoints"]
        scraped = {endpoint["port"] for endpoint in endpoints if "port" in endpoint}
        kept = [each["regex"] for endpoint in endpoints for each in endpoint.get("relabelings", ())]
        with_ports = [s for s in services if scraped <= {port["name"] for port in s["spec"]["ports"]}]
        chosen = [s for s in with_ports if s["metadata"]["name"] in (kept or [s["metadata"]["name"]])]
        assert len(chosen) == 1, (monitor["metadata"]["name"], [s["metadata"]["name"] for s in services])
        (workload,) = selected(manifests, chosen[0]["spec"]["selector"])
        assert {endpoint["targetPort"] for endpoint in endpoints if "targetPort" in endpoint} <= port_names(workload)


def ingresses_route_to_services(manifests: Manifests) -> None:
    for ingress in manifests.kind("Ingress"):
        for backend in (
            path["backend"]["service"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]
        ):
            ports = manifests["Service", backend["name"]]["spec"]["ports"]
            assert backend["port"]["name"] in {port["name"] for port in ports}


def upstreams_are_services(manifests: Manifests) -> None:
    """Every upstream is a group's Service, one of its replicas, or an outside URL; and every group is an upstream."""
    (config,) = (each for each in manifests.kind("ConfigMap") if "config.json" in each.get("data", {}))
    targets = json.loads(config["data"]["config.json"])["targets"]
    reached = set()
    for pool in targets.values():
        for url in (urlsplit(provider["url"]) for provider in pool["providers"]):
            host, _, service = (url.hostname or "").partition(".")
            if service and ("Service", service) not in manifests:
                assert "." in service  # a hostname outside the release
                continue
            ports = manifests["Service", service or host]["spec"]["ports"]
            assert url.port in {port["port"] for port in ports if port["name"] == "http"}
            if service:
                group, _, number = host.rpartition("-")
                assert int(number) < manifests["StatefulSet", group]["spec"]["replicas"]
                assert manifests["StatefulSet", group]["spec"]["serviceName"] == service
                host = group
            reached.add(host)
    groups = {group_name(each) for each in workloads(manifests) if GROUP_LABEL in pod_labels(each)}
    idle = {each["metadata"]["name"] for each in manifests.kind("StatefulSet") if each["spec"]["replicas"] == 0}
    assert reached == groups - idle


def replicas_each_have_an_address(manifests: Manifests) -> None:
    headless = {s["metadata"]["name"] for s in manifests.kind("Service") if s["spec"].get("clusterIP") == "None"}
    assert headless == {each["spec"]["serviceName"] for each in manifests.kind("StatefulSet")}
    assert all(len(each["metadata"]["name"]) <= 52 for each in manifests.kind("StatefulSet"))


def keys_are_mounted(manifests: Manifests) -> None:
    """Each key's placeholder in the gateway's configuration has a file; one from the chart's own Secret has a key."""
    (config,) = (each for each in manifests.kind("ConfigMap") if "config.json" in each.get("data", {}))
    # The fields in which files/onwards/assemble-config.sh replaces one: an alias may look like a placeholder.
    placeholder = re.compile(r'^ *(?:"(?:onwards_)?key": )?"@key:(.*)@",?$', re.MULTILINE)
    wanted = set(placeholder.findall(config["data"]["config.json"]))
    files = set()
    for volume in (v for w in workloads(manifests) for v in pod_spec(w).get("volumes", ()) if "projected" in v):
        for secret in (source["secret"] for source in volume["projected"]["sources"] if "secret" in source):
            files |= {item["path"] for item in secret["items"]}
            if secret["name"] == config["metadata"]["name"]:
                made = manifests["Secret", secret["name"]]
                assert {item["key"] for item in secret["items"]} <= {*made.get("data", {}), *made.get("stringData", {})}
    assert wanted == files


def probes_use_existing_ports(manifests: Manifests) -> None:
    for _, each in containers(manifests):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            handler = each.get(kind, {}).get("httpGet") or each.get(kind, {}).get("tcpSocket")
            assert handler is None or handler["port"] in {port["name"] for port in each.get("ports", ())}


def progress_deadlines_exceed_startup_time(manifests: Manifests) -> None:
    """For Deployments; a StatefulSet has no progress deadline."""
    for workload in (each for each in workloads(manifests) if "progressDeadlineSeconds" in each["spec"]):
        deadline = workload["spec"]["progressDeadlineSeconds"]
        for each in pod_spec(workload)["containers"]:
            probe = each.get("startupProbe", {})
            assert probe.get("failureThreshold", 0) * probe.get("periodSeconds", 10) <= deadline


def device_requests_equal_limits(manifests: Manifests) -> None:
    for _, each in containers(manifests):
        resources = each.get("resources", {})
        devices = [
            {name: str(count) for name, count in resources.get(kind, {}).items() if DEVICE.match(name)}
            for kind in ("requests", "limits")
        ]
        assert devices[0] == devices[1]


def claims_of_pods_are_rendered_or_existing(manifests: Manifests) -> None:
    made = {each["metadata"]["name"] for each in manifests.kind("PersistentVolumeClaim")}
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for workload in workloads(manifests)
        for volume in pod_spec(workload).get("volumes", ())
        if "persistentVolumeClaim" in volume
    }
    assert made <= claims
    assert all(name.startswith(GIVEN) for name in claims - made)


def accounts_of_pods_are_rendered_or_existing(manifests: Manifests) -> None:
    made = {each["metadata"]["name"] for each in manifests.kind("ServiceAccount")}
    used = {pod_spec(workload)["serviceAccountName"] for workload in workloads(manifests)}
    assert made <= used
    assert all(name == "default" or name.startswith(GIVEN) for name in used - made)


def pods_are_restricted(manifests: Manifests) -> None:
    """No pod mounts a token, and each complies with Pod Security's "restricted", with three exceptions.

    Values can configure a privileged container and capabilities, and take a whole security context away; and an engine
    may need the user of its image.
    tests/chart/test_restricted.py lists the exceptions among the test cases.
    """
    for spec in (template["spec"] for workload in workloads(manifests) for template in pod_templates(workload)):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        containers = (*spec.get("initContainers", ()), *spec["containers"])
        contexts = [each.get("securityContext", {}) for each in containers]
        permitted = {"runAsNonRoot", "runAsUser"}
        if any(each.get("privileged") for each in contexts):
            permitted |= {"privileged", "allowPrivilegeEscalation", "capabilities_restricted"}
        if any(each.get("capabilities", {}).get("add") for each in contexts):
            permitted |= {"capabilities_baseline", "capabilities_restricted"}
        if not spec.get("securityContext"):
            permitted |= {"seccompProfile_restricted"}
        if not all(contexts):
            permitted |= {"allowPrivilegeEscalation", "capabilities_restricted"}
        assert set(restricted.broken(spec)) <= permitted
        restricting = [each for each in contexts if each and not each.get("privileged")]
        assert all(each["capabilities"]["drop"] == ["ALL"] for each in restricting)


OF_PROMETHEUS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")
"""Kinds that may be in a namespace of their own, as a ConfigMap of dashboards or rules may."""


def _is_read_elsewhere(each: Object) -> bool:
    return each["kind"] == "ConfigMap" and str(each["metadata"]["name"]).endswith(("-dashboards", "-rules"))


def objects_belong_to_the_release(manifests: Manifests) -> None:
    for each in manifests:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "test-release"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("inference-stack-")
        assert "namespace" not in each["metadata"] or each["kind"] in OF_PROMETHEUS or _is_read_elsewhere(each)
    assert len({each["metadata"]["labels"]["app.kubernetes.io/name"] for each in manifests}) == 1


INVARIANTS: tuple[Invariant, ...] = (
    names_are_legal,
    names_are_unique,
    labels_are_legal,
    annotations_are_strings,
    nothing_is_null,
    images_are_valid,
    mounts_refer_to_volumes,
    volumes_variables_and_ports_are_unique,
    ports_are_legal,
    services_select_one_workload_and_its_ports,
    workloads_select_their_own_pods_only,
    policies_select_one_workload_and_its_ports,
    budgets_select_one_workload_and_allow_evictions,
    autoscalers_set_the_number_of_pods,
    monitors_select_one_service_and_its_ports,
    ingresses_route_to_services,
    upstreams_are_services,
    replicas_each_have_an_address,
    keys_are_mounted,
    probes_use_existing_ports,
    progress_deadlines_exceed_startup_time,
    device_requests_equal_limits,
    claims_of_pods_are_rendered_or_existing,
    accounts_of_pods_are_rendered_or_existing,
    pods_are_restricted,
    objects_belong_to_the_release,
)


def groups(manifests: Manifests) -> dict[str, Object]:
    """The specs of the objects that belong to a group, by kind and name."""
    return {
        f"{each['kind']} {each['metadata']['name']}": each.get("spec", {})
        for each in manifests
        if each["metadata"]["labels"].get("app.kubernetes.io/component") == "model-group"
    }
