"""One model on several pods: a LeaderWorkerSet whose leader serves."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from harness.manifests import Manifests, Object, environment, pod_spec
from harness.presets import images, presets
from tests.chart.accessors import FULLNAME, one
from tests.support import Render, Say

VLLM, SGLANG = (str(images()[engine]) for engine in ("vllm", "sglang"))
NAME = f"{FULLNAME}-a-nodes"
SPREAD = ["--tensor-parallel-size", "8", "--pipeline-parallel-size", "2"]
RANK = ["--nnodes", "2", "--node-rank", "$(LWS_WORKER_INDEX)", "--master-addr", "$(LWS_LEADER_ADDRESS)"]
JOINED = [*RANK, "--master-port", "29501", "--distributed-executor-backend", "mp"]
OWN_TERMS = {"app.kubernetes.io/component": "model-group", "app.kubernetes.io/model-group": "a"}


def wide(line: str = "", **fields: Any) -> dict[str, Any]:
    values = {"image": VLLM, "nodes": 2, "resources": {"limits": {"nvidia.com/gpu": 8}}, **fields}
    return one(args=shlex.split(line), **values)


def template(manifests: Manifests) -> Object:
    return dict(manifests["LeaderWorkerSet", NAME]["spec"]["leaderWorkerTemplate"])


def containers(manifests: Manifests) -> list[Object]:
    """The engine's of the leader and of the worker."""
    pods = [template(manifests)[each]["spec"] for each in ("leaderTemplate", "workerTemplate")]
    return [next(each for each in pod["containers"] if each["name"] == "a") for pod in pods]


def test_it_is_a_set_of_pods_that_start_and_end_together(render: Render) -> None:
    manifests = render(wide(replicaCount=3))
    assert not [each for each in manifests.kind("Deployment") if each["metadata"]["name"] == f"{FULLNAME}-a"]
    spec = manifests["LeaderWorkerSet", NAME]["spec"]
    assert (spec["replicas"], template(manifests)["size"]) == (3, 2)
    assert template(manifests)["restartPolicy"] == "RecreateGroupOnPodRestart"
    assert spec["rolloutStrategy"]["rollingUpdateConfiguration"] == {"maxSurge": 0, "maxUnavailable": 1}


@pytest.mark.parametrize(
    ("values", "added", "workers"),
    [
        (wide(), [*SPREAD, *JOINED], ["--headless"]),
        (wide("--max-model-len 8192 -tp 16"), JOINED, ["--headless"]),
        (wide("-dp 16 --enable-expert-parallel"), JOINED, ["--headless"]),
        (wide("--config /etc/vllm.yaml"), JOINED, ["--headless"]),
        (wide("--master-port 5000 -tp 8 -pp 2"), [*RANK, *JOINED[-2:]], ["--headless"]),
        (wide("--nnodes $(LWS_GROUP_SIZE) -tp 16"), JOINED[2:], ["--headless"]),
        (
            wide(image=SGLANG),
            ["--tp-size", "16", *RANK[:4], "--dist-init-addr", "$(LWS_LEADER_ADDRESS):20000"],
            [],
        ),
        (wide(resources={}), [*SPREAD[:1], "1", *SPREAD[2:], *JOINED], ["--headless"]),
    ],
    ids=["vllm", "tensor", "data", "file", "port", "count", "sglang", "cpu"],
)
def test_its_pods_are_told_to_be_one_engine(
    render: Render, values: dict[str, Any], added: list[str], workers: list[str]
) -> None:
    leader, worker = (each["args"] for each in containers(render(values)))
    assert leader[-len(added) :] == added
    assert worker == [*leader, *workers]
    assert len([each for each in leader if each in ("--tensor-parallel-size", "-tp", "--tp-size")]) < 2


def test_a_script_that_knows_its_rank_is_kept(render: Render) -> None:
    script = "if [ $LWS_WORKER_INDEX = 0 ]; then ray start --head; vllm serve org/m -tp 16; else ray start --block; fi"
    leader, worker = containers(render(one(command=["bash", "-c", script], args=[], nodes=2)))
    assert leader["command"] == worker["command"] == ["bash", "-c", script]
    assert not leader.get("args")
    assert not worker.get("args")


def test_only_the_leader_serves(render: Render) -> None:
    manifests = render(wide())
    leader, worker = containers(manifests)
    assert {"startupProbe", "readinessProbe", "livenessProbe", "ports"} <= leader.keys()
    assert not {"startupProbe", "readinessProbe", "livenessProbe", "ports"} & worker.keys()
    selector = manifests["Service", f"{FULLNAME}-a"]["spec"]["selector"]
    assert selector["leaderworkerset.sigs.k8s.io/worker-index"] == "0"


def test_containers_beside_the_engine_are_beside_the_leader(render: Render) -> None:
    stays = {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}
    first = {"name": "fetch", "image": "fetch:1"}
    values = wide(containers=[{"name": "log", "image": "log:1"}], initContainers=[stays, first])
    pods = [template(render(values))[each]["spec"] for each in ("leaderTemplate", "workerTemplate")]
    assert [[each["name"] for each in pod["containers"]] for pod in pods] == [["a", "log"], ["a"]]
    assert [[each["name"] for each in pod["initContainers"]] for pod in pods] == [["proxy", "fetch"], ["fetch"]]


def test_fields_laid_over_the_pod_reach_all_of_them(render: Render) -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "a", "stdin": True}]}
    pods = [template(render(wide(podSpec=spec)))[each]["spec"] for each in ("leaderTemplate", "workerTemplate")]
    assert all(pod["hostNetwork"] and pod["containers"][0]["stdin"] for pod in pods)


def test_the_pods_of_the_group_reach_each_other_at_every_port(render: Render) -> None:
    ingress = render(wide())["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    (between,) = (rule for rule in ingress if "ports" not in rule)
    (peer,) = between["from"]
    assert OWN_TERMS.items() <= peer["podSelector"]["matchLabels"].items()
    assert peer.keys() == {"podSelector"}
    alone = render(wide(nodes=1))["NetworkPolicy", f"{FULLNAME}-a"]["spec"]["ingress"]
    assert all("ports" in rule for rule in alone)


def test_a_worker_stays_until_its_leader_is_idle(render: Render) -> None:
    manifests = render(wide(drainSeconds=90))
    leader, worker = (each["lifecycle"]["preStop"]["exec"]["command"] for each in containers(manifests))
    starts = ["postStart" in each["lifecycle"] for each in containers(manifests)]
    assert starts == [False, True]
    assert leader[4:9] == ["8000", "/metrics", "10", "90", "VLLM_API_KEY"]
    assert worker[4:9] == ["LWS_LEADER_ADDRESS:8000", "/metrics", "20", "90", "VLLM_API_KEY"]
    assert leader[9:] == worker[9:] == presets()["vllm"]["inFlight"]["gauges"]
    pods = [template(manifests)[each]["spec"] for each in ("leaderTemplate", "workerTemplate")]
    ends = [pod["terminationGracePeriodSeconds"] for pod in pods]
    assert ends == [130, 140]


def test_without_gauges_a_worker_stays_as_long_as_an_answer_may_take(render: Render) -> None:
    _, worker = containers(render(wide("--disable-log-stats", drainSeconds=90)))
    assert worker["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "110"]


def test_each_pod_says_its_own_address_and_waits_for_the_slowest(render: Render) -> None:
    values = wide(modelName="deepseek-ai/DeepSeek-V3")
    for each in containers(render(values)):
        variables = environment(each)
        assert variables["VLLM_HOST_IP"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}
        assert variables["VLLM_ENGINE_READY_TIMEOUT_S"] == "10800"
    assert "VLLM_HOST_IP" not in environment(containers(render(wide(image=SGLANG)))[0])


def test_an_address_of_the_user_wins(render: Render) -> None:
    values = wide(env=[{"name": "VLLM_HOST_IP", "value": "10.0.0.1"}])
    assert all(environment(each)["VLLM_HOST_IP"] == "10.0.0.1" for each in containers(render(values)))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, {"maxSurge": 1, "maxUnavailable": 0}),
        ({"rollingUpdate": {"maxUnavailable": "50%"}}, {"maxSurge": 0, "maxUnavailable": "50%"}),
        ({"type": "RollingUpdate"}, {"maxSurge": 0, "maxUnavailable": 1}),
        (None, {"maxSurge": 0, "maxUnavailable": 1}),
    ],
)
def test_sets_are_replaced_as_the_strategy_says(
    render: Render, strategy: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    spec = render(wide(strategy=strategy))["LeaderWorkerSet", NAME]["spec"]
    assert spec["rolloutStrategy"] == {"type": "RollingUpdate", "rollingUpdateConfiguration": expected}


def test_a_surge_needs_the_gpus_of_a_whole_set(notes: Say, refusal: Say) -> None:
    surge: dict[str, Any] = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    assert "needs 16 spare GPUs" in refusal(wide(**surge, spareGPUs=8))
    assert "needs 16 spare GPUs" in notes(wide(**surge), upgrade=True)


def test_a_budget_counts_the_pods_of_all_sets(render: Render, refusal: Say) -> None:
    budget = render(wide(replicaCount=2))["PodDisruptionBudget", f"{FULLNAME}-a"]["spec"]
    assert budget["maxUnavailable"] == 1
    assert "leaderworkerset.sigs.k8s.io/worker-index" not in budget["selector"]["matchLabels"]
    assert "none of the 4 pods" in refusal(wide(replicaCount=2, podDisruptionBudget={"minAvailable": 4}))


def test_an_autoscaler_of_the_users_sets_the_number_of_sets(render: Render) -> None:
    assert "replicas" not in render(wide(autoscaling={"external": True}))["LeaderWorkerSet", NAME]["spec"]


def test_gpus_are_counted_for_each_pod(refusal: Say) -> None:
    assert "across 16 GPUs of each pod" in refusal(wide("-tp 32"))


def test_the_notes_say_how_to_wait(notes: Say) -> None:
    text = " ".join(notes(wide()).replace("\\\n", " ").split())
    assert f"wait --for=condition=Available leaderworkerset/{NAME}" in text


def test_the_cluster_that_has_the_kind_is_taken(render: Render) -> None:
    apis = ["apiregistration.k8s.io/v1", "leaderworkerset.x-k8s.io/v1"]
    assert ("LeaderWorkerSet", NAME) in render(wide(), api_versions=apis)
    assert ("Deployment", f"{FULLNAME}-a") in render(wide(nodes=1), api_versions=apis[:1])


@pytest.mark.parametrize("fields", [{}, {"podSpec": {"hostPID": True}}, {"podSpec": {"shareProcessNamespace": True}}])
def test_pods_of_a_set_whose_leader_does_not_listen_are_ended_at_once(render: Render, fields: dict[str, Any]) -> None:
    """Not where other containers' processes could be meant, and nowhere without nodes."""
    leader, worker = (each["lifecycle"]["preStop"]["exec"]["command"][2] for each in containers(render(wide(**fields))))
    assert ("kill -9" in leader) == (not fields)
    assert ("kill -9" in worker) == (not fields)
    (alone,) = pod_spec(render(wide(nodes=1, **fields))["Deployment", f"{FULLNAME}-a"])["containers"]
    assert "kill" not in str(alone["lifecycle"])


def test_amounts_are_texts_so_that_a_second_apply_changes_nothing(render: Render) -> None:
    """As the controller writes them; of a Deployment the API server does."""
    numbers = {"requests": {"cpu": 0.5, "memory": 1073741824}, "limits": {"cpu": 16}}
    values = wide(resources=numbers, containers=[{"name": "log", "image": "log:1", "resources": numbers}])
    for each in template(render(values)).values():
        if isinstance(each, dict):
            for container in each["spec"]["containers"]:
                assert container["resources"]["requests"] == {"cpu": "0.5", "memory": "1073741824"}
                assert container["resources"]["limits"]["cpu"] == "16"
