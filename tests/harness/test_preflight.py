"""The checks of `inference-stack preflight`, on what kubectl said of a real node (recorded/node.json), and changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.helm import Helm
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from harness.scan.restricted import broken as broken_upstream
from inference_stack import checks, cli, pod_security, programs, schedule
from inference_stack.checks import Release
from inference_stack.facts import Facts, kind_of
from inference_stack.findings import FAIL, UNKNOWN, WARN, Finding
from inference_stack.output import findings_text
from inference_stack.preflight import CHECKS, as_json, preflight
from inference_stack.programs import READING, Kubectl, Unreadable
from inference_stack.wanted import wanted
from tests.support import Render

RECORDED = json.loads((Path(__file__).parent / "recorded" / "node.json").read_text())
GPU = "nvidia.com/gpu"
FORBIDDEN = Unreadable("forbidden", 'Error from server (Forbidden): nodes is forbidden: User "jo" cannot list resource')
MISSING = Unreadable("missing", "Error from server (NotFound): not found")
GROUP = {"enabled": True, "engine": "vllm", "modelName": "o/m", "modelAlias": ["m"], "resources": {"limits": {GPU: 1}}}


def node(name: str = "node-1", gpus: int = 8, **changes: Any) -> Object:
    """The recorded node with devices; `changes` are of its labels, taints and amounts."""
    made: Object = copy.deepcopy(RECORDED["nodes"][0])
    made["metadata"]["name"] = name
    made["metadata"]["labels"].update(changes.get("labels", {}))
    made["spec"]["taints"] = changes.get("taints", [])
    made["status"]["allocatable"].update({GPU: str(gpus), **changes.get("allocatable", {})})
    return made


@pytest.fixture
def release(render: Render) -> Release:
    return made(render)


def made(render: Render, release: str = "t", **group: Any) -> Release:
    """A release of one group."""
    objects = list(render({"modelGroups": {"chat": {**GROUP, **group}}}, release=release))
    hooks = [each for each in objects if "helm.sh/hook" in each["metadata"].get("annotations", {})]
    return Release(release, "default", wanted([each for each in objects if each not in hooks]))


def facts(release: Release, **changes: Any) -> Facts:
    """A cluster in which the release works, but for the changes."""
    lists = {"nodes": [node()], "storage": RECORDED["storage"], **changes.pop("lists", {})}
    return replace(
        Facts(
            version=RECORDED["version"]["gitVersion"],
            served=sorted({kind_of(each) for each in release.wanted.objects}),
            namespace=RECORDED["namespace"],
            lists=lists,
            pods=RECORDED["pods"],
            dns=RECORDED["dns"],
            keys={(each.kind, each.name): each.keys for each in release.wanted.references},
        ),
        **changes,
    )


def bad(found: Sequence[Finding], level: str = FAIL) -> list[str]:
    return [f"{each.check}: {each.object}: {each.says}" for each in found if each.level == level]


def pod(name: str = "hog", gpus: int = 7, **metadata: Any) -> Object:
    resources = {"limits": {GPU: str(gpus)}}
    return {
        "metadata": {"name": name, "namespace": "other", **metadata},
        "spec": {"nodeName": "node-1", "containers": [{"name": "a", "resources": resources}]},
        "status": {"phase": "Running"},
    }


def test_a_cluster_that_has_all_has_no_fault(release: Release) -> None:
    found = preflight(release, facts(release))
    assert {each.level for each in found} == {"ok"}
    assert len(found) == len(CHECKS)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": "v1.19.3"}, "version: Kubernetes: v1.19.3 is older than 1.20"),
        ({"namespace": {"metadata": {}, "status": {"phase": "Terminating"}}}, "is being deleted"),
        ({"lists": {"nodes": [node(gpus=0)]}}, f"it requests 1 {GPU}, and no node that it may run on offers {GPU}"),
        ({"pods": [pod(gpus=8)]}, f"1 of 1 pods find no room now: of {GPU}, 0 {GPU} of 1 {GPU} are free on a node"),
        ({"pods": [pod(gpus=8)]}, f"(used: {GPU} by other/hog (8))"),
        (
            {"lists": {"nodes": [node(taints=[{"key": GPU, "value": "yes", "effect": "NoSchedule"}])]}},
            f"it does not tolerate {GPU}=yes:NoSchedule",
        ),
        ({"lists": {"nodes": []}}, "no node is ready"),
        ({"dns": [{"endpoints": [{"conditions": {"ready": False}}]}]}, "no pod behind kube-dns is ready"),
    ],
)
def test_a_cluster_that_lacks_something_does_not(release: Release, changes: Any, says: str) -> None:
    found = bad(preflight(release, facts(release, **changes)))
    assert any(says in each for each in found), found


def test_what_may_not_be_read_is_unknown(release: Release) -> None:
    known = facts(release, lists={"nodes": FORBIDDEN, "quotas": FORBIDDEN, "policies": FORBIDDEN}, there=FORBIDDEN)
    found = preflight(release, known)
    assert bad(found) == []
    assert {each.check for each in found if each.level == UNKNOWN} == {"nodes", "quota", "policies", "owners"}


def test_a_secret_and_its_keys(render: Render) -> None:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    release = made(render, env=env)
    assert [(each.kind, each.name, each.keys) for each in release.wanted.references] == [("Secret", "s", ("k",))]
    (gone,) = bad(preflight(release, facts(release, keys={("Secret", "s"): MISSING})))
    assert "Secret s: does not exist; Deployment t-inference-stack-chat needs it" in gone
    (other,) = bad(preflight(release, facts(release, keys={("Secret", "s"): ["a", "b"]})))
    assert "has no key k, which Deployment t-inference-stack-chat needs; it has: a, b" in other
    optional = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}]
    assert made(render, env=optional).wanted.references == []


def test_a_pull_secret_that_is_missing_is_a_warning(render: Render) -> None:
    release = made(render, imagePullSecrets=[{"name": "s"}])
    found = preflight(release, facts(release, keys={("Secret", "s"): MISSING}))
    assert bad(found) == []
    assert len(bad(found, WARN)) == 1


def test_a_certificate_that_is_missing_is_a_warning(render: Render) -> None:
    values = {"hosts": [{"host": "a.example.com"}], "tls": [{"secretName": "c", "hosts": ["a.example.com"]}]}
    ingress = {"ingress": {"enabled": True, "className": "n", **values}}
    objects = list(render({**ingress, "modelGroups": {"chat": GROUP}}))
    release = Release("t", "default", wanted([each for each in objects if each["kind"] == "Ingress"]))
    classes = {"ingress": [{"metadata": {"name": "n"}}]}
    found = preflight(release, facts(release, lists=classes, keys={("Secret", "c"): MISSING}))
    assert bad(found) == []
    (said,) = bad(found, WARN)
    assert "for TLS" in said
    other = {"ingress": [{"metadata": {"name": "m"}}]}
    (said,) = bad(preflight(release, facts(release, lists=other)))
    assert "there is no ingress class n; there is: m" in said


def test_pods_that_are_refused_of_an_installed_release(release: Release) -> None:
    event = {
        "reason": "FailedCreate",
        "message": "exceeded quota",
        "involvedObject": {"kind": "ReplicaSet", "name": "t-inference-stack-chat-5d9"},
    }
    installed = replace(release, installed=True)
    (said,) = bad(preflight(installed, facts(release, lists={"events": [event]})))
    assert said == "refused: ReplicaSet t-inference-stack-chat-5d9: exceeded quota"
    own = [pod(f"p{n}", 0, namespace="default", labels={"app.kubernetes.io/instance": "t"}) for n in range(2)]
    assert bad(preflight(installed, facts(release, lists={"events": [event]}, pods=own))) == []


def storage(name: str = "c", provisioner: str = "p", default: bool = False) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner}


@pytest.mark.parametrize(
    ("volume", "classes", "says"),
    [
        ({}, [storage()], "names no storage class, and the cluster has no default one; there is: c"),
        ({"storageClassName": "d"}, [storage()], "there is no storage class d; there is: c"),
        (
            {"storageClassName": "c", "accessModes": ["ReadWriteMany"]},
            [storage(provisioner="ebs.csi.aws.com")],
            "ebs.csi.aws.com has no ReadWriteMany",
        ),
        ({"storageClassName": "c", "accessModes": ["ReadWriteMany"]}, [storage(provisioner="efs.csi.aws.com")], ""),
        ({}, [storage(default=True)], ""),
    ],
)
def test_classes_of_storage(render: Render, volume: dict[str, Any], classes: list[Object], says: str) -> None:
    release = made(render, persistentVolumes=[{"name": "cache", "size": "1Gi", "mountPath": "/cache", **volume}])
    found = bad(preflight(release, facts(release, lists={"storage": classes})))
    assert [each for each in found if says in each] == found
    assert bool(found) == bool(says)


def test_a_claim_of_one_node_for_several_pods(render: Render) -> None:
    volume = {"name": "cache", "existingClaim": "c", "mountPath": "/cache"}
    release = made(render, replicaCount=2, persistentVolumes=[volume])
    claim = {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Bound"}}
    nodes = {"nodes": [node(), node("node-2")]}
    two = preflight(release, facts(release, lists={**nodes, "claims": [claim]}))
    assert (bad(two), len(bad(two, WARN))) == ([], 1)
    assert bad(preflight(release, facts(release, lists={"claims": [claim]})), WARN) == []
    claim["spec"] = {"accessModes": ["ReadWriteOncePod"]}
    assert "is for one pod, and 2 mount it" in str(bad(preflight(release, facts(release, lists={"claims": [claim]}))))
    claim["status"] = {"phase": "Lost"}
    assert "is Lost" in str(bad(preflight(release, facts(release, lists={"claims": [claim]}))))


class TestSchedule:
    def row(self, render: Render, **group: Any) -> Any:
        (row,) = (each for each in made(render, **group).wanted.rows if each.group == "chat")
        return row

    def test_pods_share_what_is_there(self, render: Render) -> None:
        row = self.row(render, replicaCount=3, resources={"limits": {GPU: 4}})
        ((_, reason),) = schedule.place([row], schedule.nodes([node(gpus=8)], []))
        assert (reason.name, reason.placed) == ("in-use", 2)
        assert schedule.place([row], schedule.nodes([node(gpus=8), node("b", gpus=4)], [])) == []

    def test_the_largest_are_placed_first(self, render: Render) -> None:
        rows = [self.row(render), self.row(render, resources={"limits": {GPU: 8}})]
        known = schedule.nodes([node("a", gpus=1), node("b", gpus=8)], [])
        assert schedule.place(rows, known) == []

    @pytest.mark.parametrize(
        ("toleration", "tolerated"),
        [
            ({"operator": "Exists"}, True),
            ({"key": "a", "operator": "Exists", "effect": "NoSchedule"}, True),
            ({"key": "a", "value": "b"}, True),
            ({"key": "a", "value": "c"}, False),
            ({"key": "a", "operator": "Exists", "effect": "NoExecute"}, False),
            ({"key": "b", "operator": "Exists"}, False),
        ],
    )
    def test_tolerations(self, toleration: dict[str, str], tolerated: bool) -> None:
        taint = {"key": "a", "value": "b", "effect": "NoSchedule"}
        assert schedule.tolerates({"tolerations": [toleration]}, taint) == tolerated
        assert schedule.tolerates({}, {**taint, "effect": "PreferNoSchedule"})

    @pytest.mark.parametrize(
        ("expression", "selected"),
        [
            ({"key": "a", "operator": "In", "values": ["1", "2"]}, True),
            ({"key": "a", "operator": "NotIn", "values": ["2"]}, False),
            ({"key": "b", "operator": "NotIn", "values": ["2"]}, True),
            ({"key": "a", "operator": "Exists"}, True),
            ({"key": "a", "operator": "DoesNotExist"}, False),
            ({"key": "a", "operator": "Gt", "values": ["1"]}, True),
            ({"key": "a", "operator": "Lt", "values": ["2"]}, False),
            ({"key": "b", "operator": "Gt", "values": ["1"]}, False),
        ],
    )
    def test_an_affinity_that_is_required(self, expression: dict[str, Any], selected: bool) -> None:
        (known,) = schedule.nodes([node(labels={"a": "2"})], [])
        terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
        assert schedule.selects({"affinity": {"nodeAffinity": required}}, known) == selected

    def test_a_node_that_is_cordoned_or_not_ready_takes_no_pods(self, release: Release) -> None:
        cordoned, unready = node(), node()
        cordoned["spec"]["unschedulable"] = True
        unready["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
        for each, says in ((cordoned, "node.kubernetes.io/unschedulable"), (unready, "no node is ready")):
            assert says in str(bad(preflight(release, facts(release, lists={"nodes": [each]}))))

    def test_the_release_s_own_pods_do_not_count_against_it(self, release: Release) -> None:
        own = pod(gpus=8, namespace="default", labels={"app.kubernetes.io/instance": "t"})
        assert bad(preflight(release, facts(release, pods=[own]))) == []

    def test_where_nodes_are_added_a_lack_of_room_is_a_warning(self, release: Release) -> None:
        known = facts(release, lists={"nodes": [node(gpus=0)]})
        found = preflight(replace(release, more_nodes=True), known)
        assert (bad(found), len(bad(found, WARN))) == ([], 1)


class TestMemory:
    def found(self, render: Render, labels: Mapping[str, str], *more: Object, **group: Any) -> list[str]:
        release = made(render, modelName="meta-llama/Llama-3.1-8B-Instruct", **group)
        return bad(preflight(release, facts(release, lists={"nodes": [node(labels=labels), *more]})))

    def test_a_model_that_fits_on_no_node(self, render: Render) -> None:
        (said,) = self.found(render, {"nvidia.com/gpu.memory": "15360"})
        assert "does not fit on the nodes' GPUs of 16 GB (nvidia.com/gpu.memory: 15360): the weights leave -" in said
        assert self.found(render, {"nvidia.com/gpu.product": "Tesla-T4"}) != []

    def test_a_model_that_fits_on_one(self, render: Render) -> None:
        large = node("large", labels={"nvidia.com/gpu.memory": "81559"})
        assert self.found(render, {"nvidia.com/gpu.memory": "15360"}, large) == []

    def test_only_nodes_count_on_which_it_may_run(self, render: Render) -> None:
        large = node("large", labels={"nvidia.com/gpu.memory": "81559", "pool": "large"})
        small = {"nvidia.com/gpu.memory": "15360", "pool": "small"}
        assert self.found(render, small, large, nodeSelector={"pool": "small"}) != []

    def test_a_node_that_says_nothing_may_be_large_enough(self, render: Render) -> None:
        assert self.found(render, {"nvidia.com/gpu.memory": "15360"}, node("b")) == []


def quota(hard: Mapping[str, str], used: Mapping[str, str] | None = None) -> dict[str, Any]:
    status = {"hard": hard, "used": used or {}}
    return {"lists": {"quotas": [{"metadata": {"name": "q"}, "spec": {"hard": hard}, "status": status}]}}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (quota({f"requests.{GPU}": "4"}, {f"requests.{GPU}": "4"}), f"requests.{GPU}: the release needs 1, and 0 of 4"),
        (quota({"pods": "1"}), "pods: the release needs 2, and 1 of 1"),
        (
            quota({"limits.memory": "64Gi"}),
            "counts limits.memory, and Deployment t-inference-stack-chat does not",
        ),
        (quota({"count/deployments.apps": "1"}), "count/deployments.apps: the release needs 2"),
        (quota({"pods": "10", "services": "9"}), ""),
    ],
)
def test_quotas(release: Release, changes: Any, says: str) -> None:
    found = bad(preflight(release, facts(release, **changes)))
    assert any(says in each for each in found) if says else found == []


def test_a_limit_range_fills_in_and_bounds(release: Release) -> None:
    filled = {"type": "Container", "default": {"memory": "1Gi", "cpu": "1"}}
    ranges = [{"metadata": {"name": "r"}, "spec": {"limits": [filled]}}]
    hard = {**quota({"limits.memory": "64Gi"})["lists"], "ranges": ranges}
    assert bad(preflight(release, facts(release, lists=hard))) == []
    bounded = {"type": "Container", "max": {GPU: "0"}}
    ranges = [{"metadata": {"name": "r"}, "spec": {"limits": [bounded]}}]
    assert "asks for more" in str(bad(preflight(release, facts(release, lists={"ranges": ranges}))))


def test_what_is_there_of_somebody_else_is_refused(release: Release) -> None:
    name = "t-inference-stack-chat"
    there = {"kind": "Service", "metadata": {"name": name, "annotations": {"meta.helm.sh/release-name": "u"}}}
    (said,) = bad(preflight(release, facts(release, there=[there])))
    assert said == f"owners: Service {name}: exists and belongs to the release u: Helm refuses"
    there["metadata"]["annotations"]["meta.helm.sh/release-name"] = "t"  # type: ignore[index]
    assert bad(preflight(release, facts(release, there=[there]))) == []


def test_an_autoscaler_whose_metrics_no_one_serves(release: Release) -> None:
    found = bad(preflight(release, facts(release, groups={"metrics.k8s.io": False})))
    assert found == ["metrics: metrics.k8s.io: an autoscaler reads it, and no one serves it: it would never scale"]


def test_a_policy_of_others_matters_only_where_the_release_has_none(release: Release) -> None:
    deny: dict[str, Any] = {"metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
    assert bad(preflight(release, facts(release, lists={"policies": [deny]}))) == []
    open_ = [each for each in release.wanted.objects if each["kind"] != "NetworkPolicy"]
    without = replace(release, wanted=wanted(open_))
    assert len(bad(preflight(without, facts(without, lists={"policies": [deny]})))) == 2
    other: Object = {**deny, "spec": {**deny["spec"], "podSelector": {"matchLabels": {"a": "b"}}}}
    assert bad(preflight(without, facts(without, lists={"policies": [other]}))) == []


def test_images_that_pods_could_not_pull(release: Release) -> None:
    image = next(row.container["image"] for row in release.wanted.rows if row.group == "chat")
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}
    own = pod(gpus=1, namespace="default", labels={"app.kubernetes.io/instance": "t"})
    own["status"]["containerStatuses"] = [{"image": image, "state": waiting}]
    (said,) = bad(preflight(release, facts(release, pods=[own])))
    assert said == f"images: Image {image}: cannot be pulled: ImagePullBackOff: not found"


GOOD = {"name": "a", "image": "i"}
SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTEXTS: dict[str, dict[str, Any]] = {
    "privileged": {"privileged": True, "allowPrivilegeEscalation": True},
    "root": {"runAsUser": 0, "runAsNonRoot": False},
    "capability": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
    "allowed capability": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}},
    "chown": {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}},
    "unconfined": {"seccompProfile": {"type": "Unconfined"}},
    "apparmor": {"appArmorProfile": {"type": "Unconfined"}},
    "selinux": {"seLinuxOptions": {"type": "spc_t"}},
    "selinux user": {"seLinuxOptions": {"user": "u"}},
    "proc": {"procMount": "Unmasked"},
    "windows": {"windowsOptions": {"hostProcess": True}},
}
PODS: dict[str, Object] = {
    "nothing": {"containers": [GOOD]},
    "safe": {"containers": [{**GOOD, "securityContext": SAFE}]},
    "of the pod": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "Localhost", "localhostProfile": "p"}},
        "containers": [{**GOOD, "securityContext": {k: SAFE[k] for k in ("allowPrivilegeEscalation", "capabilities")}}],
    },
    "host": {"hostNetwork": True, "hostPID": True, "containers": [GOOD]},
    "host's files": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}], "containers": [GOOD]},
    "nfs": {"volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}], "containers": [GOOD]},
    "image volume": {"volumes": [{"name": "v", "image": {"reference": "r"}}], "containers": [GOOD]},
    "init": {"initContainers": [GOOD], "containers": [{**GOOD, "securityContext": SAFE}]},
    "port": {"containers": [{**GOOD, "ports": [{"containerPort": 80, "hostPort": 80}]}]},
    "probe": {"containers": [{**GOOD, "livenessProbe": {"httpGet": {"host": "h", "port": 80}}}]},
    "user namespace": {"hostUsers": False, "containers": [{**GOOD, "securityContext": {"runAsUser": 0}}]},
    **{name: {"containers": [{**GOOD, "securityContext": {**SAFE, **context}}]} for name, context in CONTEXTS.items()},
    **{
        name: {"securityContext": {"sysctls": [{"name": name, "value": "1"}]}, "containers": [GOOD]}
        for name in ("net.ipv4.tcp_rmem", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax")
    },
}


@pytest.mark.parametrize("name", PODS)
def test_pod_security_is_what_kubernetes_own_checks_say(name: str) -> None:
    assert set(pod_security.broken(PODS[name], "restricted")) == set(broken_upstream(PODS[name]))
    names = {"restrictedVolumes", "allowPrivilegeEscalation", "runAsNonRoot", "runAsUser"}
    restricted = {each for each in broken_upstream(PODS[name]) if each in names or each.endswith("_restricted")}
    assert set(pod_security.broken(PODS[name], "baseline")) == set(broken_upstream(PODS[name])) - restricted
    assert pod_security.broken(PODS[name], "privileged") == []


def test_pod_security_of_every_pod_of_an_example(example: Path, helm: Helm) -> None:
    for row in wanted(list(Manifests.parse(helm.template(ROOT, values=[example])))).rows:
        assert set(pod_security.broken(row.spec, "restricted")) == set(broken_upstream(row.spec))


def test_the_namespace_s_level_counts(release: Release) -> None:
    for row in release.wanted.rows:
        row.spec["hostIPC"] = True
    known = copy.deepcopy(RECORDED["namespace"])
    known["metadata"].setdefault("labels", {})[pod_security.LABEL] = "baseline"
    found = bad(preflight(release, facts(release, namespace=known)))
    assert len(found) == 2
    assert all("enforces baseline, which refuses its pods: hostNamespaces" in each for each in found)


def test_text_and_json_say_the_same(release: Release) -> None:
    known = facts(release, lists={"nodes": [node(gpus=0)]})
    found = preflight(release, known)
    assert found[0].level == FAIL
    text = findings_text(found)
    assert text.splitlines()[1].startswith("FAILS  no-device")
    assert text.splitlines()[2].strip().startswith("-> install the vendor's device plugin")
    assert text.endswith(f"1 will not work, 0 could not be checked, 0 warnings, {len(CHECKS) - 1} fine\n")
    answer = as_json(release, known, found)
    assert (answer["ok"], answer["findings"][0]["check"]) == (False, "no-device")


def test_it_only_reads() -> None:
    """Every command that it can start is one that reads, and Secrets are asked for their keys alone."""
    assert {words for _, words in READING} == {"template", "get", "version", "config", "digest"}
    with pytest.raises(AssertionError):
        programs.run("kubectl", ["delete", "pods"])
    sources = (ROOT / "inference_stack").glob("*.py")
    starts = [each.name for each in sources if "subprocess." in each.read_text().replace("subprocess.Completed", "")]
    assert starts == ["programs.py"]


def test_a_cluster_that_does_not_answer_is_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "kubectl"
    fake.write_text("#!/bin/sh\necho 'connection refused' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert cli.main(["preflight", "-n", "default", "--set", "a=b"]) == 2
    assert "No cluster answers: connection refused" in capsys.readouterr().err


def test_why_something_cannot_be_read() -> None:
    kinds = {
        'Error from server (Forbidden): secrets "s" is forbidden': "forbidden",
        'Error from server (NotFound): secrets "s" not found': "missing",
        'error: the server doesn\'t have a resource type "gateways"': "missing",
        "Error from server (NotFound): the server could not find the requested resource": "missing",
        "Unable to connect to the server: EOF": "failed",
    }
    for text, kind in kinds.items():
        assert programs._why(text).kind == kind


def test_the_fix_of_a_missing_secret_is_a_command() -> None:
    assert checks._create("Secret", "s", ("a", "b")) == (
        "kubectl create secret generic s --from-literal=a=... --from-literal=b=..."
    )


def test_options_of_kubectl() -> None:
    assert Kubectl("/a", "b").options == ["--kubeconfig", "/a", "--context", "b"]
