"""Persistent volumes: claims, mounts, and the engine's cache on them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object, environment
from tests.chart.accessors import FULLNAME, deployment, engine, one, pod, unkeyed
from tests.support import Render


def volume(**fields: Any) -> dict[str, Any]:
    return {"name": "v", "size": "10Gi", "mountPath": "/v", **fields}


def claim(render: Render, **fields: Any) -> Object:
    return render(one(persistentVolumes=[volume(**fields)]))["PersistentVolumeClaim", f"{FULLNAME}-a-v"]


def test_a_volume_is_a_claim_and_its_mount(render: Render) -> None:
    rendered = render(one(persistentVolumes=[volume()]))
    assert rendered["PersistentVolumeClaim", f"{FULLNAME}-a-v"]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
    }
    assert {"name": "v", "persistentVolumeClaim": {"claimName": f"{FULLNAME}-a-v"}} in pod(rendered)["volumes"]
    assert {"name": "v", "mountPath": "/v"} in engine(rendered)["volumeMounts"]


@pytest.mark.parametrize(
    ("fields", "spec"),
    [
        ({}, {}),
        ({"storageClass": ""}, {}),
        ({"storageClass": "fast"}, {"storageClassName": "fast"}),
        ({"storageClass": "-"}, {"storageClassName": ""}),
        ({"storageClassName": "fast"}, {"storageClassName": "fast"}),
        ({"storageClassName": "-"}, {"storageClassName": ""}),
        ({"storageClass": "fast", "storageClassName": "slow"}, {"storageClassName": "fast"}),
    ],
    ids=["absent", "empty", "named", "none", "kubernetes-spelling", "kubernetes-spelling-none", "both"],
)
def test_a_storage_class_is_requested(render: Render, fields: dict[str, Any], spec: dict[str, Any]) -> None:
    found = claim(render, **fields)["spec"]
    assert {key: value for key, value in found.items() if key == "storageClassName"} == spec


def test_fields_of_a_claim_are_rendered_unchanged(render: Render) -> None:
    selector = {"matchLabels": {"disk": "big"}}
    found = claim(render, accessModes=["ReadWriteMany"], selector=selector, annotations={"a": 1}, labels={"b": "c"})
    assert found["spec"]["accessModes"] == ["ReadWriteMany"]
    assert found["spec"]["selector"] == selector
    assert found["metadata"]["annotations"] == {"a": "1"}
    assert found["metadata"]["labels"]["b"] == "c"


def test_a_claim_with_keep_outlives_the_release(render: Render) -> None:
    assert claim(render, keep=True)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_claim_is_deleted_with_the_release_by_default(render: Render) -> None:
    assert "annotations" not in claim(render)["metadata"]


def test_an_existing_claim_is_used_and_none_is_rendered(render: Render) -> None:
    rendered = render(one(persistentVolumes=[volume(existingClaim="team")]))
    assert rendered.kind("PersistentVolumeClaim") == []
    assert {"name": "v", "persistentVolumeClaim": {"claimName": "team"}} in pod(rendered)["volumes"]


def test_part_of_a_volume_can_be_mounted(render: Render) -> None:
    mounts = engine(render(one(persistentVolumes=[volume(subPath="models", readOnly=True)])))["volumeMounts"]
    assert {"name": "v", "mountPath": "/v", "subPath": "models", "readOnly": True} in mounts


def test_a_block_volume_is_a_device(render: Render) -> None:
    rendered = render(one(persistentVolumes=[volume(volumeMode="Block", mountPath="/dev/xvda")]))
    assert rendered["PersistentVolumeClaim", f"{FULLNAME}-a-v"]["spec"]["volumeMode"] == "Block"
    assert engine(rendered)["volumeDevices"] == [{"name": "v", "devicePath": "/dev/xvda"}]
    assert "v" not in {mount["name"] for mount in engine(rendered)["volumeMounts"]}


def test_several_volumes_are_several_claims(render: Render) -> None:
    rendered = render(one(persistentVolumes=[volume(), volume(name="w", mountPath="/w", size="1Ti")]))
    sizes = {c["metadata"]["name"]: c["spec"]["resources"] for c in rendered.kind("PersistentVolumeClaim")}
    assert sizes == {
        f"{FULLNAME}-a-v": {"requests": {"storage": "10Gi"}},
        f"{FULLNAME}-a-w": {"requests": {"storage": "1Ti"}},
    }


@pytest.mark.parametrize(
    ("fields", "strategy"),
    [
        ({}, {"maxSurge": 1, "maxUnavailable": 0}),
        ({"persistentVolumes": [volume()]}, {"maxSurge": 0, "maxUnavailable": 1}),
        ({"persistentVolumes": [volume(accessModes=["ReadWriteOncePod"])]}, {"maxSurge": 0, "maxUnavailable": 1}),
        ({"persistentVolumes": [volume(accessModes=["ReadWriteMany"])]}, {"maxSurge": 1, "maxUnavailable": 0}),
        ({"persistentVolumes": [volume(existingClaim="x")]}, {"maxSurge": 1, "maxUnavailable": 0}),
        (
            {"persistentVolumes": [volume()], "strategy": {"type": "RollingUpdate"}},
            {"maxSurge": 0, "maxUnavailable": 1},
        ),
        ({"strategy": {"type": "RollingUpdate"}}, {"maxSurge": 1, "maxUnavailable": 0}),
        (
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%"}}},
            {"maxSurge": "50%"},
        ),
    ],
    ids=["none", "one-node", "one-pod", "many", "existing", "type-and-one-node", "type-alone", "given"],
)
def test_a_pod_is_replaced_in_place_where_its_volume_requires_it(
    render: Render, fields: dict[str, Any], strategy: dict[str, Any]
) -> None:
    found = deployment(render(one(**fields)))["spec"]["strategy"]
    assert found == {"type": "RollingUpdate", "rollingUpdate": strategy}


def test_recreate_has_no_rolling_update(render: Render) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    values = {"modelGroupDefaults": {"strategy": rolling}, **one(strategy={"type": "Recreate"})}
    assert deployment(render(values))["spec"]["strategy"] == {"type": "Recreate"}


CACHES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "vllm": ({}, {"HF_HOME": "/cache", "VLLM_CACHE_ROOT": "/cache/vllm/KEY"}),
    "sglang": ({"engine": "sglang"}, {"HF_HOME": "/cache", "SGLANG_CACHE_DIR": "/cache/sglang/KEY"}),
    "tensorrt-llm": ({"engine": "tensorrt-llm"}, {"HF_HOME": "/cache"}),
    "llama-cpp": ({"engine": "llama-cpp"}, {"HF_HOME": "/cache", "LLAMA_CACHE": "/cache/llama.cpp"}),
    "triton": ({"engine": "triton"}, {"HF_HOME": "/cache"}),
    "custom": ({"engine": "custom", "image": "x:1"}, {"HF_HOME": "/cache"}),
}


@pytest.mark.parametrize(("fields", "caches"), CACHES.values(), ids=CACHES)
def test_a_volume_named_cache_is_the_engines_cache(
    render: Render, fields: dict[str, Any], caches: dict[str, str]
) -> None:
    values = one(persistentVolumes=[volume(name="model-cache", mountPath="/cache")], **fields)
    found = environment(engine(render(values)))
    assert {name: unkeyed(found.get(name)) for name in caches} == caches


def kernels(render: Render, *, group: str = "a", **fields: Any) -> str:
    shared = {"existingClaim": "models", "name": "model-cache", "mountPath": "/cache", "accessModes": ["ReadWriteMany"]}
    values = {"modelGroups": {group: one(persistentVolumes=[shared], **fields)["modelGroups"]["a"]}}
    return str(environment(engine(render(values), group))["VLLM_CACHE_ROOT"])


def test_compiled_kernels_fit_one_image_and_device_of_one_group(render: Render) -> None:
    gpus: dict[str, Any] = {"resources": {"limits": {"nvidia.com/gpu": 1}}}
    places = [
        kernels(render, **gpus),
        kernels(render, **gpus, tag="v0.32.0"),
        kernels(render, resources={"limits": {"amd.com/gpu": 1}}),
        kernels(render, group="b", **gpus),
    ]
    assert len(set(places)) == len(places)
    assert kernels(render, **gpus, args=["--max-model-len", "8192"], replicaCount=2) == places[0]


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/root/.cache/huggingface", "/root/.cache/huggingface"),
        ("/root/.cache/huggingface/", "/root/.cache/huggingface"),
        ("/root/.cache/huggingface/hub", "/root/.cache/huggingface"),
        ("/home/vllm/.cache", "/home/vllm/.cache/huggingface"),
        ("/data/huggingface", "/data/huggingface"),
        ("/models", None),
    ],
)
def test_a_volume_at_a_cache_path_is_the_engines_cache(render: Render, path: str, home: str | None) -> None:
    found = environment(engine(render(one(persistentVolumes=[volume(mountPath=path)]))))
    assert found.get("HF_HOME") == home


def test_a_volume_of_the_users_own_can_be_the_cache(render: Render) -> None:
    values = one(
        volumes=[{"name": "cache", "hostPath": {"path": "/mnt"}}], volumeMounts=[{"name": "cache", "mountPath": "/c"}]
    )
    assert environment(engine(render(values)))["HF_HOME"] == "/c"


FILES: dict[str, dict[str, Any]] = {
    "secret": {"secret": {"secretName": "hf-token"}},
    "configMap": {"configMap": {"name": "settings"}},
    "projected": {"projected": {"sources": [{"secret": {"name": "hf-token"}}]}},
    "downwardAPI": {"downwardAPI": {"items": []}},
}


@pytest.mark.parametrize("source", FILES.values(), ids=FILES)
def test_a_read_only_volume_is_not_the_cache(render: Render, source: dict[str, Any]) -> None:
    token = {
        "volumes": [{"name": "cache-token", **source}],
        "volumeMounts": [{"name": "cache-token", "mountPath": "/etc/huggingface"}],
    }
    assert "HF_HOME" not in environment(engine(render(one(**token))))
    weights = [volume(name="model-cache", mountPath="/cache")]
    assert environment(engine(render(one(**token, persistentVolumes=weights))))["HF_HOME"] == "/cache"


def test_a_cache_variable_of_the_user_overrides_the_charts(render: Render) -> None:
    values = one(
        persistentVolumes=[volume(name="cache", mountPath="/c")], env=[{"name": "HF_HOME", "value": "/elsewhere"}]
    )
    assert environment(engine(render(values)))["HF_HOME"] == "/elsewhere"
