"""GPUs that a command uses, nodes that a group does not have, and files that the chart cannot read."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from harness.helm import Helm
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import images
from tests.chart.accessors import command_line, engine, one
from tests.support import Render, Say, parsed

VLLM, SGLANG, TRTLLM = (str(images()[engine]) for engine in ("vllm", "sglang", "tensorrt-llm"))


def gpus(count: int, line: str = "", image: str = VLLM, **fields: Any) -> dict[str, Any]:
    return one(image=image, args=shlex.split(line), resources={"limits": {"nvidia.com/gpu": count}}, **fields)


SEVERAL_NODES: dict[str, tuple[dict[str, Any], str, int]] = {
    "vllm": (gpus(8, "--tensor-parallel-size 16 --nnodes 2 --node-rank 0 --master-addr 10.0.0.1"), "--nnodes", 2),
    "vllm-of-lws": (gpus(8, "--nnodes=$(LWS_GROUP_SIZE) --master-addr $(LWS_LEADER_ADDRESS)"), "--nnodes", 2),
    "vllm-worker": (gpus(8, "--headless"), "--headless", 2),
    "vllm-wide": (
        gpus(8, "-dp 32 --data-parallel-size-local 8 --data-parallel-address 10.0.0.1"),
        "--data-parallel-address",
        4,
    ),
    "vllm-wide-short": (gpus(8, "-dp 16 -dpa 10.0.0.1"), "-dpa", 2),
    "vllm-ray-script": (
        one(
            command=["bash", "-c", "multi-node-serving.sh leader --ray_cluster_size=4; vllm serve org/m -tp 8 -pp 4"],
            resources={"limits": {"nvidia.com/gpu": 8}},
        ),
        "--ray-cluster-size",
        4,
    ),
    "sglang": (gpus(8, "--tp 32 --nnodes 4 --node-rank 0 --dist-init-addr 10.0.0.1:20000", SGLANG), "--nnodes", 4),
}


@pytest.mark.parametrize(("values", "flag", "nodes"), SEVERAL_NODES.values(), ids=SEVERAL_NODES)
def test_a_command_for_one_node_of_several_is_refused_with_what_to_write(
    helm: Helm, refusal: Say, values: dict[str, Any], flag: str, nodes: int
) -> None:
    text = refusal(values)
    assert f": {flag} would make" in text
    fix = load(text.partition("Please set:")[2].partition("# See")[0])
    assert fix["modelGroups"]["a"]["nodes"] == nodes
    assert flag not in str(fix)
    (workload,) = parsed(helm.template(ROOT, values=[values, fix])).kind("LeaderWorkerSet")
    assert workload["spec"]["leaderWorkerTemplate"]["size"] == nodes


def test_a_server_that_has_no_nodes_in_the_chart_is_refused(refusal: Say) -> None:
    text = refusal(gpus(8, "--tp 16 --nnodes 2", "openmmlab/lmdeploy:v0.18.0"))
    assert ": --nnodes would make" in text
    assert 'args:\n      - --tp\n      - "16"\n' in text


ONE_NODE = {
    "vllm": gpus(8, "--nnodes 1 --tensor-parallel-size 8"),
    "vllm-wide": gpus(8, "-dp 8 --data-parallel-address 127.0.0.1"),
    "sglang": gpus(8, "--tp 8 --nnodes=1 --dist-init-addr 127.0.0.1:5000", SGLANG),
    "torchrun": gpus(8, "--nnodes=1:1", "mine:1"),
}


@pytest.mark.parametrize("values", ONE_NODE.values(), ids=ONE_NODE)
def test_a_model_on_one_node_is_accepted(render: Render, values: dict[str, Any]) -> None:
    assert command_line(render(values))


TOO_MANY = {
    "--tensor-parallel-size 4 --data-parallel-size 2": 8,
    "-tp 2 -pp 2 -dp 2": 8,
    "-dp=8": 8,
    "--data_parallel_size 16 --data-parallel-size-local 8": 16,
}


@pytest.mark.parametrize(("line", "used"), TOO_MANY.items())
def test_copies_of_a_model_are_counted(refusal: Say, line: str, used: int) -> None:
    assert (
        f"the command splits the model across {used} GPUs (its parallel sizes multiplied), but a pod gets 4"
        in refusal(gpus(4, line))
    )


READ_BY_NOBODY = ["--dp-size 4 --enable-dp-attention --tp 4", "--num-gpus 4 --ulysses-degree 2", "--ring-degree 2"]


@pytest.mark.parametrize("line", READ_BY_NOBODY)
def test_options_that_say_how_gpus_are_used_are_the_only_ones(render: Render, line: str) -> None:
    assert "--tp-size" not in command_line(render(gpus(4, line, SGLANG)))


def test_vllm_omni_places_the_stages_of_a_model_itself(render: Render) -> None:
    line = command_line(render(gpus(2, "--omni")))
    assert "--omni" in line
    assert "--tensor-parallel-size" not in line


def test_the_server_of_a_script_is_what_runs_on_several_nodes(render: Render, refusal: Say) -> None:
    script = (
        'A=(--dtype auto)\na["${i}"]=1\n'
        'eval "exec vllm serve org/m --served-model-name "z" -tp 8 -pp 2 --nnodes 2 --node-rank ${RANK:-0} $MORE $@"'
    )
    values = one(command=["bash", "-c", script, "--"], resources={"limits": {"nvidia.com/gpu": 8}})
    fix = load(refusal(values).partition("Please set:\n")[2].partition("\nUse --debug")[0])["modelGroups"]["a"]
    assert fix == {
        "nodes": 2,
        "args": [],
        "command": ["vllm", "serve", "org/m", "--served-model-name", "z", "-tp", "8", "-pp", "2"],
    }
    assert render(one(**{**values["modelGroups"]["a"], **fix}), api_versions=["leaderworkerset.x-k8s.io/v1"])


@pytest.mark.parametrize("line", ["--tensor_parallel_size 4", "--pipeline-parallel-size 4", "--cp_size 4"])
def test_each_spelling_of_tensorrt_llm_is_known(render: Render, line: str) -> None:
    assert "--tp_size" not in command_line(render(gpus(4, line, TRTLLM)))


FILES = {
    "vllm": (gpus(8, "--config /recipe/config.yaml"), "--tensor-parallel-size"),
    "vllm-equals": (gpus(8, "--config=/recipe/config.yaml"), "--tensor-parallel-size"),
    "sglang": (gpus(8, "--config /c.yaml", SGLANG), "--tp-size"),
    "tensorrt-llm": (gpus(8, "--extra_llm_api_options /c.yaml", TRTLLM), "--tp_size"),
}


@pytest.mark.parametrize(("values", "flag"), FILES.values(), ids=FILES)
def test_a_file_of_options_decides_about_gpus(render: Render, notes: Say, values: dict[str, Any], flag: str) -> None:
    assert flag not in command_line(render(values))
    assert "may say how its 8 GPUs are used" in notes(values)


def test_other_options_of_files_change_nothing(render: Render) -> None:
    assert command_line(render(gpus(8, "--config-format mistral")))[-2:] == ["--tensor-parallel-size", "8"]


LIMIT = "VLLM_ENGINE_READY_TIMEOUT_S"
LOADS: dict[str, tuple[dict[str, Any], str | None]] = {
    "copies": (gpus(8, "-dp 8 --enable-expert-parallel", loadSeconds=5400), "5400"),
    "copies-by-default": (gpus(8, "--data-parallel-size=8"), "1800"),
    "api-servers": (gpus(8, "--api-server-count 4", loadSeconds=3600), "3600"),
    "own-probe": (gpus(8, "-dp 8", startupProbe={"periodSeconds": 60, "failureThreshold": 100}), "6000"),
    "own-value": (gpus(8, "-dp 8", env=[{"name": LIMIT, "value": 99}]), "99"),
    "one-copy": (gpus(8, loadSeconds=5400), None),
    "another-engine": (gpus(8, "--dp 8", SGLANG), None),
}


@pytest.mark.parametrize(("values", "seconds"), LOADS.values(), ids=LOADS)
def test_an_engine_may_load_as_long_as_its_probe_allows(
    render: Render, values: dict[str, Any], seconds: str | None
) -> None:
    assert {each["name"]: each.get("value") for each in engine(render(values))["env"]}.get(LIMIT) == seconds
