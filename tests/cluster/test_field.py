"""What people bring with them, installed as they would move it here: it answers through the gateway as it did before.

Each kind has two cases, in one release. Ollama and the image of a user's own are stand-ins, as vLLM is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.images import build
from harness.kubectl import Kubectl
from tests.cluster.answers import ANSWER, QUESTION, check_every_alias
from tests.cluster.conftest import Install, Installed, Row

FULLNAME = "t-inference-stack"
GPU = {"limits": {"nvidia.com/gpu": 1}}
OLLAMA = "ollama/ollama:0.35.0"
OWN = "acme/vllm-server:1.0"
IMAGES = [OLLAMA, OWN]
PROXY = """\
import asyncio, sys

async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()

async def forward(reader, writer):
    print("forwarded", flush=True)
    other = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(copy(reader, other[1]), copy(other[0], writer), return_exceptions=True)

async def main():
    async with await asyncio.start_server(forward, "0.0.0.0", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""
"""A proxy in front of an engine: it listens on the first port, forwards to the second, and logs each connection."""


def group(**values: Any) -> dict[str, Any]:
    return {"enabled": True, "resources": GPU, **values}


def vllm(alias: str, **values: Any) -> dict[str, Any]:
    return group(engine="vllm", modelName="demo/chat", modelAlias=[alias], **values)


def secret(name: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": "engine-key", "key": name.lower()}}}


def proxy(**more: Any) -> dict[str, Any]:
    return {
        "name": "proxy",
        "image": "vllm/vllm-openai",
        "command": ["python3", "-c", PROXY, "9100", "8000"],
        "ports": [{"name": "proxy", "containerPort": 9100}],
        **more,
    }


PULL = "until ollama list; do sleep 1; done; ollama pull llama3.2"
CACHE = {"name": "cache", "size": "1Gi", "mountPath": "/cache", "accessModes": ["ReadWriteOnce"]}
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
TCP = {"tcpSocket": {"port": "http"}}

OLLAMAS = {
    "hook": group(
        image=OLLAMA,
        containerPort=11434,
        modelAlias=["llama3.2"],
        lifecycle={"postStart": {"exec": {"command": ["sh", "-c", PULL]}}},
    ),
    "sidecar": group(
        image=OLLAMA,
        args=["serve"],
        containerPort=11434,
        modelAlias=["qwen3:8b"],
        startupProbe={"path": "/"},
        readinessProbe={"path": "/api/version"},
        containers=[
            {
                "name": "pull",
                "image": OLLAMA,
                "command": ["sh", "-c", "until ollama pull qwen3:8b; do sleep 1; done; exec sleep infinity"],
            }
        ],
    ),
}
ENTRYPOINTS = {
    "image-alone": group(
        image=OWN,
        engine="custom",
        containerPort=9000,
        modelAlias=["own/model"],
        env=[{"name": "MODEL_ID", "value": "own/model"}],
    ),
    "arguments-alone": group(
        image=OWN,
        containerPort=9000,
        modelAlias=["own"],
        args=["--max-model-len", "4096"],
        env=[{"name": "MODEL_ID", "value": "own"}],
    ),
}
KEYS = {
    "variable": vllm("variable", env=[secret("VLLM_API_KEY")]),
    "flag": group(
        engine="llama-cpp",
        modelAlias=["flag"],
        args=["-m", "/models/tiny.gguf", "--api-key", "$(KEY)"],
        env=[secret("KEY")],
    ),
}
PROBES = {
    "named-port": vllm("named-port", startupProbe=TCP, readinessProbe=TCP, livenessProbe=TCP),
    "unknown-server": group(
        image="vllm/vllm-openai",
        engine="custom",
        command=["python3", "-m", "vllm.entrypoints.openai.api_server", "--port", "23333"],
        args=["--model", "own", "--served-model-name", "unknown-server"],
        containerPort=23333,
        modelAlias=["unknown-server"],
    ),
}
CLAIMS = {
    "own-claim": vllm("own-claim", replicaCount=2, strategy=SURGE, persistentVolumes=[CACHE]),
    "existing-claim": vllm(
        "existing-claim",
        replicaCount=2,
        strategy=SURGE,
        persistentVolumes=[{"name": "cache", "mountPath": "/cache", "existingClaim": "weights"}],
    ),
}
SIDECARS = {
    "container": vllm("container", containers=[proxy()], service={"targetPort": "proxy"}),
    "native": vllm("native", initContainers=[proxy(restartPolicy="Always")], service={"targetPort": "proxy"}),
}
SCALED = {
    "hpa": vllm("hpa", autoscaling={"external": True}),
    "by-hand": vllm("by-hand", autoscaling={"external": True}),
}

Check = Callable[..., Installed]
pytestmark = pytest.mark.usefixtures("images")


@pytest.fixture(scope="module")
def images(cluster: Cluster) -> None:
    """The images that no example uses."""
    cluster.load(build(IMAGES))


@pytest.fixture
def check(install: Install, record: Callable[[Row], None]) -> Check:
    """Installs groups, and lets every alias of them answer, streamed and not."""

    def checked(kind: str, groups: dict[str, Any]) -> Installed:
        installed = install({"modelGroups": groups})
        check_every_alias(installed, f"field {kind}", record)
        return installed

    return checked


def test_ollama_whose_model_a_hook_or_a_sidecar_pulls(check: Check) -> None:
    check("ollama", OLLAMAS)


def test_an_image_with_an_entrypoint_of_its_own(check: Check) -> None:
    check("entrypoint", ENTRYPOINTS)


def test_a_key_that_an_engine_has_from_its_environment(check: Check) -> None:
    """That the engines ask for it is seen at their own doors, without it."""
    installed = check("engine's key", KEYS)
    for name in KEYS:
        with installed.stack.kubectl.port_forward(f"service/{FULLNAME}-{name}", "http") as port:
            assert httpx.get(f"http://127.0.0.1:{port}/v1/models").status_code == 401


def test_probes_that_open_a_connection(check: Check) -> None:
    check("probes", PROBES)


def test_replicas_that_surge_over_a_claim_of_one_node(
    check: Check, install: Install, cluster: Cluster, namespace: str
) -> None:
    """They are updated too: the new pods mount the claims while the old ones have them."""
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace)
    kubectl.apply(json.dumps(_claim("weights")))
    check("claims", CLAIMS)
    before = {pod["metadata"]["name"] for pod in kubectl.items("pods", "app.kubernetes.io/component=model-group")}
    changed = {name: {**values, "podAnnotations": {"changed": "yes"}} for name, values in CLAIMS.items()}
    installed = install({"modelGroups": changed})
    after = {
        pod["metadata"]["name"]
        for pod in kubectl.items("pods", "app.kubernetes.io/component=model-group")
        if "deletionTimestamp" not in pod["metadata"]
    }
    assert len(before) == len(after) == 4
    assert not before & after
    assert all(answers(installed, name) for name in CLAIMS)


def test_a_sidecar_that_the_service_leads_to(check: Check) -> None:
    """Every request passes it: its log has their connections."""
    installed = check("sidecar", SIDECARS)
    for name in SIDECARS:
        assert "forwarded" in installed.stack.kubectl.logs(f"deployment/{FULLNAME}-{name}", container="proxy")


def test_replicas_that_an_autoscaler_of_the_users_own_chose(check: Check, install: Install) -> None:
    """An upgrade that replaces the pods leaves the number as the autoscaler, or a person, set it."""
    kubectl = check("replicas", SCALED).stack.kubectl
    kubectl.apply(json.dumps(_hpa("hpa", f"{FULLNAME}-hpa", 2)))
    kubectl.run("scale", f"deployment/{FULLNAME}-by-hand", "--replicas=2")
    kubectl.run("wait", f"deployment/{FULLNAME}-hpa", "--for=jsonpath={.spec.replicas}=2", "--timeout=120s")
    changed = {name: {**values, "podAnnotations": {"changed": "yes"}} for name, values in SCALED.items()}
    installed = install({"modelGroups": changed})
    for name in SCALED:
        deployment = kubectl.get("deployment", f"{FULLNAME}-{name}")
        assert deployment["spec"]["replicas"] == deployment["status"]["updatedReplicas"] == 2
        assert answers(installed, name)


def answers(installed: Installed, alias: str) -> bool:
    """Whether the alias answers right through the gateway, once kube-proxy knows the present pods."""
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        return client.chat(alias, QUESTION).strip() == ANSWER


def _claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def _hpa(name: str, deployment: str, least: int) -> dict[str, Any]:
    """An autoscaler that keeps to its lower bound, which needs no metrics."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": least,
            "maxReplicas": least + 1,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                }
            ],
        },
    }
