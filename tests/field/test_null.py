"""A null in a Kubernetes object leaves a field out; for a key of the chart's own it restores the default."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.helm import Helm
from harness.manifests import Manifests, Object, container, environment
from harness.paths import ROOT
from harness.tools import tool
from tests.chart.accessors import FULLNAME, deployment, engine, gateway, one, pod, routing
from tests.chart.test_values_0_4 import STORED
from tests.support import Render

NO_USER: dict[str, Any] = {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}
USER = {"runAsUser", "runAsGroup", "fsGroup"}


def gateway_pod(manifests: Manifests) -> Object:
    spec: Object = manifests["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]
    return spec


def route(**timeouts: Any) -> dict[str, Any]:
    return {"httpRoute": {"enabled": True, "parentRefs": [{"name": "internal"}], **timeouts}}


@pytest.mark.parametrize(
    ("given", "rendered"),
    [
        ({"timeouts": None}, None),
        ({"timeouts": {"request": None, "backendRequest": None}}, None),
        ({"timeouts": {"backendRequest": None}}, {"request": "0s"}),
        ({"timeouts": {}}, {"request": "0s", "backendRequest": "0s"}),
        ({}, {"request": "0s", "backendRequest": "0s"}),
    ],
    ids=["all", "both", "one", "empty", "none"],
)
def test_timeouts_of_a_route_can_be_left_out(render: Render, given: Any, rendered: Any) -> None:
    (rule,) = render(route(**given))["HTTPRoute", FULLNAME]["spec"]["rules"]
    assert rule.get("timeouts") == rendered


def test_a_null_in_a_route_restores_the_gateways_fallback(render: Render) -> None:
    routes = {"m": {"strategy": None, "fallback": None, "holdSeconds": 5}}
    assert routing(render({**one(), "routes": routes})) == routing(
        render({**one(), "routes": {"m": {"holdSeconds": 5}}})
    )
    partly = {"m": {"fallback": {"maxAttempts": None, "backoff": None, "onStatus": [500]}}}
    assert routing(render({**one(), "routes": partly})) == routing(
        render({**one(), "routes": {"m": {"fallback": {"onStatus": [500]}}}})
    )


def test_a_handler_that_is_null_leaves_the_other(render: Render) -> None:
    found = engine(render(one(lifecycle={"preStop": {"exec": None, "sleep": {"seconds": 3}}})))
    assert found["lifecycle"]["preStop"] == {"sleep": {"seconds": 3}}


@pytest.mark.parametrize("field", ["cpu", "memory", "ephemeral-storage"])
@pytest.mark.parametrize("kind", ["limits", "requests"])
def test_each_resource_of_the_gateway_can_be_left_out(render: Render, kind: str, field: str) -> None:
    before = gateway(render())["resources"]
    after = gateway(render({"onwards": {"resources": {kind: {field: None}}}}))["resources"]
    assert {field: before[kind][field], **after[kind]} == before[kind]
    assert field not in after[kind]


def test_an_empty_quantity_is_none(render: Render) -> None:
    """The API server takes no empty text for one."""
    rendered = render({"onwards": {"resources": {"limits": {"cpu": ""}}}, **one(resources={"limits": {"memory": ""}})})
    assert gateway(rendered)["resources"]["limits"] == {"memory": "1Gi", "ephemeral-storage": "512Mi"}
    assert not engine(rendered).get("resources", {}).get("limits")


@pytest.mark.parametrize("given", [None, {"limits": None, "requests": None}], ids=["all", "both"])
def test_all_resources_of_the_gateway_can_be_left_out(render: Render, given: Any) -> None:
    assert not gateway(render({"onwards": {"resources": given}}))["resources"]


def test_a_user_set_to_null_is_left_out_of_every_pod(render: Render) -> None:
    values = {**one(), "onwards": NO_USER, "modelGroupDefaults": NO_USER}
    rendered = render(values)
    job = rendered["Job", f"{FULLNAME}-onwards-test"]["spec"]["template"]["spec"]
    for spec in (gateway_pod(rendered), pod(rendered), job):
        assert not USER & {*spec["securityContext"]}


def test_an_engine_whose_user_the_cluster_chooses_has_a_home(render: Render) -> None:
    rendered = render({**one(), "modelGroupDefaults": NO_USER})
    assert pod(rendered)["securityContext"]["runAsNonRoot"] is True
    assert engine(rendered)["securityContext"]["readOnlyRootFilesystem"] is True
    assert environment(engine(rendered))["HOME"] == "/home/engine"
    assert {"/home/engine", "/tmp"} <= {each["mountPath"] for each in engine(rendered)["volumeMounts"]}


def test_a_group_can_set_what_the_defaults_leave_out(render: Render) -> None:
    values = {**one(podSecurityContext={"runAsUser": 5}), "modelGroupDefaults": NO_USER}
    assert pod(render(values))["securityContext"]["runAsUser"] == 5


@pytest.mark.parametrize("place", ["modelGroupDefaults", "group"])
@pytest.mark.parametrize("context", ["podSecurityContext", "securityContext"])
def test_a_security_context_can_be_left_out(render: Render, place: str, context: str) -> None:
    given: dict[str, Any] = {context: None}
    rendered = render({**one(), place: given} if place == "modelGroupDefaults" else one(**given))
    of = pod(rendered) if context == "podSecurityContext" else engine(rendered)
    assert "securityContext" not in of


@pytest.mark.parametrize("context", ["podSecurityContext", "securityContext"])
def test_a_security_context_of_the_gateway_can_be_left_out(render: Render, context: str) -> None:
    rendered = render({"onwards": {context: None}})
    of = gateway_pod(rendered) if context == "podSecurityContext" else gateway(rendered)
    assert not of.get("securityContext")


def test_a_field_that_the_chart_sets_in_an_init_container_can_be_left_out(render: Render) -> None:
    init = {"name": "fetch", "image": "a", "securityContext": {"capabilities": None}}
    ((context,),) = [[each["securityContext"] for each in pod(render(one(initContainers=[init])))["initContainers"]]]
    assert "capabilities" not in context
    assert "allowPrivilegeEscalation" in context


PROBES = {"startupProbe": "startup", "livenessProbe": "liveness", "readinessProbe": "readiness"}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("place", ["modelGroupDefaults", "group"])
def test_a_probe_can_be_left_out(render: Render, probe: str, place: str) -> None:
    given: dict[str, Any] = {probe: None}
    rendered = render({**one(), place: given} if place == "modelGroupDefaults" else one(**given))
    assert {*PROBES} - {*engine(rendered)} == {probe}


@pytest.mark.parametrize("kind", PROBES.values())
def test_a_probe_of_the_gateway_can_be_left_out(render: Render, kind: str) -> None:
    rendered = gateway(render({"onwards": {"probes": {kind: None}}}))
    assert {*PROBES} - {*rendered} == {f"{kind}Probe"}


def test_a_field_of_a_probe_can_be_left_out(render: Render) -> None:
    probe = engine(render(one(readinessProbe={"timeoutSeconds": None})))["readinessProbe"]
    assert "timeoutSeconds" not in probe
    assert "periodSeconds" in probe


def test_a_handler_of_the_defaults_gives_way_to_a_groups(render: Render) -> None:
    defaults = {"livenessProbe": {"httpGet": {"path": "/a", "port": 1}}}
    group = one(livenessProbe={"httpGet": None, "tcpSocket": {"port": 1}})
    assert {"httpGet", "tcpSocket"} & {*engine(render({**group, "modelGroupDefaults": defaults}))["livenessProbe"]} == {
        "tcpSocket"
    }


def test_kubernetes_numbers_hold_for_a_startup_probe_without_its_own(render: Render) -> None:
    rendered = render(one(startupProbe={"periodSeconds": None, "failureThreshold": None}))
    assert deployment(rendered)["spec"]["progressDeadlineSeconds"] == 600 + 10 * 3


def test_the_strategy_can_be_left_to_kubernetes(render: Render) -> None:
    assert "strategy" not in deployment(render(one(strategy=None)))["spec"]


def test_a_rolling_update_of_the_defaults_can_be_removed(render: Render) -> None:
    defaults = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}}
    rendered = render({**one(strategy={"type": "Recreate", "rollingUpdate": None}), "modelGroupDefaults": defaults})
    assert deployment(rendered)["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("given", [None, {"preStop": None}], ids=["all", "one"])
def test_hooks_can_be_left_out(render: Render, given: Any) -> None:
    assert "lifecycle" not in engine(render(one(lifecycle=given)))
    assert "lifecycle" not in gateway(render({"onwards": {"lifecycle": {"preStop": None}}}))


def test_an_affinity_of_the_defaults_can_be_removed(render: Render) -> None:
    term = {"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}
    anti = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    defaults: dict[str, Any] = {"modelGroupDefaults": {"affinity": {**anti, "nodeAffinity": {}}}}
    assert {*pod(render({**one(affinity={"podAntiAffinity": None}), **defaults}))["affinity"]} == {"nodeAffinity"}
    assert "affinity" not in pod(render({**one(affinity=None), **defaults}))


def test_limits_of_the_defaults_can_be_removed(render: Render) -> None:
    defaults = {"resources": {"limits": {"cpu": 4, "memory": "8Gi", "nvidia.com/gpu": 1}}}
    rendered = render({**one(resources={"limits": {"cpu": None}}), "modelGroupDefaults": defaults})
    assert engine(rendered)["resources"]["limits"] == {"memory": "8Gi", "nvidia.com/gpu": "1"}


def test_annotations_for_nginx_can_be_left_out(render: Render) -> None:
    size = "nginx.ingress.kubernetes.io/proxy-body-size"
    some = render({"ingress": {"enabled": True, "annotations": {size: None}}})["Ingress", FULLNAME]["metadata"]
    none = render({"ingress": {"enabled": True, "annotations": None}})["Ingress", FULLNAME]["metadata"]
    assert size not in some["annotations"]
    assert len(some["annotations"]) == 3
    assert not none["annotations"]


@pytest.mark.parametrize(
    ("section", "given"),
    [
        ("onwards", {"service": {"port": None}}),
        ("onwards", {"containerPort": None}),
        ("onwards", {"metrics": None}),
        ("onwards", {"fallback": {"backoff": {"maxMilliseconds": None}}}),
    ],
)
def test_a_key_of_the_charts_own_falls_back_to_its_default(render: Render, section: str, given: Any) -> None:
    assert list(render({section: given})) == list(render())


def test_a_null_in_a_group_restores_the_charts_default_not_the_users(render: Render) -> None:
    defaults = {"runtimeClassName": "nvidia", "service": {"port": 9000}}
    rendered = render({**one(runtimeClassName=None, service={"port": None}), "modelGroupDefaults": defaults})
    assert "runtimeClassName" not in pod(rendered)
    assert rendered["Service", f"{FULLNAME}-a"]["spec"]["ports"][0]["port"] == 8000


NULLS: dict[str, Any] = {
    "onwards": {**NO_USER, "resources": {"limits": {"cpu": None}}},
    "modelGroups": {"a": {**one()["modelGroups"]["a"], **NO_USER, "livenessProbe": None}},
    **route(timeouts={"request": None}),
}


def left_out(rendered: Manifests, fullname: str = FULLNAME) -> dict[str, bool]:
    """What NULLS removes, and whether it is gone."""
    onwards, group = rendered["Deployment", f"{fullname}-onwards"], rendered["Deployment", f"{fullname}-a"]
    (rule,) = rendered["HTTPRoute", fullname]["spec"]["rules"]
    return {
        "gateway's user": not USER & {*onwards["spec"]["template"]["spec"]["securityContext"]},
        "group's user": not USER & {*group["spec"]["template"]["spec"]["securityContext"]},
        "cpu": "cpu" not in container(onwards, "onwards")["resources"]["limits"],
        "probe": "livenessProbe" not in container(group, "a"),
        "timeout": rule["timeouts"] == {"backendRequest": "0s"},
    }


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that has this one as a dependency."""
    chart = tmp_path_factory.mktemp("parent")
    Helm().package(ROOT, chart / "charts")
    version = yaml.safe_load((ROOT / "Chart.yaml").read_text())["version"]
    dependency = {"name": "inference-stack", "version": version}
    about = {"apiVersion": "v2", "name": "parent", "version": "0.1.0", "dependencies": [dependency]}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "values.yaml").write_text("{}\n")
    return chart


@pytest.mark.parametrize("binary", ["helm", "helm3", "helm-floor"])
def test_they_leave_out_in_a_parent_chart_too(parent: Path, binary: str) -> None:
    """Helm 3.13 restores the defaults of a subchart that are in its values.yaml: nothing shows the null."""
    text = Helm(tool(binary)).template(parent, values=[{"inference-stack": NULLS}])
    found = left_out(Manifests.parse(text))
    restored = {"cpu", "timeout"} if binary == "helm-floor" else set()
    assert {name for name, gone in found.items() if not gone} == restored


@pytest.mark.parametrize("binary", ["helm", "helm3", "helm-floor"])
def test_they_leave_out_with_each_helm(binary: str) -> None:
    found = left_out(Manifests.parse(Helm(tool(binary)).template(ROOT, values=[NULLS])))
    assert all(found.values()), found


def merged(over: Any, below: Any) -> Any:
    """Values as Helm keeps them for `--reuse-values`: over the defaults of the release's chart, nulls included."""
    if isinstance(over, dict) and isinstance(below, dict):
        return {**below, **over, **{key: merged(over[key], below[key]) for key in over.keys() & below.keys()}}
    return over


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart without defaults: what is rendered has the given values only, as with `helm upgrade --reuse-values`."""
    chart = tmp_path_factory.mktemp("bare") / "inference-stack"
    for name in ("templates", "files"):
        shutil.copytree(ROOT / name, chart / name)
    for name in ("Chart.yaml", "values.schema.json"):
        shutil.copy(ROOT / name, chart / name)
    (chart / "values.yaml").write_text("{}\n")
    return chart


DEFAULTS = yaml.safe_load((ROOT / "values.yaml").read_text())


def test_they_stay_left_out_when_values_are_reused(helm: Helm, bare: Path) -> None:
    found = left_out(Manifests.parse(helm.template(bare, values=[merged(NULLS, DEFAULTS)])))
    assert all(found.values()), found


def test_reused_values_of_this_chart_render_the_same(helm: Helm, bare: Path, render: Render) -> None:
    assert list(Manifests.parse(helm.template(bare, values=[merged(one(), DEFAULTS)]))) == list(render(one()))


def test_reused_values_of_0_4_get_what_it_had_not(helm: Helm, bare: Path) -> None:
    """Its values lack keys that have a default now: none of them was set to null."""
    stored = {**STORED, **one()}
    rendered = Manifests.parse(helm.template(bare, values=[stored]))
    assert "preStop" in gateway(rendered)["lifecycle"]
    assert gateway(rendered)["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi", "ephemeral-storage": "512Mi"}
    assert "preStop" in engine(rendered)["lifecycle"]
    nulled = merged({"onwards": {"resources": {"limits": {"cpu": None}}}}, stored)
    rendered = Manifests.parse(helm.template(bare, values=[nulled]))
    assert {*gateway(rendered)["resources"]["limits"]} == {"memory", "ephemeral-storage"}
