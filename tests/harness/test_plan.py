"""`inference-stack plan`: what it reads in configurations of models and in manifests, and what it says of them."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.docs.markdown import blocks
from harness.paths import ROOT
from harness.presets import presets
from harness.tools import tool
from inference_stack import cli, known, sizing
from inference_stack.engines import ENGINES, last, told
from inference_stack.models import from_config
from inference_stack.workloads import effective, pods
from tests.serving import serving

SOURCES = sorted((ROOT / "inference_stack").glob("*.py"))
LLAMA = known.CONFIGS["meta-llama/llama-3.1-8b"]
GROUP = {"enabled": True, "modelAlias": ["chat"], "modelName": "meta-llama/Llama-3.1-8B-Instruct"}
GPU = {"limits": {"nvidia.com/gpu": 1}}


@pytest.fixture(autouse=True)
def _helm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_BIN", str(tool("helm")))


def plan(capsys: pytest.CaptureFixture[str], tmp_path: Path, group: dict[str, Any], *words: str) -> tuple[int, Any]:
    """The exit code and the JSON of a plan of one group."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump({"modelGroups": {"chat": {**GROUP, "resources": GPU, **group}}}))
    code = cli.main(["plan", "-f", str(file), "-o", "json", *words])
    return code, json.loads(capsys.readouterr().out or "null")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_is_python_3_9_and_needs_pyyaml_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    names = [each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    others = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert others <= {"inference_stack", "yaml"}
    assert not {"tomllib", "graphlib"} & set(names)  # newer than 3.9, or unneeded


@pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)
def test_an_engine_is_recognised_and_told_as_its_preset_says(engine: Any) -> None:
    preset = presets()[engine.name.replace(".", "-")]
    assert engine.command == preset["recognise"]["command"]
    parallelism = preset.get("parallelism", {})
    assert set(engine.tensor) == set(parallelism.get("tensor", ()))
    assert set(engine.pipeline) == set(parallelism.get("pipeline", ()))
    assert engine.positional == preset["model"]["positional"]
    assert set(engine.model) <= set(preset["model"]["flags"])


class TestCommand:
    def container(self, *words: str, image: str = "vllm/vllm-openai:v1") -> dict[str, Any]:
        return {"image": image, "args": list(words)}

    def test_the_last_of_an_option_counts(self) -> None:
        assert last(["--a", "1", "--b", "--a=2"], ["--a"]) == ("--a", "2")
        assert last(["--max_model_len", "5"], ["--max-model-len"]) == ("--max-model-len", "5")
        assert last(["--a"], ["--b"]) == ("", "")

    @pytest.mark.parametrize(
        ("written", "context"), [("16384", 16384), ("16k", 16000), ("16K", 16384), ("auto", 0), ("-1", 0)]
    )
    def test_lengths(self, written: str, context: int) -> None:
        assert told(self.container("vllm", "serve", "a/b", "--max-model-len", written)).context == context

    def test_all_that_memory_depends_on(self) -> None:
        said = told(
            self.container(
                *(["vllm", "serve", "a/b", "-tp", "4", "-pp", "2", "-dp", "2", "--gpu-memory-utilization", "0.8"]),
                *(["--kv-cache-dtype", "fp8", "--quantization", "fp8"]),
            )
        )
        assert (said.engine, said.model, said.tensor, said.pipeline, said.data) == ("vllm", "a/b", 4, 2, 2)
        assert (said.fraction, said.cached, said.weight) == (0.8, 1, 1)

    def test_a_file_of_options_is_named(self) -> None:
        assert told(self.container("vllm", "serve", "a/b", "--config", "/f")).by == {"file": "--config"}

    def test_others(self) -> None:
        words = [
            "python3",
            "-m",
            "sglang.launch_server",
            "--model-path",
            "a/b",
            "--tp",
            "2",
            "--mem-fraction-static=.7",
        ]
        said = told(self.container(*words, image="x"))
        assert (said.engine, said.model, said.tensor) == ("sglang", "a/b", 2)
        assert told(self.container("run", image="acme/own")).engine == ""


class TestModel:
    def test_a_window_bounds_what_its_layers_keep(self) -> None:
        config = {**LLAMA, "model_type": "gemma3_text", "sliding_window": 1024, "sliding_window_pattern": 4}
        model = from_config(config, "m", "s")
        assert (model.full, model.windowed, model.window) == (8, 24, 1024)
        one = 2 * 8 * 128 * 2
        assert sizing.request(model, 4096, batch=512) == one * (8 * 4096 + 24 * 1536)
        assert sizing.request(model, 4096) == one * 32 * 4096
        for tokens in (500, 1024, 1536, 1537, 9000, 90000):
            for batch in (512, 8192):
                assert sizing.longest(model, sizing.request(model, tokens, batch=batch), batch=batch) == tokens

    def test_layers_are_counted_by_their_kinds(self) -> None:
        kinds = ["sliding_attention", "full_attention", "linear_attention", "full_attention"]
        config = {**LLAMA, "num_hidden_layers": 4, "layer_types": kinds, "sliding_window": 128}
        model = from_config(config, "m", "s")
        assert (model.full, model.windowed) == (2, 1)

    def test_latent_attention_is_copied_to_each_device(self) -> None:
        model = from_config(known.CONFIGS["deepseek-ai/deepseek-v3"], "m", "s")
        assert round(model.parameters / 1e9) == 671
        assert sizing.token(model) == (512 + 64) * 2
        assert (sizing.copies(model, 8), sizing.copies(from_config(LLAMA, "m", "s"), 8)) == (8, 1)
        assert sizing.copies(from_config(LLAMA, "m", "s"), 16) == 2

    @pytest.mark.parametrize(
        ("more", "weight"),
        [
            ({}, 2),
            ({"torch_dtype": "float32"}, 4),
            ({"quantization_config": {"quant_method": "fp8"}}, 1),
            ({"quantization_config": {"quant_method": "awq", "bits": 4}}, 0.55),
            ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, 1),
            (
                {
                    "quantization_config": {
                        "quant_method": "compressed-tensors",
                        "config_groups": {"group_0": {"weights": {"num_bits": 4}}},
                    }
                },
                0.55,
            ),
        ],
    )
    def test_a_weight_is_as_long_as_its_files_have_it(self, more: dict[str, Any], weight: float) -> None:
        assert from_config({**LLAMA, **more}, "m", "s").weight == weight

    def test_a_family_that_is_not_known_is_an_estimate(self) -> None:
        model = from_config({**LLAMA, "model_type": "jamba"}, "m", "s")
        assert not model.exact
        assert any("upper bound" in note for note in model.notes)
        assert from_config(LLAMA, "m", "s").notes == ()


@pytest.mark.parametrize(
    ("product", "gigabytes"),
    [
        ("H100", 80),
        ("NVIDIA-A100-SXM4-80GB", 80),
        ("nvidia-tesla-t4", 16),
        ("NVIDIA-L40S", 48),
        ("nvidia-l4", 24),
        ("a100-80gb", 80),
        ("nvidia-tesla-a100", 40),
        ("Quadro", None),
    ],
)
def test_a_device_is_known_by_its_name(product: str, gigabytes: int | None) -> None:
    assert known.memory(product) == gigabytes


class TestFit:
    def test_a_context_too_long_does_not_fit(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """docs/sizing.md: Llama-3.1-8B has a context of 131,072 tokens, and a GPU with 24 GB holds 25,000."""
        code, made = plan(capsys, tmp_path, {}, "--gpu", "L4")
        (fit,) = made["fit"]
        assert (code, fit["fits"]) == (1, False)
        assert fit["why"].startswith("a request of 131,072 tokens does not fit, 25,")

    def test_a_shorter_one_does(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code, made = plan(capsys, tmp_path, {"args": ["--max-model-len", "16384"]}, "--gpu", "chat=24")
        (fit,) = made["fit"]
        assert (code, fit["fits"]) == (0, True)
        assert fit["figures"]["requests at a time"]["value"] == pytest.approx(25_600 / 16_384, abs=0.1)
        assert all(each["formula"] and each["source"] for each in fit["figures"].values())

    def test_weights_alone_are_too_many(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code, made = plan(capsys, tmp_path, {"modelName": "meta-llama/Llama-3.3-70B-Instruct"}, "--gpu", "80")
        assert code == 1
        assert "the weights leave -" in made["fit"][0]["why"]

    def test_the_device_that_is_selected_is_known(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        selected = {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}}
        code, made = plan(capsys, tmp_path, selected)
        assert (code, made["fit"][0]["fits"]) == (0, True)

    def test_a_slice_says_its_memory(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code, made = plan(capsys, tmp_path, {"resources": {"limits": {"nvidia.com/mig-1g.10gb": 1}}})
        assert (code, made["fit"][0]["fits"]) == (1, False)

    def test_what_is_not_known_is_said(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        unknown = {"modelName": "acme/unknown"}
        code, made = plan(capsys, tmp_path, unknown, "--gpu", "24")
        assert (code, made["fit"][0]["fits"]) == (2, None)
        assert "--model acme/unknown=PATH" in made["fit"][0]["why"]
        code, made = plan(capsys, tmp_path, {})
        assert (code, made["fit"][0]["fits"]) == (0, None), "nobody asked whether it fits"

    @pytest.mark.parametrize(
        ("limit", "context", "fits", "why"),
        [
            ("8Gi", "256", True, "of 256 tokens, 349,525 fit"),
            ("8Gi", "400000", False, "of 400,000 tokens, 349,525 fit"),
            ("1Gi", "256", False, "weights and cache are 1.0 GiB, the memory limit 1.0 GiB"),
        ],
    )
    def test_on_cpu_the_cache_is_what_a_variable_says(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, limit: str, context: str, fits: bool, why: str
    ) -> None:
        """The demo model and the options of tests/engines/test_vllm.py, which has vLLM's own number."""
        tiny = {"model_type": "llama", "num_hidden_layers": 3, "hidden_size": 128, "intermediate_size": 384}
        tiny |= {"num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 32, "vocab_size": 512}
        (tmp_path / "config.json").write_text(json.dumps(tiny))
        group = {
            "image": "vllm/vllm-openai-cpu",
            "tag": "v0.32.0",
            "modelName": "acme/tiny",
            "args": ["--dtype", "float32", "--max-model-len", context],
            "env": [{"name": "VLLM_CPU_KVCACHE_SPACE", "value": "1"}],
            "resources": {"limits": {"memory": limit}},
        }
        code, made = plan(capsys, tmp_path, group, "--model", f"acme/tiny={tmp_path}")
        assert (code, made["fit"][0]["fits"], made["fit"][0]["why"]) == (0 if fits else 1, fits, why)

    def test_files_of_the_user(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(json.dumps(LLAMA))
        (tmp_path / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 32000000000}}')
        words = ("--gpu", "24", "--model", f"acme/own={tmp_path}")
        code, made = plan(capsys, tmp_path, {"modelName": "acme/own"}, *words)
        assert code == 1
        assert made["fit"][0]["figures"]["weights"]["value"] == 32_000_000_000


class Hub(BaseHTTPRequestHandler):
    """A stand-in of a hub with one model, which asks for a token."""

    def do_GET(self) -> None:
        known_ = self.headers.get("Authorization") == "Bearer made-up"
        files = {"/acme/own/resolve/main/config.json": LLAMA}
        answer = files.get(self.path)
        self.send_response(401 if not known_ else 200 if answer else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(Hub) as port:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        yield


@pytest.mark.usefixtures("hub")
def test_a_hub_is_asked_where_the_user_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"modelName": "acme/own", "args": ["--max-model-len", "8192"]}
    monkeypatch.setenv("HF_TOKEN", "made-up")
    code, made = plan(capsys, tmp_path, own, "--gpu", "24", "--hub")
    assert (code, made["fit"][0]["fits"]) == (0, True)
    monkeypatch.delenv("HF_TOKEN")
    code, made = plan(capsys, tmp_path, own, "--gpu", "24", "--hub")
    assert code == 2
    assert "set HF_TOKEN" in made["fit"][0]["why"]


def test_pods_and_what_they_take(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    group = {
        "replicaCount": 4,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "resources": {"requests": {"cpu": "2"}, "limits": {"memory": "8Gi", "nvidia.com/gpu": 2}},
        "loadSeconds": 3600,
    }
    _, made = plan(capsys, tmp_path, group, "--price", "nvidia.com/gpu=2.5")
    (row,) = (each for each in made["pods"] if each["group"] == "chat")
    assert (row["pods"], row["moreOnUpdate"], row["startSeconds"]) == (4, 1, 3600)
    assert row["requests"] == {"cpu": 2, "memory": 8 * 2**30, "nvidia.com/gpu": 2}
    assert made["costPerHour"] == {"chat": 4 * 2 * 2.5}


def test_a_pod_requests_what_its_containers_do_or_an_init_container() -> None:
    def container(cpu: str, **more: Any) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {
        "initContainers": [container("1", restartPolicy="Always"), container("4")],
        "containers": [container("2"), container("500m")],
    }
    assert effective(spec, "requests") == {"cpu": 5}
    spec["initContainers"][1] = container("1")
    assert float(effective(spec, "requests")["cpu"]) == 3.5


def test_autoscalers_say_how_many_pods() -> None:
    template = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "a"}]}}
    deployment = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template}}
    target = {"kind": "Deployment", "name": "a"}
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 6},
    }
    (row,) = pods([deployment, scaler])
    assert (row.count, row.most) == (2, 6)


def test_an_example_as_tables(capsys: pytest.CaptureFixture[str], example: Path) -> None:
    assert cli.main(["plan", "-f", str(example)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{sum(map(int, re.findall(r'(?<=[:,] )[0-9]+', text.splitlines()[0])))} objects")
    assert "GROUP " in text
    assert "Will it fit?" in text


def test_the_page_shows_what_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shown = {each.language: each.text for each in blocks((ROOT / "docs" / "preflight.md").read_text())}
    (tmp_path / "my-values.yaml").write_text(shown["yaml"])
    assert cli.main(["plan", "-f", str(tmp_path / "my-values.yaml"), "--gpu", "L4"]) == 0
    assert shown["text"].strip() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--set", "onwarsd=1"], 1, "onwarsd"),
        (["--gpu", "Quadro"], 2, "this device is not known"),
        (["--price", "a"], 2, "NAME=VALUE is needed"),
        (["--price", "a=b"], 2, "b is no number"),
        (["--chart", "/nowhere"], 1, "nowhere"),
    ],
)
def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str], words: list[str], code: int, says: str) -> None:
    assert cli.main(["plan", *words]) == code
    assert says in capsys.readouterr().err
