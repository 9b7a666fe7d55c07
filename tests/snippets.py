"""The README's snippets as values, which must render, install and answer requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Snippet:
    """One snippet. `title` is its name in tables; `aliases` are the aliases it serves when installed."""

    title: str
    values: Mapping[str, Any]
    aliases: tuple[str, ...] = ()


QUICK_START = "vllm-llama"
"""The group that the chart ships disabled; fragments contain only what they add to it."""

QUICK_START_ALIASES = ("llama", "llama-3.1-8b-instruct")

BASIC = {
    "modelGroups": {
        "vllm-llama": {
            "enabled": True,
            "image": "vllm/vllm-openai",
            "tag": "latest",
            "modelAlias": ["llama", "llama-3.1-8b-instruct"],
            "modelName": "meta-llama/Meta-Llama-3.1-8B-Instruct",
            "command": ["vllm", "serve", "--model", "meta-llama/Meta-Llama-3.1-8B-Instruct"],
        },
        "sglang-qwen": {
            "enabled": True,
            "image": "lmsysorg/sglang",
            "tag": "latest",
            "modelAlias": ["qwen", "qwen-2.5-7b-instruct"],
            "modelName": "Qwen/Qwen2.5-7B-Instruct",
            "command": ["python", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen2.5-7B-Instruct"],
        },
    }
}

GPU = {
    "modelGroups": {
        "vllm-llama": {
            "enabled": True,
            "resources": {
                "limits": {"nvidia.com/gpu": 2, "memory": "16Gi"},
                "requests": {"nvidia.com/gpu": 1, "memory": "8Gi"},
            },
            "nodeSelector": {"accelerator": "nvidia-tesla-v100"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        }
    }
}

STORAGE = {
    "modelGroups": {
        "vllm-llama": {
            "persistentVolumes": [
                {
                    "name": "model-cache",
                    "size": "100Gi",
                    "storageClass": "fast-ssd",
                    "mountPath": "/root/.cache/huggingface",
                    "accessModes": ["ReadWriteOnce"],
                }
            ]
        }
    }
}

STRATEGY = {
    "modelGroups": {
        "vllm-llama": {
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "replicaCount": 3,
        }
    }
}

INGRESS = {
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
        },
        "hosts": [{"host": "inference.example.com", "paths": [{"path": "/", "pathType": "Prefix"}]}],
        "tls": [{"secretName": "inference-tls", "hosts": ["inference.example.com"]}],
    }
}

VLLM = {
    "modelGroups": {
        "vllm-model": {
            "enabled": True,
            "image": "vllm/vllm-openai",
            "tag": "latest",
            "modelAlias": ["llama-3.1-8b"],
            "containerPort": 8000,
            "command": [
                *("vllm", "serve", "--host", "0.0.0.0", "--port", "8000"),
                *("--model", "meta-llama/Meta-Llama-3.1-8B-Instruct", "--tensor-parallel-size", "1"),
            ],
        }
    }
}

SGLANG = {
    "modelGroups": {
        "sglang-model": {
            "enabled": True,
            "image": "lmsysorg/sglang",
            "tag": "latest",
            "modelAlias": ["qwen-2.5-7b"],
            "containerPort": 30000,
            "command": [
                *("python", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen2.5-7B-Instruct"),
                *("--host", "0.0.0.0", "--port", "30000"),
            ],
        }
    }
}

TRITON = {
    "modelGroups": {
        "tensorrt-model": {
            "enabled": True,
            "image": "nvcr.io/nvidia/tritonserver",
            "tag": "24.01-trtllm-python-py3",
            "modelAlias": ["mistral-7b"],
            "containerPort": 8001,
            "command": ["tritonserver", "--model-repository=/models", "--allow-http=true"],
            "initContainers": [
                {
                    "name": "model-converter",
                    "image": "nvcr.io/nvidia/tensorrt_llm/devel:latest",
                    "command": ["sh", "-c", "echo 'Convert HuggingFace models to TensorRT-LLM format here'"],
                }
            ],
        }
    }
}

SEVERAL = {
    "modelGroups": {
        "vllm-codegen": {
            "enabled": True,
            "image": "vllm/vllm-openai",
            "tag": "latest",
            "modelAlias": ["codegen", "code-generation"],
            "modelName": "Salesforce/codegen-2B-multi",
            "command": ["vllm", "serve", "--model", "Salesforce/codegen-2B-multi"],
        },
        "sglang-chat": {
            "enabled": True,
            "image": "lmsysorg/sglang",
            "tag": "latest",
            "modelAlias": ["chat", "qwen-chat"],
            "modelName": "Qwen/Qwen2.5-7B-Instruct",
            "command": ["python", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen2.5-7B-Instruct"],
        },
        "tensorrt-llm": {
            "enabled": True,
            "image": "nvcr.io/nvidia/tritonserver",
            "tag": "24.01-trtllm-python-py3",
            "modelAlias": ["optimized", "fast-inference"],
            "modelName": "mistralai/Mistral-7B-Instruct-v0.2",
            "command": ["tritonserver", "--model-repository=/models"],
        },
    }
}


def _enabled(fragment: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fragment with its group enabled."""
    groups = fragment.get("modelGroups", {})
    group = {**groups.get(QUICK_START, {}), "enabled": True}
    return {**fragment, "modelGroups": {**groups, QUICK_START: group}}


SNIPPETS = {
    "basic": Snippet("snippet basic configuration", BASIC, (*QUICK_START_ALIASES, "qwen", "qwen-2.5-7b-instruct")),
    "gpu": Snippet("snippet GPU configuration", GPU, QUICK_START_ALIASES),
    "storage": Snippet("snippet persistent storage", STORAGE),
    "strategy": Snippet("snippet deployment strategy", STRATEGY),
    "ingress": Snippet("snippet ingress", INGRESS),
    "vllm": Snippet("snippet vLLM", VLLM, ("llama-3.1-8b",)),
    "sglang": Snippet("snippet SGLang", SGLANG, ("qwen-2.5-7b",)),
    "triton": Snippet("snippet TensorRT-LLM", TRITON, ("mistral-7b",)),
    "several": Snippet(
        "snippet several models",
        SEVERAL,
        ("codegen", "code-generation", "chat", "qwen-chat", "optimized", "fast-inference"),
    ),
    "storage-enabled": Snippet("fragment persistent storage", _enabled(STORAGE), QUICK_START_ALIASES),
    "strategy-enabled": Snippet("fragment deployment strategy", _enabled(STRATEGY), QUICK_START_ALIASES),
    "ingress-enabled": Snippet("fragment ingress", _enabled(INGRESS), QUICK_START_ALIASES),
}
"""Every snippet as shown in the README, and the three that enable no group again with their group enabled."""
