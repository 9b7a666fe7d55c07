"""Names that the pages on serving use are those of the release; aliases ask for what the pages say."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.docs.markdown import blocks
from harness.manifests import Manifests, environment, load, pod_spec
from harness.paths import ROOT
from tests.support import Render, Say

RELEASE = "my-stack"
GATEWAY = f"{RELEASE}-inference-stack-onwards"


def shown(page: str, language: str, having: str) -> str:
    """The first block on a page in this language that has this text."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return next(each.text for each in blocks(text) if each.language == language and having in each.text)


def asked(manifests: Manifests) -> dict[str, Any]:
    """The name that the engine is asked for, for each alias."""
    text = manifests["ConfigMap", GATEWAY]["data"]["config.json"]
    return {
        alias: pool["providers"][0].get("onwards_model", alias) for alias, pool in json.loads(text)["targets"].items()
    }


@pytest.mark.parametrize(
    ("engine", "names"),
    [
        ("engine: vllm", {"chat": "chat", "sql": "sql", "support": "support"}),
        ("engine: sglang", {"chat": "chat", "sql": "chat:sql"}),
    ],
)
def test_an_alias_of_an_adapter_asks_for_the_adapter(render: Render, engine: str, names: dict[str, str]) -> None:
    assert asked(render(load(shown("lora", "yaml", engine)), release=RELEASE)) == names


@pytest.mark.parametrize("having", ["HorizontalPodAutoscaler", "target: 16", "idleSeconds"])
def test_an_autoscaler_finds_a_deployment_without_replicas(render: Render, having: str) -> None:
    manifests = render(load(shown("autoscaling", "yaml", having)), release=RELEASE)
    scalers = [*manifests.kind("HorizontalPodAutoscaler"), *manifests.kind("ScaledObject")]
    targets = [each["spec"]["scaleTargetRef"]["name"] for each in scalers]
    assert targets
    for name in targets:
        assert "replicas" not in manifests["Deployment", name]["spec"]


def test_the_chat_page_asks_the_gateway_with_its_clients_key(render: Render) -> None:
    values = load(shown("open-webui", "yaml", "extraObjects"))
    manifests = render(values, release=RELEASE)
    (page,) = pod_spec(manifests["Deployment", "open-webui"])["containers"]
    url = urlsplit(environment(page)["OPENAI_API_BASE_URL"])
    assert (url.hostname, url.path) == (GATEWAY, "/v1")
    assert manifests["Service", GATEWAY]["spec"]["ports"][0]["port"] == 80
    key = next(each["valueFrom"]["secretKeyRef"] for each in page["env"] if each["name"] == "OPENAI_API_KEY")
    assert key == values["onwards"]["clientKeys"]["open-webui"]["apiKey"]


def test_a_model_that_the_gateway_has_no_route_for_is_at_the_address_shown(render: Render, notes: Say) -> None:
    values = load(shown("embeddings", "yaml", "rerank"))
    address = next(word for word in shown("embeddings", "bash", "/v1/rerank").split() if word.startswith("http"))
    url = urlsplit(address)
    service = render(values, release=RELEASE)["Service", str(url.hostname)]
    assert service["spec"]["ports"][0]["port"] == url.port
    assert f"http://{url.hostname}:{url.port} directly" in notes(values, release=RELEASE)
