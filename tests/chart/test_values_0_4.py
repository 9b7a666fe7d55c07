"""Values files and stored releases of inference-stack 0.4."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Manifests, environment
from tests.chart.accessors import FULLNAME, engine, gateway, pod, pools, ports
from tests.support import Render

HF_TOKEN = {"secretKeyRef": {"name": "hf-token", "key": "token"}}
SHM = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}


def probe(delay: int, period: int, timeout: int, failures: int) -> dict[str, Any]:
    return {
        "enabled": True,
        "type": "http",
        "path": "/health",
        "initialDelaySeconds": delay,
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def group(repository: str, tag: str, alias: str, **fields: Any) -> dict[str, Any]:
    """A group with every key that 0.4 required."""
    return {
        "enabled": False,
        "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
        "modelAlias": [alias],
        "modelName": f"org/{alias}",
        "apiKey": "",
        "service": {"type": "ClusterIP", "port": 8000},
        "containerPort": 8000,
        "additionalPorts": [],
        "replicaCount": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "command": [],
        "args": [],
        "env": [],
        "startupProbe": probe(30, 10, 5, 30),
        "livenessProbe": probe(5, 10, 5, 3),
        "readinessProbe": probe(2, 5, 3, 3),
        "resources": {
            "limits": {"nvidia.com/gpu": "1", "memory": "16Gi"},
            "requests": {"nvidia.com/gpu": "1", "memory": "8Gi"},
        },
        "persistentVolumes": [],
        "podSecurityContext": {"runAsUser": 0},
        "securityContext": {},
        "serviceAccount": {"create": False, "annotations": {}},
        "initContainers": [],
        "volumes": [],
        "volumeMounts": [],
        "nodeSelector": {},
        "tolerations": [],
        "affinity": {},
        "podAnnotations": {},
        "imagePullSecrets": [],
        **fields,
    }


STORED: dict[str, Any] = {
    "nameOverride": "",
    "fullnameOverride": "",
    "onwards": {
        "replicaCount": 1,
        "image": {"repository": "ghcr.io/doublewordai/onwards", "pullPolicy": "IfNotPresent", "tag": ""},
        "imagePullSecrets": [],
        "serviceAccount": {"create": True, "annotations": {}, "name": ""},
        "podAnnotations": {},
        "podSecurityContext": {"fsGroup": 2000},
        "securityContext": {
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 1000,
        },
        "service": {"type": "ClusterIP", "port": 80},
        "containerPort": 3000,
        "env": [],
        "volumeMounts": [],
        "volumes": [],
        "resources": {"limits": {"cpu": "200m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "nodeSelector": {},
        "tolerations": [],
        "affinity": {},
        "metrics": {"enabled": True, "port": 9090, "prefix": "onwards", "service": {"port": 9090}},
        "probes": {
            "path": "/v1/models",
            "startup": {"initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 60},
            "liveness": {"initialDelaySeconds": 5, "periodSeconds": 10},
            "readiness": {"initialDelaySeconds": 2, "periodSeconds": 5},
        },
        "loadBalancer": {"enabled": False, "port": 80, "annotations": {}, "nameOverwrite": ""},
        "extraArgs": [],
    },
    "modelGroups": {
        "vllm-gemma": group("vllm/vllm-openai", "latest", "gemma"),
        "sglang-qwen": group("lmsysorg/sglang", "latest", "qwen"),
        "tensorrt-llm-mistral": group("nvcr.io/nvidia/tritonserver", "24.01-trtllm-python-py3", "mistral"),
    },
    "configMaps": {},
    "ingress": {
        "enabled": False,
        "className": "",
        "annotations": {},
        "hosts": [{"host": "inference.local", "paths": [{"path": "/", "pathType": "Prefix"}]}],
        "tls": [],
    },
    "networkPolicy": {"enabled": False, "onwards": {}, "modelGroups": {}},
    "serviceMonitor": {
        "enabled": False,
        "namespace": "",
        "labels": {},
        "annotations": {},
        "interval": "30s",
        "scrapeTimeout": "10s",
        "tlsConfig": {},
        "bearerTokenSecret": {"name": "", "key": ""},
    },
}
"""The values of a release as 0.4 stores them."""

USED: dict[str, Any] = {
    **STORED,
    "modelGroups": {
        "vllm": group(
            "vllm/vllm-openai",
            "v0.10.0",
            "llama",
            enabled=True,
            command=["python3", "-m", "vllm.entrypoints.openai.api_server"],
            args=["--model", "org/llama", "--host", "0.0.0.0", "--port", "8000"],
            env=[{"name": "HUGGING_FACE_HUB_TOKEN", "valueFrom": HF_TOKEN}],
            persistentVolumes=[
                {
                    "name": "cache",
                    "size": "50Gi",
                    "mountPath": "/root/.cache/huggingface",
                    "storageClassName": "",
                    "accessModes": ["ReadWriteMany"],
                }
            ],
            volumes=[SHM],
            volumeMounts=[{"name": "shm", "mountPath": "/dev/shm"}],
            nodeSelector={"nvidia.com/gpu.present": "true"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        ),
        "sglang": group(
            "lmsysorg/sglang",
            "v0.5.0",
            "qwen",
            enabled=True,
            service={"type": "ClusterIP", "port": 30000},
            containerPort=30000,
            command=["python", "-m", "sglang.launch_server"],
            args=["--model-path", "org/qwen", "--host", "0.0.0.0", "--port", "30000"],
            startupProbe={**probe(30, 10, 5, 30), "enabled": False},
            livenessProbe={**probe(5, 10, 5, 3), "type": "tcp"},
        ),
        "trtllm": group(
            "nvcr.io/nvidia/tensorrt-llm/release",
            "1.0.0",
            "mistral",
            enabled=True,
            additionalPorts=[{"name": "metrics", "containerPort": 8002}],
            command=["trtllm-serve"],
            args=["/engines/mistral", "--host", "0.0.0.0", "--port", "8000"],
            initContainers=[
                {
                    "name": "build-engine",
                    "image": "nvcr.io/nvidia/tensorrt-llm/release:1.0.0",
                    "command": ["sh", "-c", "trtllm-build"],
                    "volumeMounts": [{"name": "engines", "mountPath": "/engines"}],
                }
            ],
            volumes=[{"name": "engines", "emptyDir": {}}, SHM],
            volumeMounts=[{"name": "engines", "mountPath": "/engines"}, {"name": "shm", "mountPath": "/dev/shm"}],
        ),
    },
}
"""Values as users of 0.4 write them."""


@pytest.fixture
def used(render: Render) -> Manifests:
    return render(USED)


def test_a_stored_release_renders_only_the_gateway(render: Render) -> None:
    rendered = render(STORED)
    assert {each["metadata"]["name"] for each in rendered} == {f"{FULLNAME}-onwards", f"{FULLNAME}-onwards-test"}


@pytest.mark.parametrize("name", STORED["modelGroups"])
def test_a_default_group_of_0_4_can_be_enabled(render: Render, name: str) -> None:
    groups = {name: {**STORED["modelGroups"][name], "enabled": True}}
    assert len(pools(render({**STORED, "modelGroups": groups}))) == 1


def test_deployments_services_and_claims_keep_their_names(used: Manifests) -> None:
    for kind in ("Deployment", "Service"):
        found = {each["metadata"]["name"] for each in used.kind(kind)}
        assert found == {f"{FULLNAME}-{end}" for end in ("onwards", "vllm", "sglang", "trtllm")}
    assert [each["metadata"]["name"] for each in used.kind("PersistentVolumeClaim")] == [f"{FULLNAME}-vllm-cache"]


def test_service_accounts_are_unchanged(used: Manifests) -> None:
    assert [each["metadata"]["name"] for each in used.kind("ServiceAccount")] == [f"{FULLNAME}-onwards"]


def test_selectors_are_unchanged(used: Manifests) -> None:
    for each in used.kind("Deployment"):
        labels = each["spec"]["selector"]["matchLabels"]
        assert set(labels) <= {f"app.kubernetes.io/{end}" for end in ("name", "instance", "component", "model-group")}
        assert ("app.kubernetes.io/model-group" in labels) == (labels["app.kubernetes.io/component"] == "model-group")


def test_immutable_fields_of_claims_are_unchanged(used: Manifests) -> None:
    spec = used["PersistentVolumeClaim", f"{FULLNAME}-vllm-cache"]["spec"]
    assert spec == {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "50Gi"}}}


def test_services_keep_their_ports(used: Manifests) -> None:
    found = {
        each["metadata"]["name"].removeprefix(f"{FULLNAME}-"): {p["name"]: p["port"] for p in each["spec"]["ports"]}
        for each in used.kind("Service")
    }
    assert found == {
        "onwards": {"http": 80, "metrics": 9090},
        "vllm": {"http": 8000},
        "sglang": {"http": 30000},
        "trtllm": {"http": 8000, "metrics": 8002},
    }


def test_engines_listen_on_the_same_ports(used: Manifests) -> None:
    assert ports(used, "vllm") == {"http": 8000}
    assert ports(used, "sglang") == {"http": 30000}
    assert ports(used, "trtllm") == {"http": 8000, "metrics": 8002}


def test_commands_and_arguments_are_unchanged(used: Manifests) -> None:
    for name, values in USED["modelGroups"].items():
        of = engine(used, name)
        assert of["command"] == values["command"]
        assert of["args"][: len(values["args"])] == values["args"]


def test_images_are_unchanged(used: Manifests) -> None:
    assert engine(used, "vllm")["image"] == "vllm/vllm-openai:v0.10.0"
    assert engine(used, "vllm")["imagePullPolicy"] == "IfNotPresent"


def test_the_user_of_a_pod_is_unchanged(used: Manifests) -> None:
    for name in USED["modelGroups"]:
        assert pod(used, name)["securityContext"]["runAsUser"] == 0


def test_the_gateways_security_context_is_unchanged(used: Manifests) -> None:
    spec = used["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]
    assert spec["securityContext"]["fsGroup"] == 2000
    assert gateway(used)["securityContext"]["runAsUser"] == 1000


def test_probes_are_unchanged(used: Manifests) -> None:
    assert engine(used, "vllm")["startupProbe"] == {
        "httpGet": {"path": "/health", "port": "http"},
        "initialDelaySeconds": 30,
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 30,
    }
    assert "startupProbe" not in engine(used, "sglang")
    assert engine(used, "sglang")["livenessProbe"]["tcpSocket"] == {"port": "http"}


def test_the_users_shared_memory_is_the_only_one(used: Manifests) -> None:
    assert [volume for volume in pod(used, "vllm")["volumes"] if volume["name"] == "shm"] == [SHM]


def test_variables_from_secrets_are_unchanged(used: Manifests) -> None:
    assert environment(engine(used, "vllm"))["HUGGING_FACE_HUB_TOKEN"] == HF_TOKEN


def test_the_gateways_configuration_has_the_same_path(used: Manifests) -> None:
    assert list(used["ConfigMap", f"{FULLNAME}-onwards"]["data"]) == ["config.json"]
    assert {"name": "onwards-config", "mountPath": "/app/config"} in gateway(used)["volumeMounts"]


def test_the_gateways_resources_are_unchanged(used: Manifests) -> None:
    """Ephemeral storage, which 0.4 did not set, is added."""
    stored, added = STORED["onwards"]["resources"], {"requests": "64Mi", "limits": "512Mi"}
    wanted = {kind: {**stored[kind], "ephemeral-storage": size} for kind, size in added.items()}
    assert gateway(used)["resources"] == wanted
