"""The hub that models come from: a mirror, its token, and models that are fetched before the engine starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.manifests import Object, environment, pod_spec
from harness.paths import ROOT
from harness.presets import images
from tests.chart.accessors import FULLNAME, command_line, engine, one
from tests.support import Render, Say

TOKEN = {"name": "hf", "key": "read"}
SCRIPT = Path(ROOT / "files" / "prefetch.py").read_text()
CACHE = {"name": "model-cache", "size": "1Ti", "mountPath": "/cache"}


def group(**fields: Any) -> dict[str, Any]:
    return one(**{"image": str(images()["vllm"]), **fields})


def prefetching(**fields: Any) -> dict[str, Any]:
    return group(prefetch={"enabled": True}, persistentVolumes=[CACHE], **fields)


def fetcher(render: Render, values: dict[str, Any]) -> Object:
    pod = pod_spec(render(values)["Deployment", f"{FULLNAME}-a"])
    return next(each for each in pod["initContainers"] if each["name"] == "prefetch-model")


def test_nothing_is_said_of_the_hub_by_default(render: Render) -> None:
    assert (
        not {"HF_ENDPOINT", "HF_TOKEN_PATH", "HF_TOKEN", "HF_HUB_OFFLINE"} & environment(engine(render(group()))).keys()
    )


def test_one_mirror_is_for_all_groups(render: Render) -> None:
    values = {
        "modelGroupDefaults": {"hub": {"endpoint": "https://hub.example.com/", "offline": True}},
        "modelGroups": {
            name: {"enabled": True, "modelAlias": [name], "modelName": "org/m", "hub": hub}
            for name, hub in {"a": {}, "b": {"endpoint": ""}}.items()
        },
    }
    rendered = render(values)
    a, b = (environment(pod_spec(rendered["Deployment", f"{FULLNAME}-{name}"])["containers"][0]) for name in "ab")
    assert (a["HF_ENDPOINT"], a["HF_HUB_OFFLINE"]) == ("https://hub.example.com", "1")
    assert ("HF_ENDPOINT" in b, b["HF_HUB_OFFLINE"]) == (False, "1")


def test_the_token_is_a_file(render: Render) -> None:
    rendered = render(group(hub={"token": TOKEN}))
    container = engine(rendered)
    assert environment(container)["HF_TOKEN_PATH"] == "/etc/hub-token/token"
    assert {"name": "hub-token", "mountPath": "/etc/hub-token", "readOnly": True} in container["volumeMounts"]
    volumes = {each["name"]: each for each in pod_spec(rendered["Deployment", f"{FULLNAME}-a"])["volumes"]}
    assert volumes["hub-token"]["secret"] == {"secretName": "hf", "items": [{"key": "read", "path": "token"}]}


def test_its_volume_takes_no_name_of_the_users(render: Render) -> None:
    values = group(hub={"token": TOKEN}, volumes=[{"name": "hub-token", "emptyDir": {}}])
    names = [each["name"] for each in pod_spec(render(values)["Deployment", f"{FULLNAME}-a"])["volumes"]]
    assert {"hub-token", "chart-hub-token"} <= {*names}


@pytest.mark.parametrize(
    "image", ["ghcr.io/ggml-org/llama.cpp:server-b7000", "ghcr.io/huggingface/text-embeddings-inference:1.9"]
)
def test_it_is_a_variable_where_no_file_is_read(render: Render, image: str) -> None:
    container = engine(render(one(image=image, hub={"token": TOKEN})))
    assert environment(container)["HF_TOKEN"] == {"secretKeyRef": TOKEN}
    assert "HF_TOKEN_PATH" not in environment(container)


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"])
def test_a_token_of_the_users_wins(render: Render, variable: str) -> None:
    rendered = render(group(hub={"token": TOKEN}, env=[{"name": variable, "value": "mine"}]))
    assert environment(engine(rendered))[variable] == "mine"
    assert "hub-token" not in str(rendered["Deployment", f"{FULLNAME}-a"])


def test_it_goes_to_no_engine_that_has_no_use_for_it(render: Render) -> None:
    rendered = render(one(image="ollama/ollama:0.35.0", hub={"token": TOKEN}))
    assert "hf" not in str(pod_spec(rendered["Deployment", f"{FULLNAME}-a"]).get("volumes"))


def test_the_notes_name_its_secret(notes: Say) -> None:
    assert "create secret generic hf --from-literal=read=" in notes(group(hub={"token": TOKEN}))


def test_a_model_is_fetched_by_the_engines_image_to_where_the_engine_looks(render: Render) -> None:
    values = prefetching(hub={"token": TOKEN, "offline": True}, envFrom=[{"secretRef": {"name": "more"}}])
    container, own = fetcher(render, values), engine(render(values))
    assert container["command"] == ["python3", "-c", SCRIPT, "org/m", ""]
    for field in ("image", "imagePullPolicy", "env", "envFrom", "volumeMounts", "securityContext"):
        assert container[field] == own[field], field
    assert environment(container)["HF_HOME"] == "/cache"


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"modelName": "hf://org/m@abc"}, ["org/m", "abc"]),
        ({"modelName": "", "args": ["--model", "org/other", "--revision", "v1"]}, ["org/other", "v1"]),
        ({"modelName": "", "command": ["vllm", "serve", "org/third"]}, ["org/third", ""]),
    ],
)
def test_the_model_is_the_one_that_the_engine_is_told(render: Render, fields: dict[str, Any], model: list[str]) -> None:
    assert fetcher(render, prefetching(**fields))["command"][3:] == model


@pytest.mark.parametrize("image", ["vllm", "sglang"])
def test_a_model_of_an_object_store_is_fetched_to_the_volume_and_served_from_there(render: Render, image: str) -> None:
    address, directory = "s3://models/org/tiny", "/cache/s3/models/org/tiny"
    values = prefetching(modelName=f"{address}/", image=str(images()[image]))
    script = Path(ROOT / "files" / "prefetch-s3.py").read_text()
    assert fetcher(render, values)["command"] == ["python3", "-c", script, f"{address}/", directory]
    words = command_line(render(values))
    assert directory in words
    assert not {"--load-format", address} & set(words)


def test_without_prefetch_the_engine_streams_it_itself(render: Render) -> None:
    words = command_line(render(group(modelName="s3://models/org/tiny", persistentVolumes=[CACHE])))
    assert words[words.index("--load-format") + 1] == "runai_streamer"
    assert "s3://models/org/tiny" in words


def test_devices_are_left_to_the_engine(render: Render) -> None:
    amounts = {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"nvidia.com/gpu": 1, "memory": "16Gi"}}
    assert fetcher(render, prefetching(resources=amounts))["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi"},
        "limits": {"memory": "16Gi"},
    }
    own = {**prefetching(resources=amounts)["modelGroups"]["a"]["prefetch"], "resources": {"requests": {"cpu": "1"}}}
    values = group(prefetch=own, persistentVolumes=[CACHE], resources=amounts)
    assert fetcher(render, values)["resources"] == {"requests": {"cpu": "1"}}


def test_a_rollout_has_time_for_it(render: Render) -> None:
    def deadline(values: dict[str, Any]) -> int:
        return int(render(values)["Deployment", f"{FULLNAME}-a"]["spec"]["progressDeadlineSeconds"])

    plain = deadline(group(persistentVolumes=[CACHE], loadSeconds=3600))
    assert deadline(prefetching(loadSeconds=3600)) == plain + 3600


def test_every_pod_of_a_set_waits_for_it(render: Render) -> None:
    volume = {**CACHE, "accessModes": ["ReadWriteMany"]}
    values = group(prefetch={"enabled": True}, persistentVolumes=[volume], nodes=2)
    sets = render(values)["LeaderWorkerSet", f"{FULLNAME}-a-nodes"]["spec"]["leaderWorkerTemplate"]
    for each in ("leaderTemplate", "workerTemplate"):
        assert [container["name"] for container in sets[each]["spec"]["initContainers"]] == ["prefetch-model"]


def test_a_job_fetches_it_without_a_pod_of_the_group(render: Render) -> None:
    volume = {**CACHE, "accessModes": ["ReadWriteMany"]}
    fields: dict[str, Any] = {
        "prefetch": {"enabled": True, "job": True},
        "persistentVolumes": [volume],
        "resources": {"limits": {"nvidia.com/gpu": 8}},
        "nodeSelector": {"disk": "nvme"},
        "runtimeClassName": "nvidia",
        "hub": {"token": TOKEN},
    }
    rendered = render(group(replicaCount=0, **fields))
    (job,) = (each for each in rendered.kind("Job") if "prefetch" in each["metadata"]["name"])
    pod = pod_spec(job)
    assert pod["containers"] == [fetcher(render, group(**fields))]
    assert "nvidia.com/gpu" not in str(pod)
    assert (pod["restartPolicy"], pod["nodeSelector"], "runtimeClassName" in pod) == (
        "OnFailure",
        {"disk": "nvme"},
        False,
    )
    selector = rendered["Deployment", f"{FULLNAME}-a"]["spec"]["selector"]["matchLabels"]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert not selector.items() <= labels.items(), "the group's Service and policy would select it"
    assert {each["name"] for each in pod["containers"][0]["volumeMounts"]} <= {each["name"] for each in pod["volumes"]}


def test_another_model_is_another_job(render: Render) -> None:
    volume = {**CACHE, "accessModes": ["ReadWriteMany"]}
    fields: dict[str, Any] = {"prefetch": {"enabled": True, "job": True}, "persistentVolumes": [volume]}

    def name(**more: Any) -> str:
        jobs = render(group(**fields, **more)).kind("Job")
        return next(str(each["metadata"]["name"]) for each in jobs if "prefetch" in each["metadata"]["name"])

    assert name() == name(replicaCount=3) != name(modelName="org/other")
