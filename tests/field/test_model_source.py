"""Where a model and its adapters come from: Hugging Face, a claim, an image, a node."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import bare, command_line, engine, one, pod, pools
from tests.support import Render, Say

VLLM = "vllm/vllm-openai:v0.30.0"
SGLANG = "lmsysorg/sglang:v0.5.20-cu130"
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.7"
MOUNT = {"name": "model-source", "mountPath": "/mnt/model", "readOnly": True}
VOLUMES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "claim": (
        "pvc://weights/llama/8b",
        "/mnt/model/llama/8b",
        {"persistentVolumeClaim": {"claimName": "weights", "readOnly": True}},
    ),
    "whole-claim": (
        "pvc://weights",
        "/mnt/model",
        {"persistentVolumeClaim": {"claimName": "weights", "readOnly": True}},
    ),
    "image": (
        "oci://registry.example.com/models/llama:8b",
        "/mnt/model",
        {"image": {"reference": "registry.example.com/models/llama:8b", "pullPolicy": "IfNotPresent"}},
    ),
    "node": ("hostPath:///data/llama", "/mnt/model", {"hostPath": {"path": "/data/llama", "type": "Directory"}}),
}


@pytest.mark.parametrize(("address", "path", "volume"), VOLUMES.values(), ids=VOLUMES)
def test_a_model_on_a_volume_is_mounted_and_served(
    render: Render, address: str, path: str, volume: dict[str, Any]
) -> None:
    rendered = render(one(modelName=address))
    assert command_line(rendered)[:3] == ["vllm", "serve", path]
    assert MOUNT in engine(rendered)["volumeMounts"]
    assert {"name": "model-source", **volume} in pod(rendered)["volumes"]


def test_a_model_of_hugging_face_has_its_revision(render: Render) -> None:
    line = command_line(render(one(modelName="hf://org/model@v1.0")))
    assert line[:3] == ["vllm", "serve", "org/model"]
    assert line[line.index("--revision") + 1] == "v1.0"
    assert "--revision" not in command_line(render(one(modelName="hf://org/model")))


def test_a_revision_of_the_users_wins(render: Render) -> None:
    line = command_line(render(one(modelName="hf://org/model@v1", args=["--revision", "v2"])))
    assert [line[at + 1] for at, word in enumerate(line) if word == "--revision"] == ["v2"]


@pytest.mark.parametrize("name", ["org/model", "/models/a", "s3://bucket/model", "modelscope://org/model"])
def test_other_names_are_the_engines(render: Render, name: str) -> None:
    rendered = render(one(modelName=name))
    assert command_line(rendered)[2] == name
    assert "model-source" not in str(pod(rendered)["volumes"])


def test_an_image_without_a_model_stops_before_the_engine(render: Render) -> None:
    rendered = render(one(modelName="oci://r.example.com/m:1"))
    (check,) = pod(rendered)["initContainers"]
    assert check["image"] == engine(rendered)["image"]
    assert "/mnt/model/config.json /mnt/model/*.gguf" in check["command"][-1]
    assert check["securityContext"]["readOnlyRootFilesystem"]


def test_volumes_from_images_need_their_kubernetes(refusal: Say, notes: Say) -> None:
    values = one(modelName="oci://r.example.com/m:1")
    assert "has no volumes from images" in refusal(values, kube_version="1.30.0")
    assert "feature gate ImageVolume" in notes(values, kube_version="1.34.0")
    assert "feature gate ImageVolume" not in notes(values)


ADAPTERS = {"sql": "org/sql", "notes": "/adapters/notes"}
LOADED = ["notes=/adapters/notes", "sql=org/sql"]
LINES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "vllm": ({}, ["--enable-lora", "--lora-modules", *LOADED]),
    "sglang": ({"image": SGLANG}, ["--enable-lora", "--lora-paths", *LOADED]),
    "tgi": ({"image": TGI}, ["--lora-adapters", ",".join(LOADED)]),
    "lmdeploy": ({"image": "openmmlab/lmdeploy:v0.18.0"}, ["--adapters", *LOADED]),
}


@pytest.mark.parametrize(("fields", "words"), LINES.values(), ids=LINES)
def test_adapters_are_spelled_as_the_engine_loads_them(
    render: Render, fields: dict[str, Any], words: list[str]
) -> None:
    rendered = render(one(adapters=ADAPTERS, **fields))
    line = command_line(rendered)
    assert line[line.index(words[0]) :][: len(words)] == words
    assert sorted(pools(rendered)) == ["m", "notes", "sql"]


def test_a_group_takes_out_an_adapter_of_all(render: Render) -> None:
    values = {"modelGroupDefaults": {"adapters": ADAPTERS}, **one(adapters={"sql": None})}
    assert sorted(pools(render(values))) == ["m", "notes"]


def test_an_adapter_is_asked_for_by_its_name(render: Render) -> None:
    vllm, sglang = (pools(render(one(adapters=ADAPTERS, **fields))) for fields in ({}, {"image": SGLANG}))
    assert vllm["sql"]["providers"][0].get("onwards_model", "sql") == "sql"
    assert sglang["sql"]["providers"][0]["onwards_model"] == "m:sql"
    assert "m" in command_line(render(one(adapters=ADAPTERS)))


def test_two_groups_share_the_requests_of_an_adapter(render: Render) -> None:
    group = {"enabled": True, "modelName": "org/m"}
    values = {
        "modelGroups": {
            "stable": {**group, "modelAlias": ["m"], "adapters": {"sql": "org/sql-1"}, "weight": 9},
            "canary": {**group, "modelAlias": ["m-canary"], "adapters": {"sql": "org/sql-2"}, "weight": 1},
        }
    }
    assert sorted(each["weight"] for each in pools(render(values))["sql"]["providers"]) == [1, 9]


def test_a_model_that_is_told_by_variable_is_kept(render: Render) -> None:
    values = bare(image=TGI, env=[{"name": "MODEL_ID", "value": "org/m"}], adapters={"sql": "hf://org/sql"})
    assert command_line(render(values))[-2:] == ["--lora-adapters", "sql=org/sql"]


@pytest.mark.parametrize(
    ("fields", "format_"),
    [
        ({"modelName": "s3://bucket/model"}, ["runai_streamer"]),
        ({"modelName": "", "args": ["--model=gs://bucket/model"]}, ["runai_streamer"]),
        ({"modelName": "", "command": ["vllm", "serve", "gs://bucket/model"]}, ["runai_streamer"]),
        ({"modelName": "s3://bucket/model", "args": ["--load-format", "tensorizer"]}, ["tensorizer"]),
        ({"modelName": "s3://bucket/model", "args": ["--config", "/etc/vllm.yaml"]}, []),
        ({"modelName": "org/model"}, []),
    ],
)
def test_weights_in_an_object_store_are_read_from_there(
    render: Render, fields: dict[str, Any], format_: list[str]
) -> None:
    words = command_line(render(one(image=VLLM, **fields)))
    assert [words[place + 1] for place, word in enumerate(words) if word == "--load-format"] == format_
