"""Images behind a registry of one's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import deployment, engine, gateway, one
from tests.support import Render, Say

MIRROR = "registry.corp.example"


@pytest.mark.parametrize(
    ("registry", "given", "image"),
    [
        (MIRROR, f"{MIRROR}/ml/vllm-openai", f"{MIRROR}/ml/vllm-openai:v1"),
        (f"{MIRROR}/", f"{MIRROR}/ml/vllm-openai", f"{MIRROR}/ml/vllm-openai:v1"),
        (f"{MIRROR}/cache", f"{MIRROR}/cache/vllm/vllm-openai", f"{MIRROR}/cache/vllm/vllm-openai:v1"),
        (f"{MIRROR}:5000", f"{MIRROR}:5000/vllm-openai", f"{MIRROR}:5000/vllm-openai:v1"),
        (f"{MIRROR}/cache", f"{MIRROR}/vllm-openai", f"{MIRROR}/cache/{MIRROR}/vllm-openai:v1"),
        (MIRROR, "vllm/vllm-openai", f"{MIRROR}/vllm/vllm-openai:v1"),
        ("registry.corp", f"{MIRROR}/vllm-openai", f"registry.corp/{MIRROR}/vllm-openai:v1"),
    ],
)
def test_a_registry_is_put_before_an_image_once(render: Render, registry: str, given: str, image: str) -> None:
    values = {**one(image=given, tag="v1"), "global": {"imageRegistry": registry}}
    assert engine(render(values))["image"] == image


def test_a_registry_of_the_image_itself_is_put_there_once(render: Render) -> None:
    image = {"registry": MIRROR, "repository": f"{MIRROR}/onwards", "tag": "1.2.0"}
    assert gateway(render({"onwards": {"image": image}}))["image"] == f"{MIRROR}/onwards:1.2.0"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_gateway_is_warned_of(notes: Say, name: str) -> None:
    values: dict[str, Any] = {"onwards": {"env": [{"name": name, "value": "http://proxy.example:3128"}]}}
    assert f"the gateway has no proxy support, so {name} has no effect" in notes(values)
    assert "no proxy support" not in notes({"onwards": {"env": [{"name": "NO_PROXY", "value": "a"}]}})


def test_a_proxy_of_an_engine_is_not(notes: Say, render: Render) -> None:
    values = one(env=[{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}])
    assert "no proxy support" not in notes(values)
    assert deployment(render(values))
