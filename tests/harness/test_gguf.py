"""`plan` of a GGUF file for llama.cpp: its header, a hub's list, its name, and the numbers of a real llama.cpp."""

from __future__ import annotations

import io
import json
import re
import struct
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.images.catalog import MODEL
from harness.run import run
from harness.tools import tool
from inference_stack import cli, gguf_files, known, llama_cpp
from inference_stack.errors import StackError
from inference_stack.gguf import header, shape
from inference_stack.sizing import GIB
from tests.serving import serving

MIB = 2**20
TINY = {"enabled": True, "engine": "llama-cpp", "modelAlias": ["chat"], "modelName": "/models/tiny.gguf"}
HUB = "acme/Qwen3-8B-GGUF"
TYPES = ("f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")

SERVER = """
import os, sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.verbosity, params.port, params.n_parallel = sys.argv[1], 5, 0, -1
names = {"-c": "n_ctx", "-np": "n_parallel", "-kvu": "kv_unified", "-ctk": "cache_type_k", "-ctv": "cache_type_v"}
words = iter(sys.argv[2:])
for word in words:
    value = True if word == "-kvu" else next(words)
    if word in ("-ctk", "-ctv"):
        value = getattr(xllamacpp.ggml_type, "GGML_TYPE_" + value.upper())
    setattr(params, names[word], int(value) if word in ("-c", "-np") else value)
server = xllamacpp.Server(params)
sys.stdout.flush()
os._exit(0)
"""
"""Starts llama.cpp's server with some of its options; the process ends once the model is loaded.

Not by the server's own end, which now and then waits for a loop that has not begun.
"""


@pytest.fixture(autouse=True)
def _helm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_BIN", str(tool("helm")))


def planned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, group: dict[str, Any], *words: str
) -> tuple[int, dict[str, Any]]:
    """The exit code of a plan of one group, and whether it fits."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump({"modelGroups": {"chat": {**TINY, **group}}}))
    code = cli.main(["plan", "-f", str(file), "-o", "json", *words])
    (fit,) = json.loads(capsys.readouterr().out)["fit"]
    return code, fit


class TestAgainstLlamaCpp:
    """What `plan` says, and what the log of a real llama.cpp does for the same options."""

    def log(self, *words: str) -> str:
        done = run([sys.executable, "-c", SERVER, MODEL, *words], timeout=60)
        return done.stdout + done.stderr

    @pytest.mark.parametrize(
        "words",
        [
            (),
            ("-c", "1000"),
            ("-c", "4096", "-np", "4"),
            ("-c", "1000", "-np", "3"),
            ("-c", "1000", "-np", "3", "-kvu"),
            ("-c", "4096", "-np", "1", "-ctk", "q8_0", "-ctv", "q4_0"),
            *(("-c", "65536", "-np", "1", "-ctk", each, "-ctv", each) for each in TYPES),
        ],
        ids=" ".join,
    )
    def test_cache_and_weights(
        self, words: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """Its log has hundredths of a MiB, and of the file only the tensors: the header is 18 kB of this one."""
        group = {"args": list(words), "resources": {"limits": {"memory": "2Gi"}}}
        code, fit = planned(capsys, tmp_path, group, "--model", f"/models/tiny.gguf={MODEL}")
        assert (code, fit["fits"]) == (0, True)
        log = self.log(*words)
        sizes = re.findall(r"llama_kv_cache: size = +([\d.]+) MiB", log)
        assert fit["figures"]["cache"]["value"] / MIB == pytest.approx(float(sizes[-1]), abs=0.006)
        tensors = float(re.findall(r"file size += ([\d.]+) MiB", log)[-1])
        assert 0 <= fit["figures"]["weights"]["value"] / MIB - tensors < 0.03
        slot = int(re.findall(r"n_ctx_seq += (\d+)", log)[-1])
        assert f"{slot:,} tokens" in fit["why"]


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def made(values: dict[str, Any], version: int = 3) -> bytes:
    """A GGUF file with these key/values and no tensors."""
    content = b"GGUF" + struct.pack("<IQQ", version, 0, len(values))
    for key, value in values.items():
        content += string(key)
        if isinstance(value, str):
            content += struct.pack("<I", 8) + string(value)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            content += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(string, value))
        elif isinstance(value, list):
            content += struct.pack(f"<IIQ{len(value)}I", 9, 4, len(value), *value)
        else:
            content += struct.pack("<II", 4, value)
    return content


LLAMA = {
    "general.architecture": "llama",
    "tokenizer.ggml.tokens": [f"word-{n}" for n in range(5000)],
    "tokenizer.ggml.token_type": [1] * 5000,
    "llama.block_count": 4,
    "llama.embedding_length": 512,
    "llama.attention.head_count": 8,
    "llama.attention.head_count_kv": 2,
    "llama.context_length": 8192,
}


class TestHeader:
    def test_long_lists_are_passed_over(self) -> None:
        read = header(io.BytesIO(made(LLAMA)), "m")
        assert read["tokenizer.ggml.tokens"] is read["tokenizer.ggml.token_type"] is None
        found = shape(read, "m")
        assert (found.layers, found.kv_heads, found.key, found.value, found.context) == (4, 2, 64, 64, 8192)
        assert found.notes == ()

    def test_lengths_of_a_head_are_the_header_s_own(self) -> None:
        found = shape({**LLAMA, "llama.attention.key_length": 96, "llama.attention.value_length": 32}, "m")
        assert (found.key, found.value) == (96, 32)

    def test_layers_that_cache_nothing_are_not_counted(self) -> None:
        found = shape({**LLAMA, "llama.attention.head_count_kv": [0, 2, 0, 4], "llama.ssm.state_size": 1}, "m")
        assert (found.blocks, found.layers, found.kv_heads) == (4, 2, 4)
        assert sum("upper bound" in note for note in found.notes) == 2

    @pytest.mark.parametrize("key", ["sliding_window", "kv_lora_rank"])
    def test_an_upper_bound_is_called_one(self, key: str) -> None:
        assert "upper bound" in shape({**LLAMA, f"llama.attention.{key}": 512}, "m").notes[0]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"PK\x03\x04", "no GGUF file"),
            (made(LLAMA, version=1), "version 1"),
            (made(LLAMA)[:-5], "ends too early"),
            (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**60), "bytes in one value"),
        ],
    )
    def test_what_is_no_header_is_said(self, content: bytes, says: str) -> None:
        with pytest.raises(StackError, match=says):
            header(io.BytesIO(content), "m")

    def test_what_is_missing_is_named(self) -> None:
        with pytest.raises(StackError, match=r"llama\.block_count"):
            shape({"general.architecture": "llama"}, "m")


class Hub(BaseHTTPRequestHandler):
    """A stand-in of a hub with one repository: its list of files, and the head of one."""

    sizes = {"README.md": 5, "mmproj-F16.gguf": 7, "Qwen3-8B-Q8_0.gguf": 8 * GIB} | {
        f"Qwen3-8B-Q4_K_M-0000{n}-of-00002.gguf": 2 * GIB for n in (1, 2)
    }

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        listed = [{"type": "file", "path": path, "size": size} for path, size in self.sizes.items()]
        answer = b""
        if self.path == f"/api/models/{HUB}/tree/main?recursive=true":
            answer = json.dumps(listed).encode()
        elif self.path == f"/{HUB}/resolve/main/{name}" and name in self.sizes:
            answer = made(LLAMA)
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(Hub) as port:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        yield


@pytest.mark.usefixtures("hub")
class TestHub:
    @pytest.mark.parametrize(
        ("name", "file", "size"),
        [
            (HUB, "", 4 * GIB),
            (f"{HUB}:q8_0", "", 8 * GIB),
            (f"{HUB}:Q4_K_M", "Qwen3-8B-Q8_0.gguf", 8 * GIB),
        ],
    )
    def test_a_file_is_found_as_llama_cpp_finds_it(self, name: str, file: str, size: int) -> None:
        found = gguf_files.weights(name, file, {}, True)
        assert found.bytes == size
        assert found.shape is not None
        assert found.shape.layers == 4

    @pytest.mark.parametrize(("name", "file"), [(f"{HUB}:Q2_K", ""), (HUB, "other.gguf")])
    def test_what_is_not_there_is_said_with_what_is(self, name: str, file: str) -> None:
        with pytest.raises(StackError, match=r"It has: .*Qwen3-8B-Q8_0\.gguf"):
            gguf_files.weights(name, file, {}, True)

    def test_the_plan_asks_it(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        group = {"modelName": HUB, "resources": {"limits": {"nvidia.com/gpu": 1}}}
        code, fit = planned(capsys, tmp_path, group, "--gpu", "24", "--hub")
        assert (code, fit["fits"]) == (0, True)
        assert fit["figures"]["weights"]["formula"] == "size of the file, 4,294,967,296 bytes"


class TestName:
    def test_a_known_model_has_its_cache(self) -> None:
        found = gguf_files.weights("unsloth/Qwen3-8B-GGUF:Q5_K_M", "", {}, False)
        assert found.bytes == pytest.approx(8.191e9 * 5.7036 / 8, rel=0.001)
        assert found.shape is not None
        assert (found.shape.layers, found.shape.kv_heads, found.shape.key) == (36, 8, 128)

    @pytest.mark.parametrize(
        ("name", "known_", "billions"),
        [
            ("/models/Meta-Llama-3.1-8B-Instruct.Q4_K_M.gguf", True, 8.03),
            ("/models/acme-13b-chat-Q4_K_M.gguf", False, 13),
            ("acme/Mixture-8x7B-GGUF", False, 56),
        ],
    )
    def test_a_file_that_is_not_here_is_estimated(self, name: str, known_: bool, billions: float) -> None:
        found = gguf_files.weights(name, "", {}, False)
        assert found.bytes == pytest.approx(billions * 1e9 * 4.8944 / 8, rel=0.001)
        assert (found.shape is not None) == known_

    def test_latent_attention_keeps_one_vector_of_a_token(self) -> None:
        found = gguf_files.weights("acme/DeepSeek-R1-GGUF:Q4_K_M", "", {}, False).shape
        assert found is not None
        assert (found.kv_heads, found.key, found.value) == (1, 576, 0)

    @pytest.mark.parametrize("name", ["/models/model.gguf", "acme/own-GGUF", "acme/own-7B-GGUF:UD-X"])
    def test_a_name_that_says_too_little_is_said(self, name: str) -> None:
        with pytest.raises(StackError, match="--model"):
            gguf_files.weights(name, "", {}, False)

    def test_a_mistake_of_the_hub_s_name_is_none(self) -> None:
        assert known.config("qwen/qwen3-8b") is not None
        assert gguf_files.known_model("acme-own-GGUF") is None


GPU = {"resources": {"limits": {"nvidia.com/gpu": 1}}, "modelName": "unsloth/Llama-3.3-70B-Instruct-GGUF:Q4_K_M"}


class TestFit:
    @pytest.mark.parametrize(
        ("words", "memory", "fits", "why"),
        [
            ([], "80", True, "it takes a shorter context by itself"),
            (["-c", "131072"], "48", False, "a cache of 131,072 tokens does not fit"),
            (["--fit", "off"], "48", False, "a cache of 131,072 tokens does not fit"),
            (["-c", "8192", "-np", "2"], "48", True, "4,096 tokens for each of 2 slots"),
            ([], "40", False, "the weights leave -"),
            (["-ngl", "41", "-c", "8192"], "40", True, "8,192 tokens shared by 4 slots"),
        ],
    )
    def test_on_a_device(
        self,
        words: list[str],
        memory: str,
        fits: bool,
        why: str,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        code, fit = planned(capsys, tmp_path, {**GPU, "args": words}, "--gpu", memory)
        assert (code, fit["fits"]) == (0 if fits else 1, fits), fit
        assert why in fit["why"]
        assert all(each["formula"] and each["source"] for each in fit["figures"].values())

    def test_layers_on_a_device_begin_with_the_output(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        _, fit = planned(capsys, tmp_path, {**GPU, "args": ["-ngl", "41"]}, "--gpu", "40")
        assert fit["figures"]["cache of a token"]["formula"].startswith("40 layers")
        assert fit["figures"]["weights"]["formula"].startswith("0.506 of")

    def test_the_environment_says_it_too(self) -> None:
        variables = {"CTX_SIZE": "4096", "N_PARALLEL": "2", "CACHE_TYPE_K": "q8_0", "HF_REPO": "a/b", "FIT": "off"}
        env = [{"name": f"LLAMA_ARG_{name}", "value": value} for name, value in variables.items()]
        said = llama_cpp.told({"args": ["-np", "3", "--hf-file", "f"], "env": env})
        assert (said.context, said.slots, said.key, said.unified, said.fit) == (4096, 3, "q8_0", False, False)
        assert (said.model, said.file, said.layers) == ("a/b", "f", -1)

    @pytest.mark.parametrize(("limit", "fits"), [("2Gi", True), ("300Mi", False), ("", None)])
    def test_on_cpu_the_memory_limit_counts(
        self, limit: str, fits: bool | None, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        group = {"args": ["-c", "65536"], "resources": {"limits": {"memory": limit}} if limit else {}}
        code, fit = planned(capsys, tmp_path, group, "--model", f"/models/tiny.gguf={MODEL.parent}")
        assert (code, fit["fits"]) == (1 if fits is False else 0, fits)

    def test_a_size_alone_can_be_too_large(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        group = {**GPU, "modelName": "acme/own-70B-GGUF:Q8_0"}
        assert planned(capsys, tmp_path, group, "--gpu", "24")[0] == 1
        code, fit = planned(capsys, tmp_path, group, "--gpu", "192")
        assert (code, fit["fits"]) == (2, None)
        assert "--hub" in fit["why"]

    def test_a_device_that_is_not_known_is_said(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert "--gpu NAME" in planned(capsys, tmp_path, GPU)[1]["why"]
