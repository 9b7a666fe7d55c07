"""Caches: which volume is one, and what stays where its author mounted it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import environment
from tests.chart.accessors import engine, one, unkeyed
from tests.support import Render

VARIABLES = ("HF_HOME", "VLLM_CACHE_ROOT", "SGLANG_CACHE_DIR", "LLAMA_CACHE")


def caches(render: Render, **fields: Any) -> dict[str, Any]:
    """The cache variables of a group with these fields."""
    found = environment(engine(render(one(**fields))))
    return {name: unkeyed(found[name]) for name in VARIABLES if name in found}


def claims(*mounts: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """Persistent volumes, each a name and a path."""
    volumes = [{"name": name, "existingClaim": name, "mountPath": path, **fields} for name, path in mounts]
    return {"persistentVolumes": volumes}


def mounted(volume: dict[str, Any], name: str = "model-cache", path: str = "/models-cache") -> dict[str, Any]:
    """One volume of this source."""
    return {"volumes": [{"name": name, **volume}], "volumeMounts": [{"name": name, "mountPath": path}]}


READ_ONLY: dict[str, dict[str, Any]] = {
    "claim": claims(("model-cache", "/cache"), readOnly=True),
    "claim-of-many-readers": claims(("model-cache", "/cache"), accessModes=["ReadOnlyMany"]),
    "mount": {
        "volumes": [{"name": "model-cache", "hostPath": {"path": "/srv/models"}}],
        "volumeMounts": [{"name": "model-cache", "mountPath": "/models-cache", "readOnly": True}],
    },
    "image": mounted({"image": {"reference": "registry.example.com/weights:1"}}),
    "csi": mounted({"csi": {"driver": "gcsfuse.csi.storage.gke.io", "readOnly": True}}),
    "nfs": mounted({"nfs": {"server": "nfs.example.com", "path": "/x", "readOnly": True}}),
    "claim-of-a-volume": mounted({"persistentVolumeClaim": {"claimName": "c", "readOnly": True}}),
    "config-map": mounted({"configMap": {"name": "c"}}),
}


@pytest.mark.parametrize("fields", READ_ONLY.values(), ids=READ_ONLY)
@pytest.mark.parametrize("name", ["vllm", "sglang", "llama-cpp"])
def test_a_read_only_volume_is_no_cache(render: Render, fields: dict[str, Any], name: str) -> None:
    assert caches(render, engine=name, **fields) == {}


def test_weights_of_a_read_only_volume_at_a_hugging_face_path_are_found(render: Render) -> None:
    fields = claims(("weights", "/data/huggingface"), readOnly=True)
    assert caches(render, **fields) == {"HF_HOME": "/data/huggingface"}


def test_a_writable_volume_is_the_cache_beside_a_read_only_one(render: Render) -> None:
    weights = {"name": "w", "existingClaim": "w", "mountPath": "/data/huggingface", "readOnly": True}
    volumes = [weights, *claims(("model-cache", "/cache"))["persistentVolumes"]]
    assert caches(render, persistentVolumes=volumes)["VLLM_CACHE_ROOT"] == "/cache/vllm/KEY"


HUGGING_FACE = ("hf", "/root/.cache/huggingface")
PLACES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "kernels-last": (claims(HUGGING_FACE, ("kernels", "/root/.cache/vllm")), {"HF_HOME": "/root/.cache/huggingface"}),
    "kernels-first": (claims(("kernels", "/root/.cache/vllm"), HUGGING_FACE), {"HF_HOME": "/root/.cache/huggingface"}),
    "kernels-alone": (claims(("vllm-cache", "/root/.cache/vllm")), {}),
    "below-the-place": (
        claims(HUGGING_FACE, ("compiled", "/root/.cache/vllm/torch_compile_cache")),
        {"HF_HOME": "/root/.cache/huggingface"},
    ),
    "everything": (claims(("all", "/root/.cache")), {"HF_HOME": "/root/.cache/huggingface"}),
    "other-kernels": (claims(HUGGING_FACE, ("t", "/root/.triton")), {"HF_HOME": "/root/.cache/huggingface"}),
    "other-kernels-of-sglang": (
        {"engine": "sglang", **claims(HUGGING_FACE, ("f", "/root/.cache/flashinfer"))},
        {"HF_HOME": "/root/.cache/huggingface"},
    ),
    "llama-cpp": ({"engine": "llama-cpp", **claims(("gguf", "/root/.cache/llama.cpp"))}, {}),
    "another-home": (
        claims(("hf", "/home/vllm/.cache/huggingface"), ("k", "/home/vllm/.cache/vllm")),
        {"HF_HOME": "/home/vllm/.cache/huggingface", "VLLM_CACHE_ROOT": "/home/vllm/.cache/vllm"},
    ),
    "kernels-of-another-home": (claims(("k", "/home/vllm/.cache/vllm")), {"VLLM_CACHE_ROOT": "/home/vllm/.cache/vllm"}),
    "nothing-else": (
        claims(("model-cache", "/cache")),
        {"HF_HOME": "/cache", "VLLM_CACHE_ROOT": "/cache/vllm/KEY"},
    ),
}


@pytest.mark.parametrize(("fields", "found"), PLACES.values(), ids=PLACES)
def test_what_lies_at_an_engines_own_place_stays_there(
    render: Render, fields: dict[str, Any], found: dict[str, str]
) -> None:
    assert caches(render, **fields) == found


@pytest.mark.parametrize(
    "name",
    [
        "compile-cache",
        "triton-cache",
        "kernel-cache",
        "jit-cache",
        "inductor-cache",
        "kv-cache",
        "lmcache",
        "torch-cache",
    ],
)
def test_a_volume_named_for_something_else_gets_no_weights(render: Render, name: str) -> None:
    assert caches(render, **claims((name, "/fast"))) == {}
    assert caches(render, **claims((name, "/fast"), ("model-cache", "/cache")))["HF_HOME"] == "/cache"


@pytest.mark.parametrize(
    "path",
    ["/dev/shm", "/tmp/x", "/compile", "/root/.triton", "/data/kernels", "/root/.cache/vllm", "/root/.cache/pip"],
)
def test_a_path_for_something_else_gets_no_weights(render: Render, path: str) -> None:
    assert caches(render, **claims(("cache", path))) == {}


@pytest.mark.parametrize("name", ["cache", "model-cache", "hf-cache", "vllm-cache", "cache-of-weights"])
def test_a_volume_whose_name_says_nothing_else_is_the_cache(render: Render, name: str) -> None:
    assert caches(render, **claims((name, "/fast")))["HF_HOME"] == "/fast"
