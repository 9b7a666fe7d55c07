"""Completion of a group's command: what is appended, and what is used as written."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.presets import images
from tests.chart.accessors import FULLNAME, bare, command_line, engine, one, pod, pools, ports
from tests.support import Render

VLLM, SGLANG, TRTLLM, TRITON, LLAMA = (
    str(images()[engine]) for engine in ("vllm", "sglang", "tensorrt-llm", "triton", "llama-cpp")
)
HOST = "--host 0.0.0.0"


@dataclass(frozen=True)
class Case:
    """A group's fields, the engine's complete command line, and the ports it listens on."""

    fields: dict[str, Any]
    line: str
    http: int = 8000
    others: dict[str, int] = field(default_factory=dict)


def vllm(given: str, added: str, http: int = 8000) -> Case:
    return Case({"command": shlex.split(given)}, f"{given} {added}".strip(), http)


def args(image: str, given: str, line: str, http: int = 8000, **fields: Any) -> Case:
    return Case({"image": image, "args": shlex.split(given), **fields}, line, http)


TRITON_PORTS = {"grpc": 8001, "metrics": 8002}

CASES = {
    # The complete command from modelName.
    "vllm-model": Case(
        {"image": VLLM, "modelName": "org/x"}, f"vllm serve org/x {HOST} --port 8000 --served-model-name m n"
    ),
    "vllm-model-without-image": Case(
        {"modelName": "org/x"}, f"vllm serve org/x {HOST} --port 8000 --served-model-name m n"
    ),
    "vllm-model-at-a-port": Case(
        {"modelName": "org/x", "containerPort": 9}, f"vllm serve org/x {HOST} --port 9 --served-model-name m n", 9
    ),
    "vllm-model-and-a-port-as-text": Case(
        {"modelName": "org/x", "containerPort": "9"}, f"vllm serve org/x {HOST} --port 9 --served-model-name m n", 9
    ),
    "vllm-program-alone": Case(
        {"command": ["vllm", "serve"], "modelName": "org/x"},
        f"vllm serve org/x {HOST} --port 8000 --served-model-name m n",
    ),
    "vllm-module-without-its-model": Case(
        {"command": ["python3", "-m", "vllm.entrypoints.openai.api_server"], "modelName": "org/x"},
        f"python3 -m vllm.entrypoints.openai.api_server --model org/x {HOST} --port 8000 --served-model-name m n",
    ),
    "sglang-serve-without-its-model": Case(
        {"command": ["sglang", "serve"], "modelName": "org/x"},
        f"sglang serve --model-path org/x {HOST} --port 8000 --served-model-name m --enable-metrics",
    ),
    "trtllm-serve-without-its-model": Case(
        {"command": ["trtllm-serve", "serve"], "modelName": "org/x"}, f"trtllm-serve serve org/x {HOST} --port 8000"
    ),
    "sglang-model": Case(
        {"image": SGLANG, "modelName": "org/x"},
        f"sglang serve --model-path org/x {HOST} --port 8000 --served-model-name m --enable-metrics",
    ),
    "trtllm-model": Case({"image": TRTLLM, "modelName": "org/x"}, f"trtllm-serve org/x {HOST} --port 8000"),
    "triton-model": Case(
        {"image": TRITON, "modelName": "/models"},
        "tritonserver --model-repository /models --http-port 8000",
        8000,
        TRITON_PORTS,
    ),
    "llama-cpp-model": Case(
        {"image": LLAMA, "modelName": "org/x-GGUF:Q4_K_M"},
        f"/app/llama-server -hf org/x-GGUF:Q4_K_M {HOST} --port 8000 --alias m,n --metrics",
    ),
    "llama-cpp-file": Case(
        {"image": LLAMA, "modelName": "/models/x.gguf"},
        f"/app/llama-server -m /models/x.gguf {HOST} --port 8000 --alias m,n --metrics",
    ),
    "llama-cpp-relative-file": Case(
        {"image": LLAMA, "modelName": "x.gguf"},
        f"/app/llama-server -m x.gguf {HOST} --port 8000 --alias m,n --metrics",
    ),
    "numeric-model": Case({"modelName": 123}, f"vllm serve 123 {HOST} --port 8000 --served-model-name m n"),
    # modelName and arguments: the program and the model are put first.
    "vllm-model-and-args": args(
        VLLM,
        "--max-model-len 8192",
        f"vllm serve org/x --max-model-len 8192 {HOST} --port 8000 --served-model-name m n",
        modelName="org/x",
    ),
    "vllm-args-without-image": args(
        "",
        "--enforce-eager",
        f"vllm serve org/x --enforce-eager {HOST} --port 8000 --served-model-name m n",
        modelName="org/x",
    ),
    "vllm-args-with-their-own-model": args(
        VLLM, "org/y", f"vllm serve org/y {HOST} --port 8000 --served-model-name m n", modelName="org/x"
    ),
    "vllm-args-with-their-own-model-as-flag": args(
        VLLM, "--model org/y", f"vllm serve --model org/y {HOST} --port 8000 --served-model-name m n", modelName="org/x"
    ),
    "sglang-args-with-their-own-model": args(
        SGLANG,
        "--model=org/y",
        f"sglang serve --model=org/y {HOST} --port 8000 --served-model-name m --enable-metrics",
        modelName="org/x",
    ),
    "llama-cpp-args-with-their-own-model": args(
        LLAMA,
        "-m /y.gguf",
        f"/app/llama-server -m /y.gguf {HOST} --port 8000 --alias m,n --metrics",
        modelName="/x.gguf",
    ),
    "vllm-model-with-a-large-number": Case(
        {"modelName": "org/x", "args": ["--max-model-len", 1048576, "--gpu-memory-utilization", 0.9]},
        "vllm serve org/x --max-model-len 1048576 --gpu-memory-utilization 0.9"
        f" {HOST} --port 8000 --served-model-name m n",
    ),
    # A command that begins with a flag has no program: the flags are passed to the image's.
    "vllm-command-of-flags": Case(
        {"image": VLLM, "command": ["--model", "org/x"]},
        f"vllm serve --model org/x {HOST} --port 8000 --served-model-name m n",
    ),
    # Arguments that begin with the program.
    "vllm-args-with-the-program": args(
        VLLM, "vllm serve org/x", f"vllm serve org/x {HOST} --port 8000 --served-model-name m n"
    ),
    "sglang-args-with-the-program": args(
        SGLANG,
        "python3 -m sglang.launch_server --model-path org/x",
        f"python3 -m sglang.launch_server --model-path org/x {HOST} --port 8000 --served-model-name m --enable-metrics",
    ),
    # A complete command: nothing is added.
    "vllm-everything": vllm("vllm serve org/x --host :: --port 9 --served-model-name z", "", 9),
    "sglang-everything": vllm(
        "sglang serve org/x --host 0.0.0.0 --port 9 --served-model-name z --enable-metrics", "", 9
    ),
    "trtllm-everything": vllm("trtllm-serve org/x --host 0.0.0.0 --port 9", "", 9),
    "llama-cpp-everything": vllm("/app/llama-server -m /x --host 0.0.0.0 --port 9 --alias z --metrics", "", 9),
    # Each spelling of a flag.
    "vllm-flag-equals": vllm("vllm serve org/x --host=0.0.0.0 --port=9 --served-model-name=z", "", 9),
    "vllm-flag-underscores": vllm("vllm serve org/x --host h --port 9 --served_model_name z", "", 9),
    "vllm-flag-underscores-equals": vllm("vllm serve org/x --host h --port 9 --served_model_name=z", "", 9),
    "vllm-flag-shortened": vllm("vllm serve org/x --host h --port 9 --served-model z", "", 9),
    "vllm-flag-shortened-equals": vllm("vllm serve org/x --host h --port 9 --served=z", "", 9),
    "vllm-flag-of-two-last-counts": vllm("vllm serve org/x --port 8 --port 9", f"{HOST} --served-model-name m n", 9),
    "vllm-host-alone": vllm("vllm serve org/x --host ::", "--port 8000 --served-model-name m n"),
    "vllm-port-alone": vllm("vllm serve org/x --port 9", f"{HOST} --served-model-name m n", 9),
    "vllm-longer-flag-is-another": Case(
        {"command": shlex.split("vllm serve org/x --port-range 9 --hostname h"), "image": "mine:1"},
        f"vllm serve org/x --port-range 9 --hostname h {HOST} --port 8000 --served-model-name m n",
    ),
    "vllm-value-that-looks-like-a-port": vllm(
        """vllm serve org/x --override '{"--port": 9}'""", f"{HOST} --port 8000 --served-model-name m n"
    ),
    "llama-cpp-short-alias": vllm("/app/llama-server -m /x -a z", f"{HOST} --port 8000 --metrics"),
    # Each way to start an engine.
    "vllm-serve-model-flag": vllm("vllm serve --model org/x", f"{HOST} --port 8000 --served-model-name m n"),
    "vllm-absolute": vllm("/opt/venv/bin/vllm serve org/x", f"{HOST} --port 8000 --served-model-name m n"),
    "vllm-module": vllm(
        "python3 -m vllm.entrypoints.openai.api_server --model org/x", f"{HOST} --port 8000 --served-model-name m n"
    ),
    "vllm-under-a-wrapper": vllm("numactl -N 0 vllm serve org/x", f"{HOST} --port 8000 --served-model-name m n"),
    "sglang-module": vllm(
        "python -m sglang.launch_server --model-path org/x",
        f"{HOST} --port 8000 --served-model-name m --enable-metrics",
    ),
    "sglang-serve": vllm(
        "sglang serve --model-path org/x", f"{HOST} --port 8000 --served-model-name m --enable-metrics"
    ),
    "trtllm-serve": vllm("trtllm-serve serve org/x", f"{HOST} --port 8000"),
    "trtllm-under-its-launcher": vllm("trtllm-llmapi-launch trtllm-serve org/x", f"{HOST} --port 8000"),
    "command-and-args": Case(
        {"command": ["vllm", "serve"], "args": ["org/x", "--port", 9]},
        f"vllm serve org/x --port 9 {HOST} --served-model-name m n",
        9,
    ),
    # An environment variable in place of a flag.
    "llama-cpp-environment": Case(
        {
            "image": LLAMA,
            "env": [
                {"name": "LLAMA_ARG_MODEL", "value": "/x.gguf"},
                {"name": "LLAMA_ARG_PORT", "value": 9},
                {"name": "LLAMA_ARG_HOST", "value": "::"},
                {"name": "LLAMA_ARG_ALIAS", "value": "z"},
                {"name": "LLAMA_ARG_ENDPOINT_METRICS", "value": "1"},
            ],
        },
        "/app/llama-server",
        9,
    ),
    # Triton: containerPort set to the gRPC or metrics port does not change the HTTP port.
    "triton-grpc-port": Case(
        {"command": ["tritonserver", "--model-repository=/models"], "containerPort": 8001},
        "tritonserver --model-repository=/models --http-port 8000",
        8000,
        TRITON_PORTS,
    ),
    "triton-metrics-port": Case(
        {"command": ["tritonserver", "--model-repository=/models"], "containerPort": 8002},
        "tritonserver --model-repository=/models --http-port 8000",
        8000,
        TRITON_PORTS,
    ),
    "triton-http-port": Case(
        {"command": ["tritonserver", "--http-port=9000", "--grpc-port=9001"]},
        "tritonserver --http-port=9000 --grpc-port=9001",
        9000,
        {"grpc": 9001, "metrics": 8002},
    ),
    "triton-at-a-port": Case(
        {"command": ["tritonserver"], "containerPort": 9000}, "tritonserver --http-port 9000", 9000, TRITON_PORTS
    ),
    # Scripts are used as written; the port is read from them.
    "script": Case(
        {"image": VLLM, "modelName": "org/x", "command": ["sh", "-c", "vllm serve org/x"]},
        "sh -c 'vllm serve org/x'",
    ),
    "script-with-a-port": Case(
        {"image": VLLM, "command": ["/bin/bash", "-ec", "exec vllm serve org/x --port 9000"]},
        "/bin/bash -ec 'exec vllm serve org/x --port 9000'",
        9000,
    ),
    "script-with-a-port-equals": Case(
        {"command": ["bash", "-c"], "args": ["python3 -m sglang.launch_server --port=9000 --model x"], "image": SGLANG},
        "bash -c 'python3 -m sglang.launch_server --port=9000 --model x'",
        9000,
    ),
    "script-of-several-lines": Case(
        {"image": VLLM, "command": ["sh", "-c", "set -e\nvllm serve org/x \\\n  --port 9000\n"]},
        "sh -c 'set -e\nvllm serve org/x \\\n  --port 9000\n'",
        9000,
    ),
    "script-file": Case({"image": VLLM, "command": ["bash", "/start.sh"]}, "bash /start.sh"),
    "args-with-a-script": args(
        VLLM, "sh -c 'vllm serve org/x --port 9000'", "sh -c 'vllm serve org/x --port 9000'", 9000
    ),
    # Other servers: nothing is added.
    "custom": Case({"image": "x:1", "command": ["/server"], "containerPort": 9}, "/server", 9),
    "custom-image-alone": Case({"image": "x:1"}, ""),
    "custom-args": Case({"image": "x:1", "args": ["--a", 1]}, "--a 1"),
    "custom-by-name": Case({"engine": "custom", "image": VLLM, "command": ["vllm", "serve", "x"]}, "vllm serve x"),
    "another-program-in-an-engines-image": Case({"image": VLLM, "command": ["/proxy"]}, "/proxy"),
    "engine-by-name": Case(
        {"engine": "vllm", "image": "mine:1", "modelName": "x"},
        f"vllm serve x {HOST} --port 8000 --served-model-name m n",
    ),
}


def exit_flag(line: str, engine: str = "") -> list[str]:
    """Triton's time to finish its requests, which is appended last; no other engine has a flag for it."""
    return ["--exit-timeout-secs", "600"] if "tritonserver" in line and engine != "custom" else []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_command_is_completed(render: Render, case: Case) -> None:
    rendered = render(bare(modelAlias=["m", "n"], **case.fields))
    assert command_line(rendered) == [*shlex.split(case.line), *exit_flag(case.line, case.fields.get("engine", ""))]
    assert ports(rendered) == {"http": case.http, **case.others}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_words_of_the_user_keep_their_order(render: Render, case: Case) -> None:
    given = [str(word) for key in ("command", "args") for word in case.fields.get(key, ())]
    line = command_line(render(bare(modelAlias=["m", "n"], **case.fields)))
    start = line.index(given[0]) if given else 0
    found = [word for word in line[start:] if word in given]
    assert found[: len(given)] == given


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_service_port_does_not_depend_on_the_engines(render: Render, case: Case) -> None:
    rendered = render(bare(modelAlias=["m", "n"], **case.fields))
    service = {port["name"]: port for port in rendered["Service", f"{FULLNAME}-a"]["spec"]["ports"]}
    assert (service["http"]["port"], service["http"]["targetPort"]) == (8000, "http")
    assert pools(rendered)["m"]["providers"][0]["url"] == f"http://{FULLNAME}-a:8000/v1"


def test_the_gateway_sends_the_first_of_several_served_names(render: Render) -> None:
    rendered = render(one(image=LLAMA, args=["--alias", "x,y"]))
    assert pools(rendered)["m"]["providers"][0]["onwards_model"] == "x"


def test_served_names_end_at_the_next_flag(render: Render) -> None:
    rendered = render(one(args=["--served-model-name", "x", "--tokenizer", "m"]))
    assert pools(rendered)["m"]["providers"][0]["onwards_model"] == "x"


def test_the_word_after_a_flags_value_is_not_part_of_it(render: Render) -> None:
    flags = ["--port", "9000", "--tensor-parallel-size", "1", "--api-key", "$(VLLM_API_KEY)"]
    for at in range(0, len(flags), 2):
        command = ["vllm", "serve", *flags[:at], *flags[at + 2 :], *flags[at : at + 2], "org/m"]
        rendered = render(one(command=command, apiKey={"name": "s", "key": "k"}))
        assert ports(rendered) == {"http": 9000}
        assert {each["name"] for each in pod(rendered).get("volumes", ())} & {"shm"} == set()
        assert "VLLM_API_KEY" in {each["name"] for each in engine(rendered)["env"]}


def test_no_model_is_added_to_the_command_of_a_custom_engine(render: Render) -> None:
    rendered = render(one(engine="custom", image="x:1", command=["my-server", "serve"], modelName="org/m"))
    assert command_line(rendered) == ["my-server", "serve"]
    assert pools(rendered)["m"]["providers"][0]["onwards_model"] == "org/m"


def test_a_served_name_is_read_from_a_variable(render: Render) -> None:
    rendered = render(one(image=LLAMA, env=[{"name": "LLAMA_ARG_ALIAS", "value": "x"}]))
    assert pools(rendered)["m"]["providers"][0]["onwards_model"] == "x"


def test_a_path_without_gguf_suffix_is_passed_as_a_path(render: Render) -> None:
    line = command_line(render(one(image=LLAMA, modelName="/models/x")))
    assert line[1:3] == ["-m", "/models/x"]


def test_a_model_set_by_a_variable_is_not_added(render: Render) -> None:
    variable = {"name": "LLAMA_ARG_MODEL", "value": "/x.gguf"}
    assert "-hf" not in command_line(render(one(image=LLAMA, modelName="org/x", env=[variable])))


def test_the_gateway_sends_the_model_of_the_command(render: Render) -> None:
    rendered = render(one(image=TRTLLM, command=["trtllm-serve", "serve", "org/other"], modelName="org/x"))
    assert pools(rendered)["m"]["providers"][0]["onwards_model"] == "org/other"


RECOGNISED = {
    "vllm": ["vllm/vllm-openai", "registry.example/mirror/vllm-openai", "rocm/vllm", "vllm/vllm-openai-cpu"],
    "sglang": ["lmsysorg/sglang", "registry.example/sglang"],
    "tensorrt-llm": ["nvcr.io/nvidia/tensorrt-llm/release", "nvcr.io/nvidia/tensorrt_llm/release"],
    "triton": ["nvcr.io/nvidia/tritonserver"],
    "llama-cpp": ["ghcr.io/ggml-org/llama.cpp", "registry.example/llama-cpp"],
}
PROGRAM = {"vllm": "vllm", "sglang": "python3", "tensorrt-llm": "trtllm-serve", "triton": "tritonserver"}


@pytest.mark.parametrize("shape", ["string", "map"])
@pytest.mark.parametrize(("name", "image"), [(name, image) for name, images in RECOGNISED.items() for image in images])
def test_an_engine_is_recognised_by_its_image(render: Render, name: str, image: str, shape: str) -> None:
    given = image if shape == "string" else {"repository": image, "tag": "v1"}
    assert command_line(render(one(image=given)))[0] == PROGRAM.get(name, "/app/llama-server")


def test_the_command_identifies_the_engine_before_the_image(render: Render) -> None:
    line = command_line(render(one(image=TRITON, command=["trtllm-serve", "org/x"])))
    assert line == ["trtllm-serve", "org/x", "--host", "0.0.0.0", "--port", "8000"]


def gpus(count: object, *words: object, image: str = VLLM, **fields: Any) -> dict[str, Any]:
    return one(image=image, args=list(words), resources={"limits": {"nvidia.com/gpu": count}}, **fields)


PARALLEL = {
    VLLM: ["--tensor-parallel-size", "4"],
    SGLANG: ["--tp-size", "4"],
    TRTLLM: ["--tp_size", "4"],
}


@pytest.mark.parametrize(("image", "flag"), PARALLEL.items(), ids=["vllm", "sglang", "tensorrt-llm"])
@pytest.mark.parametrize("count", [4, "4", 4.0], ids=["number", "string", "float"])
def test_several_gpus_add_tensor_parallelism(render: Render, image: str, flag: list[str], count: object) -> None:
    line = command_line(render(gpus(count, image=image)))
    last = exit_flag(shlex.join(line))
    assert line[: len(line) - len(last)][-2:] == flag


@pytest.mark.parametrize("image", [TRITON, LLAMA], ids=["triton", "llama-cpp"])
def test_an_engine_that_uses_all_gpus_by_itself_gets_no_flag(render: Render, image: str) -> None:
    assert command_line(render(gpus(4, image=image))) == command_line(render(gpus(1, image=image)))


@pytest.mark.parametrize("count", [1, "1", 0], ids=["one", "one-as-text", "none"])
def test_one_gpu_adds_no_parallelism(render: Render, count: object) -> None:
    assert "--tensor-parallel-size" not in command_line(render(gpus(count)))


GIVEN_PARALLEL = {
    VLLM: (
        *("--tensor-parallel-size 2", "--tensor-parallel-size=2", "--tensor_parallel_size 2", "--tensor-parallel 2"),
        *("-tp 2", "-tp=2", "--pipeline-parallel-size 2", "-pp 2", "--data-parallel-size 4", "-dp 4", "-tp 1"),
    ),
    SGLANG: (
        *("--tp-size 2", "--tp 2", "--tp=2", "--tensor-parallel-size 2", "--tp_size 2", "--pp-size 2", "--pp 2"),
        *("--dp-size 4", "--dp 4", "--data-parallel-size 4"),
    ),
    TRTLLM: ("--tp_size 2", "--tp_size=2", "--pp_size 2", "--ep_size 2"),
}


@pytest.mark.parametrize(
    ("image", "given"), [(image, given) for image, lines in GIVEN_PARALLEL.items() for given in lines]
)
def test_parallelism_set_by_the_user_is_the_only_one(render: Render, image: str, given: str) -> None:
    line = command_line(render(gpus(4, *shlex.split(given), image=image)))
    assert line[-2:] != PARALLEL[image]


def test_parallelism_is_not_added_to_a_script(render: Render) -> None:
    values = one(command=["sh", "-c", "vllm serve x"], resources={"limits": {"nvidia.com/gpu": 2}})
    assert command_line(render(values)) == ["sh", "-c", "vllm serve x"]


def test_the_container_has_no_empty_command(render: Render) -> None:
    assert not {"command", "args"} & engine(render(bare(image="x:1"))).keys()
