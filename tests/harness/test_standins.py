"""The programs inside the engine images, each run as a process on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("xllamacpp")  # the dependency group `engines`

from harness.images.engines import sglang, vllm

HELM = {"messages": [{"role": "user", "content": "What is Helm?"}]}
HELM_ANSWER = "Helm is the package manager for Kubernetes."
NO_VARIABLES: Mapping[str, str] = {}
QUICK = {"STANDIN_LOAD_SECONDS": "0", "STANDIN_TEARDOWN_SECONDS": "0"}
SLOW = {"STANDIN_TOKEN_SECONDS": "0.2"}
"""A streamed answer of ten tokens takes two seconds."""


@dataclass
class Process:
    """A stand-in that runs."""

    popen: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30)

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, timeout=30)

    def chat(self, model: str, headers: Mapping[str, str] | None = None, **more: object) -> httpx.Response:
        return self.post("/v1/chat/completions", {"model": model, **HELM, **more}, headers)

    def stream(self, model: str, headers: Mapping[str, str] | None = None, **more: object) -> Iterator[str]:
        """The events of a streamed chat completion, while they come."""
        url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        body = {"model": model, "stream": True, **HELM, **more}
        with httpx.stream("POST", url, json=body, headers=headers, timeout=30) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line:
                    yield line.removeprefix("data: ")

    def wait(self, path: str) -> None:
        """Until the path answers 200."""
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            assert self.popen.poll() is None, self.log.read_text()
            with suppress(httpx.TransportError):
                if self.get(path).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{path} did not answer\n{self.log.read_text()}")

    def listens_on(self, port: int | None = None) -> str:
        """The address it listens on, of Linux's table; "" if the port is not open."""
        for table, size in (("tcp", 4), ("tcp6", 16)):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                address, state = line.split()[1], line.split()[3]
                packed, _, number = address.partition(":")
                if state == "0A" and int(number, 16) == (port or self.port):
                    raw = bytes.fromhex(packed)[:: -1 if size == 4 else 1]
                    return socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, raw)
        return ""

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)


def begun(stream: Iterator[str]) -> list[str]:
    """The first events of a stream, whose others are still to come."""
    return [next(stream) for _ in range(3)]


def content(events: Iterable[str]) -> str:
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    return "".join(each["delta"].get("content") or "" for chunk in chunks for each in chunk.get("choices", []))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def check_finishing(process: Process, model: str, key: Mapping[str, str]) -> None:
    """SIGTERM closes the listener, and the stream that is open is finished."""
    stream = process.stream(model, key)
    events = begun(stream)
    process.terminate()
    time.sleep(0.5)
    with pytest.raises(httpx.ConnectError):
        process.get("/health")
    events += stream
    assert (content(events), events[-1]) == (HELM_ANSWER, "[DONE]")
    process.popen.wait(10)


@contextmanager
def running(engine: str, *args: str, ready: str = "", env: Mapping[str, str] = NO_VARIABLES) -> Iterator[Process]:
    """A stand-in that is killed whatever happens; `{port}` in its arguments and variables is a free one."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        own = {name: value.format(port=port) for name, value in env.items()}
        environment = {**os.environ, **QUICK, "HOME": home, **own}
        words = [word.format(port=port) for word in args]
        log = Path(home, "log")
        with log.open("wb") as out:
            command = [sys.executable, "-m", f"harness.images.engines.{engine}", *words]
            popen = subprocess.Popen(command, env=environment, stdout=out, stderr=out)  # it must live on beside us
        process = Process(popen, port, log)
        try:
            if ready:
                process.wait(ready)
            yield process
        finally:
            popen.kill()
            popen.wait()


def ended(engine: str, *args: str, env: Mapping[str, str] = NO_VARIABLES) -> tuple[int, str]:
    """The exit code and the output of a stand-in that ends by itself."""
    with running(engine, *args, env=env) as process:
        code = process.popen.wait(30)
        return code, process.log.read_text()


# --- command lines


@pytest.mark.parametrize(
    ("engine", "args", "code", "message"),
    [
        ("vllm", "serve m --no-such-flag", 2, "unrecognized arguments: --no-such-flag"),
        ("vllm", "serve m --device cuda", 2, "ambiguous option: --device"),
        ("vllm", "serve m --port x", 2, "argument --port: invalid int value: 'x'"),
        ("vllm", "serve m --runner chat", 2, "invalid choice: 'chat'"),
        ("vllm", "vllm serve m", 2, "usage: vllm"),
        ("vllm", "serve --served-model-name a", 1, "`model` should be provided as the first positional argument"),
        ("vllm", "serve /no/such/model", 1, "Repo id must be in the form"),
        ("sglang", "serve --model-path m --no-such-flag", 2, "unrecognized arguments: --no-such-flag"),
        ("sglang", "serve --host 0.0.0.0", 2, "required: --model-path/--model"),
        ("trtllm", "m --tp-size 2", 2, "No such option '--tp-size'"),
        ("trtllm", "--host 0.0.0.0 m", 2, "No such option '--host'"),
        ("trtllm", "m --served_model_name a", 2, "No such option '--served_model_name'"),
        ("triton", "--model-repository=/tmp --no-such-flag", 1, "unrecognized option --no-such-flag"),
        ("triton", "--model-repository=/no/such/directory", 1, "failed to stat file /no/such/directory"),
        ("triton", "--model-repository=/tmp --http-port=8001", 1, "at the same port"),
        ("llama_server", "--no-such-flag", 1, "error: invalid argument: --no-such-flag"),
        ("llama_server", "-m /no/such/file.gguf", 1, "failed to open GGUF file"),
        ("tei", "--model-id m --tensor-parallel-size 2", 2, "unexpected argument '--tensor-parallel-size' found"),
        ("tei", "--port 8000", 2, "--model-id <MODEL_ID>"),
        ("tgi", "--model-id m --tensor-parallel-size 2", 2, "unexpected argument '--tensor-parallel-size' found"),
        ("tgi", "--model-id m --port x", 2, "invalid int value: 'x'"),
        ("tgi", "--model-id /no/such/model", 1, "Repo id must be in the form"),
        ("infinity", "v2 --model-id m --no-such-flag", 2, "No such option '--no-such-flag'"),
        ("infinity", "v2 --model-id m --engine vllm", 2, "'vllm' is not one of"),
        ("lmdeploy", "serve api_server m --no-such-flag", 2, "unrecognized arguments: --no-such-flag"),
        ("lmdeploy", "serve api_server --server-port 1", 2, "required: model_path"),
        ("lmdeploy", "serve proxy", 1, "usage: lmdeploy serve api_server"),
    ],
)
def test_a_command_line_is_refused(engine: str, args: str, code: int, message: str) -> None:
    got, output = ended(engine, *args.split())
    assert (got, message in output) == (code, True), output


@pytest.mark.parametrize(
    "flag",
    [
        *("--task", "--swap-space", "--preemption-mode", "--disable-log-requests", "--guided-decoding-backend"),
        *("--enable-reasoning", "--num-scheduler-steps", "--use-v2-block-manager", "--rope-scaling"),
    ],
)
def test_vllm_refuses_what_it_has_given_up(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        vllm.parse(["m", flag], serve=True)
    assert refused.value.code == 2
    assert f"unrecognized arguments: {flag}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "name", "value"),
    [
        ("m", "model", "m"),
        ("--model m", "model", "m"),
        ("--port 1 --model=m", "model", "m"),
        ("--port 1 --model=m", "port", 1),
        ("m --served-model-name a b --port 1", "served_model_name", ["a", "b"]),
        ("--model m --served_model_name a", "served_model_name", ["a"]),
        ("m -tp 2", "tensor_parallel_size", 2),
        ("m --tensor_parallel_size=2", "tensor_parallel_size", 2),
        ("m --max-model-len 8k", "max_model_len", 8000),
        ("m --no-enable-prefix-caching", "enable_prefix_caching", False),
        ("m --limit-mm-per-prompt.image 2", "limit_mm_per_prompt", {"image": 2}),
        ("m --runner pooling --convert embed", "convert", "embed"),
    ],
)
def test_vllm_takes_each_spelling(args: str, name: str, value: object) -> None:
    assert getattr(vllm.parse(args.split(), serve=True), name) == value


def test_a_file_of_settings_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("port: 1\nserved-model-name: [a, b]\nenforce-eager: true\n")
    parsed = vllm.parse(["m", "--config", str(file), "--port", "2"], serve=True)
    assert (parsed.port, parsed.served_model_name, parsed.enforce_eager) == (2, ["a", "b"], True)
    file.write_text("port: 1\n")
    assert sglang.parse(["--model-path", "m", "--config", str(file)]).port == 1


# --- vLLM


@pytest.fixture(scope="module")
def a_vllm() -> Iterator[Process]:
    args = ("serve", "org/m", "--port", "{port}", "--served-model-name", "a", "b", "--api-key", "secret")
    with running("vllm", *args, ready="/health") as process:
        yield process


def test_vllm_listens_on_all_addresses(a_vllm: Process) -> None:
    assert a_vllm.listens_on() == "0.0.0.0"


def test_vllm_guards_only_its_own_paths(a_vllm: Process) -> None:
    codes = {path: a_vllm.get(path).status_code for path in ("/health", "/ping", "/metrics", "/v1/models")}
    assert codes == {"/health": 200, "/ping": 200, "/metrics": 200, "/v1/models": 401}
    assert a_vllm.chat("a", headers={"Authorization": "Bearer other"}).status_code == 401


def test_vllm_serves_every_name_and_no_other(a_vllm: Process) -> None:
    key = {"Authorization": "Bearer secret"}
    assert [card["id"] for card in a_vllm.get("/v1/models", headers=key).json()["data"]] == ["a", "b"]
    answer = a_vllm.chat("b", headers=key).json()
    assert answer["choices"][0]["message"]["content"] == HELM_ANSWER
    assert answer["model"] == "a"
    assert answer["usage"]["completion_tokens"] > 5
    unknown = a_vllm.chat("org/m", headers=key)
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (404, "NotFoundError")


def test_vllm_streams(a_vllm: Process) -> None:
    key = {"Authorization": "Bearer secret"}
    *events, usage, last = a_vllm.stream("a", key, stream_options={"include_usage": True})
    assert last == "[DONE]"
    assert json.loads(usage)["choices"] == []
    assert json.loads(usage)["usage"]["total_tokens"] > 10
    assert content(events) == HELM_ANSWER


def test_vllm_counts_what_it_does(a_vllm: Process) -> None:
    a_vllm.chat("a", headers={"Authorization": "Bearer secret"})
    page = a_vllm.get("/metrics").text
    for name in (
        *("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc", "time_to_first_token_seconds_bucket"),
        *("inter_token_latency_seconds_sum", "request_time_per_output_token_seconds_sum", "prompt_tokens_total"),
        *("e2e_request_latency_seconds_count", "prefix_cache_hits_total", "request_success_total"),
    ):
        assert f'\nvllm:{name}{{engine="0",' in page, name
    counted = re.search(r"^vllm:generation_tokens_total\{.*\} (\S+)", page, re.MULTILINE)
    assert counted is not None
    assert float(counted[1]) > 5


def test_vllm_listens_when_it_has_loaded() -> None:
    with running("vllm", "serve", "m", "--port", "{port}", env={"STANDIN_LOAD_SECONDS": "1.5"}) as process:
        ends = time.monotonic() + 1
        while time.monotonic() < ends:
            assert process.listens_on() == ""
            time.sleep(0.1)
        process.wait("/health")


def test_vllm_aborts_on_sigterm() -> None:
    with running("vllm", "serve", "m", "--port", "{port}", ready="/health", env=SLOW) as process:
        stream = process.stream("m")
        events = begun(stream)
        process.terminate()
        events += stream
        assert '"code":500' in events[-2]
        assert events[-1] == "[DONE]"
        assert content(events) != HELM_ANSWER
        assert process.popen.wait(10) == 0


def test_vllm_drains_with_a_shutdown_timeout_and_outlives_its_last_request() -> None:
    args = ("serve", "m", "--port", "{port}", "--shutdown-timeout", "5")
    with running("vllm", *args, ready="/health", env=SLOW) as process:
        stream = process.stream("m")
        events = begun(stream)
        terminated = time.monotonic()
        process.terminate()
        time.sleep(0.2)
        refused = process.chat("m")
        assert (refused.status_code, process.get("/health").status_code) == (500, 200)
        assert "cannot schedule new futures after shutdown" in refused.text
        events += stream
        assert (content(events), events[-1]) == (HELM_ANSWER, "[DONE]")
        assert process.popen.wait(20) == 0
        assert time.monotonic() - terminated >= 5


def rank(number: int, of: int, master: int, *more: str) -> list[str]:
    """The command of one of several nodes, as vLLM's own flags say it."""
    nodes = ["--tensor-parallel-size", str(of), "--nnodes", str(of), "--node-rank", str(number)]
    nodes += ["--master-addr", "127.0.0.1", "--master-port", str(master), "--distributed-executor-backend", "mp"]
    return ["serve", "m", "--port", "{port}", *nodes, *(["--headless"] if number else []), *more]


def test_vllm_serves_when_all_ranks_are_there_and_only_at_rank_0() -> None:
    master = free_port()
    with running("vllm", *rank(0, 3, master)) as leader, running("vllm", *rank(1, 3, master)) as worker:
        ends = time.monotonic() + 30
        while "rank 1 is there" not in leader.log.read_text() and time.monotonic() < ends:
            time.sleep(0.05)
        assert "rank 1 is there" in leader.log.read_text()
        time.sleep(0.5)  # two of three: it must go on waiting
        assert (leader.listens_on(), worker.listens_on()) == ("", "")
        with running("vllm", *rank(2, 3, master)) as last:
            leader.wait("/health")
            assert content(leader.stream("m")) == HELM_ANSWER
            assert (worker.listens_on(), last.listens_on()) == ("", "")


def test_vllm_spreads_data_parallel_ranks_over_nodes_as_well() -> None:
    master = free_port()
    sizes = ("--tensor-parallel-size", "1", "--data-parallel-size", "2")
    with running("vllm", *rank(0, 2, master, *sizes)) as leader, running("vllm", *rank(1, 2, master, *sizes)) as worker:
        leader.wait("/health")
        assert content(leader.stream("m")) == HELM_ANSWER
        assert worker.listens_on() == ""


def test_a_vllm_worker_waits_for_its_leader() -> None:
    master = free_port()
    with running("vllm", *rank(1, 2, master)) as worker:
        time.sleep(1.5)
        assert worker.popen.poll() is None, worker.log.read_text()
        with running("vllm", *rank(0, 2, master), ready="/health"):
            worker.terminate()
            assert worker.popen.wait(10) == 0


def test_vllm_ends_with_its_worker_and_cuts_its_streams() -> None:
    master = free_port()
    started = running("vllm", *rank(0, 2, master), ready="/health", env=SLOW)
    with running("vllm", *rank(1, 2, master)) as worker, started as leader:
        stream = leader.stream("m")
        begun(stream)
        worker.popen.kill()
        *_, error, last = stream
        assert "error" in json.loads(error)
        assert last == "[DONE]"
        assert leader.popen.wait(10) == 1


def test_a_vllm_worker_ends_with_its_leader() -> None:
    master = free_port()
    started = running("vllm", *rank(0, 2, master), ready="/health")
    with running("vllm", *rank(1, 2, master)) as worker, started as leader:
        leader.popen.kill()
        assert worker.popen.wait(10) == 1
        assert "rank 0 is gone" in worker.log.read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["serve", "m", "--headless"], "--headless is not served without --nnodes"),
        (rank(1, 2, 1, "--tensor-parallel-size", "3"), "3, cannot be divided by --nnodes 2"),
        (rank(0, 2, 1, "--headless"), "--headless is for each --node-rank above 0"),
        (rank(2, 2, 1), "--node-rank 2 is not below --nnodes 2"),
        (rank(0, 2, 1, "--distributed-executor-backend", "ray"), "--nnodes needs --distributed-executor-backend mp"),
        (["serve", "m", "-tp", "2", "--nnodes", "2"], "not served without --master-addr and --master-port"),
    ],
)
def test_vllm_refuses_ranks_that_do_not_fit(args: list[str], message: str) -> None:
    code, output = ended("vllm", *args)
    assert (code, message in output) == (1, True), output


def test_vllm_gives_a_fixed_answer_that_says_who_answered_whom() -> None:
    env = {"STANDIN_ANSWER": "{{engine}} {{client}}"}
    output = f"{socket.gethostname()} 127.0.0.1 " * 2
    with running("vllm", "serve", "m", "--port={port}", ready="/health", env=env) as process:
        answer = process.chat("m", max_tokens=4).json()
        assert answer["choices"][0]["message"]["content"] == output
        assert answer["usage"]["completion_tokens"] == 4
        *events, last = process.stream("m", max_tokens=4)
        assert (content(events), last) == (output, "[DONE]")


def test_vllm_embeds_and_then_does_not_chat() -> None:
    args = ("serve", "m", "--port", "{port}", "--runner", "pooling")
    with running("vllm", *args, ready="/health") as process:
        answer = process.post("/v1/embeddings", {"model": "m", "input": ["a", "b"]}).json()
        assert [len(row["embedding"]) for row in answer["data"]] == [128, 128]
        assert answer["usage"]["prompt_tokens"] > 0
        assert process.chat("m").status_code == 404


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [("HOME", "/proc/nowhere", "/proc/nowhere"), ("VLLM_PORT", "tcp://10.0.0.1:80", "appears to be a URI")],
    ids=["a home that it cannot write", "a service named vllm"],
)
def test_vllm_ends_at_a_variable_that_it_cannot_use(variable: str, value: str, message: str) -> None:
    code, output = ended("vllm", "serve", "m", "--port", "{port}", env={variable: value})
    assert (code, message in output) == (1, True), output


def test_vllm_serves_adapters_beside_its_model() -> None:
    words = ["--enable-lora", "--lora-modules", "sql=org/sql", "b=/b"]
    with running(
        "vllm", "serve", "m", "--served-model-name", "chat", *words, "--port", "{port}", ready="/health"
    ) as it:
        models = it.get("/v1/models").json()["data"]
    assert [model["id"] for model in models] == ["chat", "sql", "b"]


def test_vllm_takes_a_key_from_the_environment() -> None:
    with running("vllm", "serve", "m", "--port", "{port}", ready="/health", env={"VLLM_API_KEY": "k"}) as process:
        assert process.get("/v1/models").status_code == 401


def test_a_model_is_found_again_and_offline_it_must_be_there() -> None:
    with tempfile.TemporaryDirectory() as cache:
        environment = {"HF_HOME": cache, "HF_HUB_OFFLINE": "1", "VLLM_PORT": "tcp://ends-it"}
        assert "couldn't find it in the cache" in ended("vllm", "serve", "o/m", env=environment)[1]
        Path(cache, "hub/models--o--m/refs").mkdir(parents=True)
        Path(cache, "hub/models--o--m/refs/main").touch()
        assert f"model found in {cache}/hub" in ended("vllm", "serve", "o/m", "--port", "0", env=environment)[1]


# --- SGLang


def test_sglang_is_ready_when_warm_and_its_health_takes_a_second() -> None:
    args = ("serve", "--model-path", "org/m", "--port", "{port}", "--api-key", "k", "--host", "0.0.0.0")
    with running("sglang", *args) as process:
        codes = []
        while 200 not in codes:
            assert process.popen.poll() is None, process.log.read_text()
            with suppress(httpx.TransportError):
                codes.append(process.get("/ready").status_code)
            time.sleep(0.05)
        assert codes[0] == 503
        started = time.monotonic()
        assert process.get("/health").status_code == 200
        assert time.monotonic() - started >= 1
        guarded = {path: process.get(path).status_code for path in ("/ping", "/v1/models", "/metrics")}
        assert guarded == {"/ping": 401, "/v1/models": 401, "/metrics": 404}
        key = {"Authorization": "Bearer k"}
        assert [card["id"] for card in process.get("/v1/models", headers=key).json()["data"]] == ["org/m"]
        assert process.chat("anything", headers=key).json()["model"] == "org/m"
        assert process.chat("org/m:adapter", headers=key).status_code == 400
        assert process.listens_on() == "0.0.0.0"


def test_sglang_is_on_loopback_and_drains() -> None:
    args = ("serve", "m", "--port", "{port}", "--enable-metrics", "--served-model-name", "a")
    with running("sglang", *args, ready="/ready", env=SLOW) as process:
        assert process.listens_on() == "127.0.0.1"
        assert 'sglang:num_queue_reqs{engine_type="unified",model_name="a"' in process.get("/metrics").text
        stream = process.stream("a")
        events = begun(stream)
        process.terminate()
        time.sleep(0.2)
        assert [process.get(path).status_code for path in ("/ready", "/health")] == [503, 503]
        assert process.chat("a").status_code == 200
        events += stream
        assert (content(events), events[-1]) == (HELM_ANSWER, "[DONE]")
        assert process.popen.wait(20) == 0


# --- TensorRT-LLM


def test_trtllm_is_on_loopback_and_its_metrics_are_json() -> None:
    with running("trtllm", "org/m", "--port", "{port}", ready="/health") as process:
        assert process.listens_on() == "127.0.0.1"
        assert isinstance(process.get("/metrics").json(), list)
        assert process.get("/prometheus/metrics").status_code == 404
        assert process.get("/health_generate").status_code == 200
        assert process.chat("anything").json()["choices"][0]["message"]["content"] == HELM_ANSWER


def test_trtllm_closes_its_listener_and_finishes(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("return_perf_metrics: true\n")
    args = ("serve", "org/m", "--port", "{port}", "--host", "0.0.0.0", "--config", str(config), "--tp_size=2")
    with running("trtllm", *args, ready="/health", env=SLOW) as process:
        assert "trtllm_num_requests_waiting{" in process.get("/prometheus/metrics").text
        check_finishing(process, "org/m", {})


def test_trtllm_serves_what_its_builder_has_built(tmp_path: Path) -> None:
    code, output = ended("trtllm_bench", "--model", "o/m", "--workspace", str(tmp_path), "build", "--tp_size", "2")
    assert code == 0, output
    engine = tmp_path / "o" / "m" / "tp_2_pp_1"
    with running("trtllm", str(engine), "--port", "{port}", "--backend", "tensorrt", ready="/health") as process:
        assert process.get("/v1/models").json()["data"][0]["id"] == "tp_2_pp_1"


# --- Triton


def test_triton_speaks_kserve_and_no_openai(tmp_path: Path) -> None:
    grpc, metrics = free_port(), free_port()
    ports = (f"--grpc-port={grpc}", f"--metrics-port={metrics}", "--http-port={port}")
    args = (f"--model-repository={tmp_path}", "--allow-http=true", *ports)
    with running("triton", *args, ready="/v2/health/ready") as process:
        assert [process.listens_on(port) for port in (None, grpc, metrics)] == ["0.0.0.0"] * 3
        assert process.get("/v1/models").status_code == 404
        assert process.get("/v2/health/live").status_code == 200
        assert process.get("/v2/models/m/ready").status_code == 404
        assert "nv_inference_request_success" in httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://127.0.0.1:{grpc}/v2/health/ready")
        process.terminate()
        assert process.popen.wait(10) == 0


def test_triton_loads_no_model(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    code, output = ended("triton", f"--model-repository={tmp_path}")
    assert (code, "failed to load all models" in output) == (1, True)


# --- llama.cpp


def test_llama_server_serves_its_aliases_and_guards_its_metrics() -> None:
    args = ("-hf", "org/m:Q4", "--alias", "a,b", "--metrics", "--api-key", "k")
    with running("llama_server", *args, ready="/health", env={"LLAMA_ARG_PORT": "{port}"}) as process:
        assert process.listens_on() == "127.0.0.1"
        assert process.get("/metrics").status_code == 401
        key = {"Authorization": "Bearer k"}
        assert "llamacpp:requests_deferred" in process.get("/metrics", headers=key).text
        card = process.get("/v1/models", headers=key).json()["data"][0]
        assert card["aliases"] == ["a", "b"]
        assert process.chat("b", headers=key).status_code == 200


def test_llama_server_reads_the_environment_below_the_command_line() -> None:
    variables = {"LLAMA_ARG_HOST": "0.0.0.0", "LLAMA_ARG_PORT": "1", "LLAMA_ARG_HF_REPO": "org/m"}
    with running("llama_server", "--port", "{port}", ready="/health", env=variables) as process:
        assert process.listens_on() == "0.0.0.0"
        assert process.get("/metrics").status_code == 501


def test_llama_server_cuts_streams() -> None:
    args = ("-hf", "org/m", "--port", "{port}", "--sse-ping-interval", "1")
    with running("llama_server", *args, ready="/health") as process:
        started = time.monotonic()
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in process.stream("m", max_tokens=400, ignore_eos=True):
                process.terminate()
        assert process.popen.wait(10) == 0
        assert time.monotonic() - started >= 1


# --- Text Embeddings Inference, Text Generation Inference


def test_tei_has_no_models_route_and_refuses_what_it_has_no_key_for() -> None:
    args = ("--model-id", "o/m", "--max-client-batch-size", "2", "--api-key", "k")
    with running("tei", *args, ready="/health", env={"PORT": "{port}", "HOSTNAME": "a-pod"}) as process:
        assert process.listens_on() == "0.0.0.0"
        key = {"Authorization": "Bearer k"}
        assert "\nte_queue_size" in process.get("/metrics").text
        assert (process.get("/v1/models").status_code, process.get("/v1/models", key).status_code) == (401, 404)
        body = {"model": "anything", "input": ["a", "b"]}
        assert process.post("/v1/embeddings", body).status_code == 401
        assert len(process.post("/v1/embeddings", body, key).json()["data"]) == 2
        assert process.post("/v1/embeddings", {"input": ["a", "b", "c"]}, key).status_code == 413
        assert process.chat("o/m", key).status_code == 404
        process.terminate()
        process.popen.wait(10)


def test_tgi_guards_what_generates_and_answers_any_name() -> None:
    args = ("--model-id", "o/m", "--lora-adapters", "sql=o/sql")
    with running("tgi", *args, ready="/health", env={"PORT": "{port}", "API_KEY": "k", **SLOW}) as process:
        assert process.get("/v1/models").json()["data"][0]["id"] == "o/m"
        assert "\ntgi_queue_size" in process.get("/metrics").text
        key = {"Authorization": "Bearer k"}
        assert (process.chat("sql").status_code, process.chat("sql", key).status_code) == (401, 200)
        check_finishing(process, "o/m", key)


# --- Infinity


def test_infinity_has_its_routes_where_it_is_told() -> None:
    with running("infinity", "v2", "--model-id", "o/m", "--port", "{port}", ready="/health") as process:
        assert process.listens_on() == "0.0.0.0"
        asked = {path: process.post(path, {"input": "a"}).status_code for path in ("/embeddings", "/v1/embeddings")}
        assert asked == {"/embeddings": 200, "/v1/embeddings": 404}
    variables = {"INFINITY_API_KEY": "k", "INFINITY_PORT": "{port}"}
    with running("infinity", "--model-id", "o/m", "--url-prefix", "/v1", ready="/health", env=variables) as process:
        key = {"Authorization": "Bearer k"}
        assert "http_requests_total" in process.get("/metrics").text
        paths = ("/embeddings", "/v1/embeddings")
        asked = {path: process.post(path, {"input": "a"}, key).status_code for path in paths}
        assert asked == {"/embeddings": 404, "/v1/embeddings": 200}
        assert process.post("/v1/embeddings", {"input": "a"}).status_code == 401
        assert process.get("/v1/models", key).json()["data"][0]["id"] == "o/m"
        process.terminate()
        process.popen.wait(10)


# --- LMDeploy


def test_lmdeploy_serves_one_name_and_its_adapters_and_guards_its_metrics() -> None:
    args = ("serve", "api_server", "o/m", "--server_port", "{port}", "--model-name", "a", "--adapters", "sql=o/sql")
    with running("lmdeploy", *args, "--api-keys=k", "--tp", "2", ready="/health", env=SLOW) as process:
        assert process.listens_on() == "0.0.0.0"
        key = {"Authorization": "Bearer k"}
        assert (process.get("/metrics").status_code, process.chat("a").status_code) == (401, 401)
        assert "lmdeploy:num_requests_waiting{" in process.get("/metrics", key).text
        codes = [process.chat(name, key, max_tokens=1).status_code for name in ("a", "sql", "o/m")]
        assert codes == [200, 200, 404]
        check_finishing(process, "a", key)


# --- NIM


def test_a_nim_is_live_before_it_is_ready_and_serves_its_own_model(tmp_path: Path) -> None:
    name = "meta/llama-3.1-8b-instruct"
    variables = {"NIM_SERVER_PORT": "{port}", "NGC_API_KEY": "k", "NIM_CACHE_PATH": str(tmp_path), **SLOW}
    with running("nim", ready="/v1/health/live", env={**variables, "STANDIN_LOAD_SECONDS": "1.5"}) as process:
        assert process.get("/v1/health/ready").status_code == 503
        process.wait("/v1/health/ready")
        assert "vllm:num_requests_running" in process.get("/v1/metrics").text
        assert (process.get("/metrics").status_code, process.get("/health").status_code) == (404, 404)
        assert (process.chat("o/m").status_code, process.chat(name).status_code) == (404, 200)
        stream = process.stream(name)
        begun(stream)
        process.terminate()
        with pytest.raises(httpx.RemoteProtocolError):
            list(stream)
        process.popen.wait(10)


@pytest.mark.parametrize(
    ("engine", "env", "code", "message"),
    [
        ("tei", {"MODEL_ID": "m", "PROMETHEUS_PORT": "tcp://10.0.0.1:80"}, 2, "invalid int value"),
        ("tgi", {"MODEL_ID": "m", "MASTER_PORT": "tcp://10.0.0.1:80"}, 2, "invalid int value"),
        ("tgi", {"MODEL_ID": "m", "PROMETHEUS_PORT": "tcp://10.0.0.1:80"}, 2, "--prometheus-port"),
        ("infinity", {"INFINITY_PORT": "tcp://10.0.0.1:80"}, 1, "INFINITY_PORT must be a number"),
        ("nim", {"NIM_CACHE_PATH": "/no/such/directory"}, 1, "NGC_API_KEY is not set"),
        ("nim", {"NIM_CACHE_PATH": "/proc/nowhere", "NGC_API_KEY": "k"}, 1, "/proc/nowhere"),
    ],
)
def test_a_variable_ends_it(engine: str, env: dict[str, str], code: int, message: str) -> None:
    got, output = ended(engine, env=env)
    assert (got, message in output) == (code, True), output
