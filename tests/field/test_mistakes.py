"""Everyday mistakes: refused where nothing could work, else noted; the schema says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import one
from tests.support import Render, Say

GPU = {"limits": {"nvidia.com/gpu": 1}}
PROVIDER = {"url": "https://api.example.com/v1", "modelAlias": ["gpt"]}


def group(**fields: Any) -> dict[str, Any]:
    """Values with one group on one GPU, with these fields added or replaced."""
    return one(**{"resources": GPU, "spareGPUs": 8, **fields})


def llama(**fields: Any) -> dict[str, Any]:
    return one(engine="llama-cpp", **{"modelName": "org/m-GGUF", **fields})


def provider(**fields: Any) -> dict[str, Any]:
    """Values with an external provider beside a group."""
    return {**group(), "externalProviders": {"p": {**PROVIDER, **fields}}}


def volume(**fields: Any) -> dict[str, Any]:
    return {"persistentVolumes": [{"name": "v", "size": "100Gi", "mountPath": "/v", **fields}]}


def variable(name: str, value: str) -> dict[str, Any]:
    return group(env=[{"name": name, "value": value}])


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    # The address of a page is no model.
    "page": (group(modelName="https://huggingface.co/Qwen/Qwen3-8B"), "modelName: Qwen/Qwen3-8B"),
    "short-address": (group(modelName="hf.co/Qwen/Qwen3-8B"), "modelName: Qwen/Qwen3-8B"),
    "question-mark": (group(modelName="https://huggingface.co/Qwen/Qwen3-8B?x=1"), "modelName: Qwen/Qwen3-8B"),
    "sglang": (group(engine="sglang", modelName="http://hf.co/Qwen/Qwen3-8B/"), "modelName: Qwen/Qwen3-8B"),
    "page-in-args": (group(args=["--tokenizer", "https://huggingface.co/org/tokenizer"]), "- org/tokenizer"),
    # A quantity without a unit is a number of bytes.
    "memory": (group(resources={"limits": {"memory": "16"}}), "memory: 16Gi"),
    "memory-request": (group(resources={"requests": {"memory": 24}}), "memory: 24Gi"),
    "memory-in-milli": (group(resources={"limits": {"memory": "512m"}}), "memory: 512Mi"),
    "memory-in-mebibytes": (group(resources={"limits": {"memory": 4096}}), "memory: 4096Mi"),
    "ephemeral-storage": (group(resources={"limits": {"ephemeral-storage": 20}}), "ephemeral-storage: 20Gi"),
    "shared-memory": (group(sharedMemory="8"), "sharedMemory: 8Gi"),
    "size": (group(**volume(size=200)), "size: 200Gi"),
    "scratch": (group(volumes=[{"name": "v", "emptyDir": {"sizeLimit": "32"}}]), "sizeLimit: 32Gi"),
    "gateway": ({"onwards": {"resources": {"limits": {"memory": 1}, "requests": {"memory": None}}}}, "memory: 1Gi"),
    # Names that no device plugin has.
    "plural": (group(resources={"limits": {"nvidia.com/gpus": 2}}), "nvidia.com/gpu: 2"),
    "capital": (group(resources={"limits": {"nvidia.com/GPU": 1}}), "nvidia.com/gpu: 1"),
    "no-com": (group(resources={"limits": {"nvidia/gpu": 1}}), "nvidia.com/gpu: 1"),
    "vendor": (group(resources={"limits": {"nvdia.com/gpu": 1}}), "nvidia.com/gpu: 1"),
    "amd": (group(resources={"requests": {"amd.com/gpus": 1}}), "amd.com/gpu: 1"),
    # Options of one engine, given to another.
    "vllm-to-llama-cpp": (llama(args=["--tensor-parallel-size", 2]), "args: []  # without --tensor-parallel-size"),
    "joined": (llama(args=["--max-model-len=4096"]), "args: []  # without --max-model-len"),
    "underscores": (llama(args=["--gpu_memory_utilization", 0.9]), "args: []  # without --gpu-memory-utilization"),
    "llama-cpp-to-vllm": (group(args=["-ngl", 99]), "args: []  # without -ngl"),
    "sglang-to-vllm": (group(args=["--mem-fraction-static", 0.8]), "args: []  # without --mem-fraction-static"),
    "vllm-to-sglang": (group(engine="sglang", args=["--max-model-len", 4096]), "args: []  # without --max-model-len"),
    "vllm-to-trtllm": (
        group(engine="tensorrt-llm", args=["--gpu-memory-utilization", 0.9]),
        "args: []  # without --gpu-memory-utilization",
    ),
    "aliases-to-llama-cpp": (
        llama(args=["--served-model-name", "m"]),
        "args: []  # without --served-model-name",
    ),
    "sglang-size-to-vllm": (group(args=["--tp", 1]), "args: []  # without --tp"),
    "in-the-command": (
        group(command=["vllm", "serve", "org/m", "--ctx-size", 4096]),
        "command: []  # without --ctx-size",
    ),
    # Values are no templates.
    "template": (group(modelName="{{ .Values.model }}"), "modelName: the-text-itself"),
    "template-of-another-tool": (group(modelName="{{ model }}"), "modelName: the-text-itself"),
    "template-as-an-alias": (group(modelAlias=["{{ name }}"]), "- the-text-itself"),
    "template-in-a-list": (variable("A", "{{- .Release.Name }}"), "- value: the-text-itself"),
    "template-of-a-provider": (provider(url="https://{{ .Values.host }}/v1"), "url: the-text-itself"),
    "included-template": (group(podLabels={"a": '{{ include "x" . }}'}), "a: the-text-itself"),
    # What the gateway appends itself.
    "chat-completions": (
        provider(url="https://api.example.com/v1/chat/completions"),
        "url: https://api.example.com/v1",
    ),
    "embeddings": (provider(url="http://engine:8000/v1/embeddings/"), "url: http://engine:8000/v1"),
}


def refused(helm: Helm, values: dict[str, Any]) -> str:
    """Helm's output as it is printed, with the schema skipped."""
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[values], skip_schema=True)
    return caught.value.output


@pytest.mark.parametrize(("values", "fix"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_refused_with_what_to_write(helm: Helm, values: dict[str, Any], fix: str) -> None:
    text = refused(helm, values)
    assert fix in text
    assert text.count("Please set:") == 1


NOT_REFUSED: dict[str, dict[str, Any]] = {
    "model-of-a-server-that-takes-addresses": group(engine="custom", image="ollama:1", modelName="hf.co/org/m-GGUF"),
    "local-model": group(modelName="/models/huggingface.co/org/m"),
    "file-by-its-address": llama(modelName="", args=["--model-url", "https://hf.co/org/m/resolve/main/m.gguf"]),
    "bytes": group(resources={"limits": {"memory": 17179869184}}),
    "zero": group(sharedMemory=0),
    "mig": group(resources={"limits": {"nvidia.com/mig-1g.10gb": 1}}),
    "shared": group(resources={"limits": {"nvidia.com/gpu.shared": 1}}),
    "memory-of-a-gpu": group(resources={"limits": {"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000}}),
    "other-vendor": group(resources={"limits": {"example.com/gpus": 1, "hugepages-2Mi": "1Gi"}}),
    "option-that-two-have": group(engine="sglang", args=["--tensor-parallel-size", 1]),
    "option-of-a-server-of-ones-own": group(engine="custom", image="x:1", args=["--n-gpu-layers", 99]),
    "option-in-a-script": group(command=["sh", "-c", "llama-server --n-gpu-layers 9 & vllm serve org/m"]),
    "chat-template": group(args=["--chat-template", "{% for m in messages %}{{ m.content }}{{ bos }}{% endfor %}"]),
    "template-for-vault": group(podAnnotations={"vault/template": '{{- with secret "a" }}{{ .Data.key }}{{ end }}'}),
    "template-in-a-file": {"configMaps": {"a": {"t": "{{ .Values.x }}"}}},
    "nulls": group(
        volumes=[{"name": "v", "emptyDir": None}, {"name": "w", "hostPath": None, "emptyDir": {}}],
        env=[{"name": "A", "valueFrom": None, "value": "x"}],
    ),
    "provider-below-a-path": provider(url="https://api.example.com/openai/v1"),
}


@pytest.mark.parametrize("values", NOT_REFUSED.values(), ids=NOT_REFUSED)
def test_what_looks_like_a_mistake_and_is_none_is_accepted(render: Render, values: dict[str, Any]) -> None:
    assert len(render(values)) > 0


NOTED: dict[str, tuple[dict[str, Any], str]] = {
    "five-gpus": (group(resources={"limits": {"nvidia.com/gpu": 5}}), "split across 5 GPUs"),
    "six-by-flag": (group(args=["-tp", 6], resources={"limits": {"nvidia.com/gpu": 6}}), "split across 6 GPUs"),
    "three-of-sglang": (
        group(engine="sglang", resources={"limits": {"nvidia.com/gpu": 3}}),
        "split across 3 GPUs",
    ),
    "safetensors": (llama(modelName="meta-llama/Llama-3.1-8B-Instruct"), "loads GGUF files only; is meta-llama"),
    "safetensors-in-args": (llama(modelName="", args=["-hf", "org/m"]), "loads GGUF files only; is org/m"),
    "comma": (group(modelAlias="gpt-4,gpt-3.5"), '"gpt-4,gpt-3.5" is one name with a comma'),
    "comma-in-a-list": (group(modelAlias=["a", "b, c"]), '"b, c" is one name with a comma'),
    "no-cache": (group(**volume()), "the volume v is no model cache"),
    "no-cache-in-a-claim-of-ones-own": (
        group(
            volumes=[{"name": "mine", "persistentVolumeClaim": {"claimName": "c"}}],
            volumeMounts=[{"name": "mine", "mountPath": "/mine"}],
        ),
        "the volume mine is no model cache",
    ),
    "token-in-a-command": (
        group(command=["vllm", "serve", "org/m", "--hf-token", "hf_abcdefghijkl"]),
        "modelGroups.a.command: a token in it can be read",
    ),
    "no-cache-of-llama-cpp": (llama(**volume(name="data", mountPath="/data")), "the volume data is no model cache"),
    "hugging-face-token": (variable("TOKEN_OF_MINE", "hf_abcdefghijklmnop"), "TOKEN_OF_MINE can be read"),
    "openai-key": (variable("OPENAI", "sk-proj-abcdefghijkl"), "OPENAI can be read"),
    "password": (variable("DB_PASSWORD", "correct-horse"), "DB_PASSWORD can be read"),
    "token-of-an-init-container": (
        group(initContainers=[{"name": "i", "image": "x:1", "env": [{"name": "HF_TOKEN", "value": "hf_abcdefghijk"}]}]),
        "HF_TOKEN can be read",
    ),
    "name-of-a-secret": (group(apiKey="vllm-api-key"), "modelGroups.a.apiKey: this is the key itself"),
    "name-of-a-clients-secret": (
        {**group(), "onwards": {"clientKeys": {"team": {"apiKey": "client-keys"}}}},
        "onwards.clientKeys.team.apiKey: this is the key itself",
    ),
    "name-with-a-dot": (provider(apiKey="openai.token"), "externalProviders.p.apiKey: this is the key itself"),
    "http-with-a-key": (
        provider(url="http://api.example.com/v1", apiKey={"name": "s", "key": "k"}),
        "http sends the key unencrypted",
    ),
    "http-to-an-address": (provider(url="http://8.8.8.8:8000/v1", apiKey="sk-x"), "http sends the key unencrypted"),
    "no-path": (provider(url="https://api.example.com/"), "without a path requests go to /chat/completions"),
    "a-third-outside": (
        {**provider(modelAlias=["m"]), **{"modelGroups": {name: group()["modelGroups"]["a"] for name in ("a", "b")}}},
        "externalProviders.p: 33% of the requests for m go outside",
    ),
    "outside-first": (
        {**group(priority=2), "externalProviders": {"p": {**PROVIDER, "modelAlias": ["m"], "priority": 1}}},
        "externalProviders.p: it is asked for m before your own engines",
    ),
    "two-models": (
        {"modelGroups": {name: group(modelName=f"org/{name}")["modelGroups"]["a"] for name in ("a", "b")}},
        "the alias m is answered by different models, at random: org/a, org/b",
    ),
}


@pytest.mark.parametrize(("values", "words"), NOTED.values(), ids=NOTED)
def test_a_mistake_that_may_be_meant_is_noted(notes: Say, values: dict[str, Any], words: str) -> None:
    (line,) = [line for line in notes(values).splitlines() if words in line]
    assert line.startswith("- ")


MODELS = {
    name: group(modelName=f"org/{name}", weight=number)["modelGroups"]["a"] for name, number in (("a", 9), ("b", 1))
}
SILENT: dict[str, tuple[dict[str, Any], str]] = {
    "two-gpus": (group(resources={"limits": {"nvidia.com/gpu": 2}}), "split across"),
    "gguf": (llama(), "GGUF"),
    "model-cache": (group(**volume(name="model-cache")), "no model cache"),
    "cache-by-its-path": (group(**volume(mountPath="/data/huggingface")), "no model cache"),
    "cache-by-its-variable": (group(**volume(), env=[{"name": "HF_HOME", "value": "/v"}]), "no model cache"),
    "local-model": (group(**volume(), modelName="/v/model"), "no model cache"),
    "token-by-reference": (
        group(env=[{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
        "can be read",
    ),
    "no-token": (variable("TOKENIZERS_PARALLELISM", "false-or-true"), "can be read"),
    "placeholder-for-a-token": (variable("OPENAI_API_KEY", "EMPTY"), "can be read"),
    "key": (provider(apiKey="sk-live-api-key"), "the key itself"),
    "random-key": (provider(apiKey="9f8a7b6c5d4e3f2a1b0c"), "the key itself"),
    "http-in-the-cluster": (provider(url="http://vllm.models.svc/v1", apiKey="sk-x"), "unencrypted"),
    "http-to-a-private-address": (provider(url="http://192.168.1.9:8000/v1", apiKey="sk-x"), "unencrypted"),
    "http-without-a-key": (provider(url="http://api.example.com/v1"), "unencrypted"),
    "share-that-is-meant": (provider(modelAlias=["m"], weight=3), "go outside"),
    "fallback": (provider(modelAlias=["m"], priority=1), "go outside"),
    "canary": ({"modelGroups": MODELS}, "different models"),
}


@pytest.mark.parametrize(("values", "words"), SILENT.values(), ids=SILENT)
def test_what_is_right_is_not_noted(notes: Say, values: dict[str, Any], words: str) -> None:
    assert words not in notes(values)


def test_an_update_is_noted_only_on_an_update(notes: Say) -> None:
    values = group(spareGPUs=0)
    assert "an update needs" not in notes(values)
    assert "an update needs 1 spare GPU" in notes(values, upgrade=True)


SAID: dict[str, tuple[dict[str, Any], str, str]] = {
    "quantity": (group(sharedMemory="8 GB"), "/modelGroups/a/sharedMemory", "a quantity such as 16Gi"),
    "quantity-of-a-limit": (
        group(resources={"limits": {"memory": "16GB"}}),
        "/modelGroups/a/resources/limits/memory",
        "a quantity such as 16Gi",
    ),
    "indentation": (
        {"modelGroups": {"a": None, "enabled": True}},
        "/modelGroups/enabled",
        "indent this below the name of a group",
    ),
    "indentation-of-a-list": (
        {"modelGroups": {"modelAlias": ["m"]}},
        "/modelGroups/modelAlias",
        "indent this below the name of a group",
    ),
    "indentation-of-a-provider": (
        {"externalProviders": {"preset": "openai"}},
        "/externalProviders/preset",
        "indent this below the name of a provider",
    ),
    "map-for-a-list": (group(env={"HF_TOKEN": "hf_secret"}), "/modelGroups/a/env", "a list such as [{name:"),
    "map-of-arguments": (group(args={"max-model-len": 1}), "/modelGroups/a/args", "a list such as [--max-model-len"),
    "volume-alone": (group(persistentVolumes={"name": "v"}), "/modelGroups/a/persistentVolumes", "a list such as"),
    "text-for-a-list": ({"imagePullSecrets": "regcred"}, "/imagePullSecrets", "a list: a - before each item"),
    "list-of-groups": ({"modelGroups": [{"name": "a"}]}, "/modelGroups", "with the name of each as its key"),
    "list-of-providers": ({"externalProviders": [{"name": "a"}]}, "/externalProviders", "with the name of each"),
    "indentation-of-a-file": (
        {"configMaps": {"run.sh": "sleep 1"}},
        "/configMaps/run.sh",
        "indent this below the name of a ConfigMap",
    ),
    "client-without-a-map": (
        {"onwards": {"clientKeys": {"team": "sk-secret"}}},
        "/onwards/clientKeys/team",
        "a client is a map such as",
    ),
    "limits-left-out": (
        group(resources={"nvidia.com/gpu": 1}),
        "/modelGroups/a/resources/nvidia.com~1gpu",
        "indent this below limits",
    ),
    "memory-beside-limits": (
        group(resources={"memory": "1Gi"}),
        "/modelGroups/a/resources/memory",
        "indent this below limits",
    ),
    "escaped-dots": (
        group(resources={"limits": {"nvidia\\.com/gpu": 1}}),
        "/modelGroups/a/resources/limits/nvidia\\\\.com~1gpu",
        "without backslashes",
    ),
    "escaped-dots-of-a-label": (
        group(nodeSelector={"nvidia\\.com/gpu": "x"}),
        "/modelGroups/a/nodeSelector/nvidia\\\\.com~1gpu",
        "without backslashes",
    ),
    "maxModelLen": (group(maxModelLen=1), "/modelGroups/a/maxModelLen", "args: [--max-model-len, NUMBER]"),
    "quantization": (group(quantization="awq"), "/modelGroups/a/quantization", "args: [--quantization, METHOD]"),
    "lora": (group(lora={}), "/modelGroups/a/lora", "did you mean adapters?"),
    "token": (group(token="hf_secret"), "/modelGroups/a/token", "env: [{name: HF_TOKEN, valueFrom: {secretKeyRef"),
    "hf_token": (group(hf_token="hf_secret"), "/modelGroups/a/hf_token", "env: [{name: HF_TOKEN"),
    "token-of-all": ({"token": "hf_secret"}, "/token", "modelGroupDefaults.env"),
    "gpu": (group(gpu=1), "/modelGroups/a/gpu", "resources.limits.nvidia.com/gpu"),
    "gpu-of-all": ({"gpu": 1}, "/gpu", "modelGroups.NAME.resources"),
    "replicas": (group(replicas=1), "/modelGroups/a/replicas", "replicaCount"),
    "model": (group(model="m"), "/modelGroups/a/model", "modelName"),
    "gpu-in-resources": (group(resources={"gpu": 1}), "/modelGroups/a/resources/gpu", "indent this below limits"),
    "memory": (group(memory="16Gi"), "/modelGroups/a/memory", "resources.limits.memory"),
    "autoscaling": ({"autoscaling": {}}, "/autoscaling", "onwards.autoscaling"),
    "port": ({"onwards": {"service": {"port": "http"}}}, "/onwards/service/port", "a port from 1 to 65535"),
    "url": (provider(url="sk-secret"), "/externalProviders/p/url", "a base URL such as https://api.example.com/v1"),
    "count": ({"onwards": {"replicaCount": "three"}}, "/onwards/replicaCount", "a whole number"),
    "duration": ({"httpRoute": {"timeouts": {"request": "sk-secret"}}}, "/httpRoute/timeouts/request", "such as 30s"),
}


@pytest.mark.parametrize(("values", "place", "words"), SAID.values(), ids=SAID)
def test_the_schema_says_what_to_write(refusal: Say, values: dict[str, Any], place: str, words: str) -> None:
    text = refusal(values)
    assert any(f"at '{place}': value must be '" in line and words in line for line in text.splitlines()), text
    assert "secret" not in text.replace("secretKeyRef", "").replace("SECRET", "")


TABLES = {"vllm": "vllm", "sglang": "sglang", "tensorrt-llm": "trtllm", "triton": "triton", "llama-cpp": "llama-server"}
"""The engines' own options, as the stand-ins take them."""


@pytest.mark.parametrize("engine", TABLES)
def test_no_engine_has_an_option_that_is_refused_as_anothers(engine: str) -> None:
    presets = {name: {*load((ROOT / f"files/engines/{name}.yaml").read_text())["tellTales"]} for name in TABLES}
    foreign = set().union(*presets.values()) - presets[engine]
    table = (ROOT / f"harness/images/engines/flags/{TABLES[engine]}.txt").read_text().replace("_", "-")
    options = {each for line in table.splitlines() if line.startswith("-") for each in line.split()[0].split(",")}
    assert len(foreign) > 10
    assert [each for each in foreign if any(option.startswith(each) for option in options)] == []
