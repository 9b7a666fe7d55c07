"""The engine's own key: the gateway is told it, or the values are refused; it is never printed."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Manifests
from harness.presets import images
from tests.chart.accessors import FULLNAME, bare, one, provider
from tests.support import Render, Say

VLLM, SGLANG, LLAMA, TRTLLM = (str(images()[engine]) for engine in ("vllm", "sglang", "llama-cpp", "tensorrt-llm"))
TEI = "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9"
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.7"
TOKEN = "token-abc123"


def secret(name: str, key: str = "chat") -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": "engine-keys", "key": key}}}


REFERENCES: dict[str, dict[str, Any]] = {
    "vllm-variable": one(image=VLLM, env=[secret("VLLM_API_KEY")]),
    "vllm-flag": one(image=VLLM, args=["--api-key", "$(KEY)"], env=[secret("KEY")]),
    "vllm-flag-equals": one(image=VLLM, args=["--api-key=$(KEY)"], env=[secret("KEY")]),
    "vllm-underscore": one(image=VLLM, args=["--api_key=$(KEY)"], env=[secret("KEY")]),
    "vllm-in-a-script": one(command=["sh", "-c", 'vllm serve org/m --api-key "$KEY"'], env=[secret("KEY")], image=VLLM),
    "vllm-in-a-script-with-braces": one(
        command=["bash", "-c", "vllm serve org/m --api-key ${KEY} --port 8000"], env=[secret("KEY")], image=VLLM
    ),
    "vllm-variable-of-a-variable": one(image=VLLM, env=[secret("KEY"), {"name": "VLLM_API_KEY", "value": "$(KEY)"}]),
    "sglang-flag": one(image=SGLANG, args=["--api-key", "$(KEY)"], env=[secret("KEY")]),
    "llama-variable": one(image=LLAMA, env=[secret("LLAMA_API_KEY")]),
    "llama-flag": one(image=LLAMA, args=["--api-key", "$(KEY)"], env=[secret("KEY")]),
    "tei": bare(image=TEI, args=["--model-id", "m"], env=[secret("API_KEY")]),
    "tgi": bare(image=TGI, args=["--model-id", "m"], env=[secret("API_KEY")]),
    "localai": bare(image="localai/localai:v3.8.0", env=[secret("LOCALAI_API_KEY")]),
    "speaches": bare(image="ghcr.io/speaches-ai/speaches:0.8.3-cpu", env=[secret("API_KEY")]),
    "litellm": bare(image="ghcr.io/berriai/litellm:v1.80.0", env=[secret("LITELLM_MASTER_KEY")]),
    "infinity": bare(image="michaelf34/infinity:0.0.77", env=[secret("INFINITY_API_KEY")]),
    "lmdeploy": bare(image="openmmlab/lmdeploy:v0.18.0", args=["--api-keys", "$(KEY)"], env=[secret("KEY")]),
    "another-program-in-vllms-image": bare(image=VLLM, command=["/start"], env=[secret("VLLM_API_KEY")]),
}


def key_file(manifests: Manifests) -> list[dict[str, Any]]:
    """The Secrets from which the gateway takes its keys."""
    volumes = manifests["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]["volumes"]
    sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", ())]
    return [source["secret"] for source in sources if "secret" in source]


@pytest.mark.parametrize("values", REFERENCES.values(), ids=REFERENCES)
def test_a_key_by_reference_is_sent_by_the_gateway(render: Render, values: dict[str, Any]) -> None:
    rendered = render(values)
    assert provider(rendered)["onwards_key"] == "@key:modelGroups.a@"
    (found,) = key_file(rendered)
    assert (found["name"], found["items"]) == ("engine-keys", [{"key": "chat", "path": "modelGroups.a"}])


LITERALS: dict[str, dict[str, Any]] = {
    "vllm-flag": one(command=["vllm", "serve", "org/m", "--api-key", TOKEN]),
    "vllm-args": one(image=VLLM, args=["--model", "org/m", "--api-key", TOKEN]),
    "vllm-flag-equals": one(image=VLLM, args=[f"--api-key={TOKEN}"]),
    "vllm-variable": one(image=VLLM, env=[{"name": "VLLM_API_KEY", "value": TOKEN}]),
    "vllm-script": one(image=VLLM, command=["sh", "-c", f"vllm serve org/m --api-key '{TOKEN}'"]),
    "vllm-flag-of-a-plain-variable": one(
        image=VLLM, args=["--api-key", "$(KEY)"], env=[{"name": "KEY", "value": TOKEN}]
    ),
    "vllm-flag-of-an-unknown-variable": one(image=VLLM, args=["--api-key", "$(KEY)"]),
    "vllm-of-a-config-map": one(
        image=VLLM,
        env=[{"name": "VLLM_API_KEY", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}],
    ),
    "sglang": one(image=SGLANG, args=["--api-key", TOKEN]),
    "llama-variable": one(image=LLAMA, env=[{"name": "LLAMA_API_KEY", "value": TOKEN}]),
    "llama-file": one(image=LLAMA, args=["--api-key-file", "/keys"]),
    "tei": bare(image=TEI, env=[{"name": "API_KEY", "value": TOKEN}]),
    "another-server": bare(image="mine:1", args=["--api-key", TOKEN]),
}


@pytest.mark.parametrize("values", LITERALS.values(), ids=LITERALS)
def test_a_key_that_the_gateway_cannot_read_is_refused_without_printing_it(
    refusal: Say, values: dict[str, Any]
) -> None:
    text = refusal(values)
    assert "modelGroups.a.apiKey: " in text
    assert "apiKey:\n        name: engine-keys\n        key: a\n" in text
    assert TOKEN not in text


KNOWN = {name: values for name, values in LITERALS.items() if "unknown" not in name}


@pytest.mark.parametrize("values", KNOWN.values(), ids=KNOWN)
def test_with_the_same_key_for_the_gateway_they_are_accepted(render: Render, values: dict[str, Any]) -> None:
    group = {**values["modelGroups"]["a"], "apiKey": {"name": "s", "key": "k"}}
    assert provider(render({"modelGroups": {"a": group}}))["onwards_key"]


OTHERS: dict[str, dict[str, Any]] = {
    "key-for-something-else": bare(image="mine:1", env=[{"name": "API_KEY", "value": TOKEN}]),
    "variable-that-sglang-does-not-read": one(image=SGLANG, env=[{"name": "SGLANG_API_KEY", "value": TOKEN}]),
    "another-engines-variable": one(image=LLAMA, env=[{"name": "VLLM_API_KEY", "value": TOKEN}]),
    "empty-variable": one(image=VLLM, env=[{"name": "VLLM_API_KEY", "value": ""}]),
    "engine-without-keys": one(image=TRTLLM, env=[{"name": "API_KEY", "value": TOKEN}]),
}


@pytest.mark.parametrize("values", OTHERS.values(), ids=OTHERS)
def test_other_variables_are_no_key(render: Render, values: dict[str, Any]) -> None:
    assert "onwards_key" not in provider(render(values))


def test_a_key_of_the_users_own_stays_and_its_metrics_are_asked_with_it(render: Render) -> None:
    rendered = render(
        one(
            image=LLAMA,
            apiKey={"name": "engine-keys", "key": "chat"},
            args=["--api-key", "$(MYKEY)"],
            env=[secret("MYKEY")],
        )
    )
    container = rendered["Deployment", f"{FULLNAME}-a"]["spec"]["template"]["spec"]["containers"][0]
    assert "LLAMA_API_KEY" not in {each["name"] for each in container["env"]}
    assert "MYKEY" in container["lifecycle"]["preStop"]["exec"]["command"]


MONITORS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]] = {
    # fields of the group; of serviceMonitor; the Secret that a scrape uses
    "llama": ({"apiKey": {"name": "s", "key": "k"}}, {}, {"name": "s", "key": "k"}),
    "llama-by-value": ({"apiKey": TOKEN}, {}, {"name": f"{FULLNAME}-onwards", "key": "modelGroups.a"}),
    "llama-by-variable": ({"env": [secret("LLAMA_API_KEY")]}, {}, {"name": "engine-keys", "key": "chat"}),
    "llama-without-a-key": ({}, {}, None),
    "own-token": (
        {"apiKey": {"name": "s", "key": "k"}},
        {"bearerTokenSecret": {"name": "mine", "key": "t"}},
        {"name": "mine", "key": "t"},
    ),
    "another-namespace": ({"apiKey": {"name": "s", "key": "k"}}, {"namespace": "monitoring"}, None),
    "vllm": ({"image": VLLM, "apiKey": {"name": "s", "key": "k"}}, {}, None),
}


@pytest.mark.parametrize(("fields", "monitor", "right"), MONITORS.values(), ids=MONITORS)
def test_metrics_that_require_the_key_are_scraped_with_it(
    render: Render, fields: dict[str, Any], monitor: dict[str, Any], right: dict[str, Any] | None
) -> None:
    rendered = render({**one(**{"image": LLAMA, **fields}), "serviceMonitor": {"enabled": True, **monitor}})
    (endpoint,) = rendered["ServiceMonitor", f"{FULLNAME}-a"]["spec"]["endpoints"]
    assert endpoint.get("authorization", {}).get("credentials") == right
