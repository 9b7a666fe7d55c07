"""Claims as people bring them: shared, existing, renamed; none is lost, and no pod waits forever without a word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import FULLNAME, deployment, one, pod
from tests.support import Render, Say

HOST = "kubernetes.io/hostname"
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
ONCE = ["ReadWriteOnce"]
MANY = ["ReadWriteMany"]


def own(**fields: Any) -> dict[str, Any]:
    return {"name": "cache", "mountPath": "/cache", "size": "1Gi", **fields}


def existing(claim: str = "models", **fields: Any) -> dict[str, Any]:
    return {"name": "cache", "mountPath": "/cache", "existingClaim": claim, **fields}


def groups(**each: dict[str, Any]) -> dict[str, Any]:
    group = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
    return {"modelGroups": {name: {**group, **fields} for name, fields in each.items()}}


def kept_with(spec: dict[str, Any]) -> list[list[str]]:
    """The groups with whose pods a pod has to share a node, of each term."""
    terms = spec.get("affinity", {}).get("podAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", [])
    assert {term["topologyKey"] for term in terms} <= {HOST}
    return [
        each["values"]
        for term in terms
        for each in term["labelSelector"].get("matchExpressions", ())
        if each["key"] == "app.kubernetes.io/model-group"
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"persistentVolumes": [own()], "replicaCount": 2},
        {"persistentVolumes": [own()], "strategy": SURGE},
        {"persistentVolumes": [own()], "strategy": {"rollingUpdate": {"maxUnavailable": 0}}},
        {"persistentVolumes": [own()], "replicaCount": 3, "balancing": "perReplica"},
        {"persistentVolumes": [existing(accessModes=ONCE)], "replicaCount": 2},
        {"persistentVolumes": [own(accessModes=MANY), own(name="w", mountPath="/w")], "replicaCount": 2},
    ],
    ids=["replicas", "surge", "surge-by-default", "per-replica", "existing", "second-volume"],
)
def test_pods_that_share_a_one_node_volume_share_a_node(render: Render, fields: dict[str, Any]) -> None:
    rendered = render(one(**fields))
    kind = "StatefulSet" if "balancing" in fields else "Deployment"
    assert kept_with(rendered[kind, f"{FULLNAME}-a"]["spec"]["template"]["spec"]) == [["a"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"persistentVolumes": [own()]},
        {"persistentVolumes": [own()], "strategy": {"type": "Recreate"}},
        {"persistentVolumes": [own(accessModes=MANY)], "replicaCount": 2},
        {"persistentVolumes": [existing()], "replicaCount": 2},
        {"persistentVolumes": [own()], "replicaCount": 2, "podsShareNode": False},
        {"replicaCount": 2},
    ],
    ids=["one-pod", "recreated", "many-nodes", "unknown", "switched-off", "no-volume"],
)
def test_other_pods_go_where_they_like(render: Render, fields: dict[str, Any]) -> None:
    assert "affinity" not in pod(render(one(**fields)))


def test_an_affinity_of_the_users_stays(render: Render) -> None:
    term = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "store"}}}
    affinity = {
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []},
    }
    found = pod(render(one(persistentVolumes=[own()], replicaCount=2, affinity=affinity)))["affinity"]
    terms = found["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms[0] == term
    assert terms[1]["topologyKey"] == HOST
    assert found["nodeAffinity"] == affinity["nodeAffinity"]


def test_two_groups_on_one_claim_share_a_node(render: Render) -> None:
    volume = existing(accessModes=ONCE)
    rendered = render(groups(a={"persistentVolumes": [volume]}, b={"persistentVolumes": [volume]}, c={}))
    assert [kept_with(pod(rendered, name)) for name in "abc"] == [[["a", "b"]], [["a", "b"]], []]


def test_a_group_may_use_the_claim_that_another_one_creates(render: Render) -> None:
    volumes = {"a": own(), "b": existing(f"{FULLNAME}-a-cache")}
    rendered = render(groups(**{name: {"persistentVolumes": [each]} for name, each in volumes.items()}))
    assert [each["metadata"]["name"] for each in rendered.kind("PersistentVolumeClaim")] == [f"{FULLNAME}-a-cache"]
    assert kept_with(pod(rendered, "b")) == [["a", "b"]]


SELECTORS = {
    "group": {"matchLabels": {"app.kubernetes.io/model-group": "a"}},
    "label-of-the-users": {"matchLabels": {"tier": "inference"}},
    "expression": {
        "matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": ["model-group"]}]
    },
    "existence": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
}


def apart(field: str, selector: dict[str, Any]) -> dict[str, Any]:
    """A group of two pods on one volume, and a rule that keeps those that the selector selects on different nodes."""
    term = {"topologyKey": HOST, "labelSelector": selector}
    rules = {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "topologySpreadConstraints": [{**term, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}],
    }
    return one(persistentVolumes=[own()], replicaCount=2, podLabels={"tier": "inference"}, **{field: rules[field]})


@pytest.mark.parametrize("field", ["affinity", "topologySpreadConstraints"])
@pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS)
def test_rules_that_keep_them_apart_are_refused(refusal: Say, field: str, selector: dict[str, Any]) -> None:
    said = refusal(apart(field, selector))
    assert f"modelGroups.a.{field}: it keeps the pods of this group on different nodes" in said


@pytest.mark.parametrize("field", ["affinity", "topologySpreadConstraints"])
@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"app": "store"}},
        {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["inference"]}]},
    ],
    ids=["other", "all-but-these"],
)
def test_rules_about_other_pods_are_not(render: Render, field: str, selector: dict[str, Any]) -> None:
    assert kept_with(pod(render(apart(field, selector)))) == [["a"]]


def test_pods_on_one_node_leave_it_together(render: Render) -> None:
    """With a budget of one the first would be evicted, start nowhere else, and the second never be allowed to go."""
    together = render(one(persistentVolumes=[own()], replicaCount=2))
    assert [each["metadata"]["name"] for each in together.kind("PodDisruptionBudget")] == []
    budget = {"maxUnavailable": 2}
    given = render(one(persistentVolumes=[own()], replicaCount=2, podDisruptionBudget=budget)).kind(
        "PodDisruptionBudget"
    )
    assert [each["spec"]["maxUnavailable"] for each in given] == [2]


@pytest.mark.parametrize("volumes", [[existing()], [existing(), own(name="w", mountPath="/w", accessModes=MANY)]])
def test_a_claim_of_unknown_access_is_noted(notes: Say, volumes: list[dict[str, Any]]) -> None:
    assert "several pods may mount the claim models" in notes(one(persistentVolumes=volumes, replicaCount=2))


def test_so_is_one_among_the_other_volumes(notes: Say) -> None:
    volumes = [{"name": "w", "persistentVolumeClaim": {"claimName": "weights"}}]
    mounts = [{"name": "w", "mountPath": "/w"}]
    assert "several pods may mount the claim weights" in notes(one(volumes=volumes, volumeMounts=mounts))


@pytest.mark.parametrize("modes", [ONCE, MANY])
def test_a_claim_of_known_access_is_not(notes: Say, modes: list[str]) -> None:
    assert "several pods may mount" not in notes(one(persistentVolumes=[existing(accessModes=modes)], replicaCount=2))


NAMED_AS_OURS: dict[str, dict[str, Any]] = {
    "this-volume": groups(a={"persistentVolumes": [existing(f"{FULLNAME}-a-cache")]}),
    "with-a-size": groups(a={"persistentVolumes": [existing(f"{FULLNAME}-a-cache", size="5Gi")]}),
    "kept": groups(a={"persistentVolumes": [existing(f"{FULLNAME}-a-cache", keep=True)]}),
    "renamed-volume": groups(a={"persistentVolumes": [existing(f"{FULLNAME}-a-weights")]}),
    "renamed-group": groups(new={"persistentVolumes": [existing(f"{FULLNAME}-old-cache")]}),
    "disabled-group": groups(
        new={"persistentVolumes": [existing(f"{FULLNAME}-old-cache")]},
        old={"enabled": False, "persistentVolumes": [own()]},
    ),
    "among-other-volumes": groups(
        a={
            "volumes": [{"name": "w", "persistentVolumeClaim": {"claimName": f"{FULLNAME}-a-w"}}],
            "volumeMounts": [{"name": "w", "mountPath": "/w"}],
        }
    ),
    "other-fullname": {
        **groups(a={"persistentVolumes": [existing("llm-a-cache")]}),
        "fullnameOverride": "llm",
    },
}


@pytest.mark.parametrize("values", NAMED_AS_OURS.values(), ids=NAMED_AS_OURS)
def test_a_claim_that_helm_would_delete_is_no_existing_one(refusal: Say, values: dict[str, Any]) -> None:
    said = refusal(values)
    assert "with what is on it" in said
    assert "keep: true" in said


@pytest.mark.parametrize("claim", ["models", f"{FULLNAME}-models", "llm-a-cache"])
def test_other_existing_claims_are_taken(render: Render, claim: str) -> None:
    volumes = pod(render(one(persistentVolumes=[existing(claim)])))["volumes"]
    assert {"name": "cache", "persistentVolumeClaim": {"claimName": claim}} in volumes


def test_what_deletes_a_claim_is_said_before(notes: Say) -> None:
    assert f"{FULLNAME}-a-cache: Helm deletes a claim" in notes(one(persistentVolumes=[own()]))
    assert "Helm deletes a claim" not in notes(one(persistentVolumes=[own(keep=True)]))


@pytest.mark.parametrize("fields", [{"replicaCount": 2}, {"strategy": SURGE}])
def test_a_volume_of_one_pod_has_one_pod(refusal: Say, fields: dict[str, Any]) -> None:
    volume = own(accessModes=["ReadWriteOncePod"])
    assert "only one pod can mount cache (ReadWriteOncePod)" in refusal(one(persistentVolumes=[volume], **fields))


def test_one_pod_of_it_is_replaced_in_place(render: Render) -> None:
    rendered = render(one(persistentVolumes=[own(accessModes=["ReadWriteOncePod"])]))
    assert deployment(rendered)["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
