"""Values that use every key of the chart at once, and every engine."""

from __future__ import annotations

from typing import Any

TOLERATIONS = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"tier": "inference"}},
    }
]
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h100", "h200"]}]}]
        }
    }
}

FULL_GROUP: dict[str, Any] = {
    "enabled": True,
    "engine": "vllm",
    "image": {
        "registry": "registry.example",
        "repository": "vllm/vllm-openai",
        "tag": "v0.30.0",
        "pullPolicy": "Always",
    },
    "modelAlias": ["shared", "full"],
    "modelName": "org/full",
    "weight": 3,
    "apiKey": {"name": "engine-keys", "key": "full"},
    "args": ["--max-model-len", 1048576, "--gpu-memory-utilization", 0.9],
    "containerPort": 9000,
    "additionalPorts": [
        {"name": "admin", "containerPort": 9001, "servicePort": 81, "protocol": "TCP"},
        {"name": "udp", "containerPort": 9001, "protocol": "UDP"},
        {"name": "metrics", "containerPort": 9002},
    ],
    "service": {"type": "NodePort", "port": 8080, "annotations": {"service.example/answer": 42}},
    "replicaCount": 2,
    "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 1}},
    "spareGPUs": 16,
    "loadSeconds": 1800,
    "progressDeadlineSeconds": 4000,
    "terminationGracePeriodSeconds": 120,
    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "15"]}}},
    "resources": {
        "limits": {"nvidia.com/gpu": "8", "cpu": 16, "memory": "256Gi"},
        "requests": {"nvidia.com/gpu": 4, "cpu": "500m", "memory": 1073741824},
    },
    "sharedMemory": "32Gi",
    "env": [
        {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token", "optional": True}}},
        {"name": "NUMBER", "value": 1048576},
        {"name": "FLAG", "value": True},
    ],
    "envFrom": [{"configMapRef": {"name": "settings"}}],
    "persistentVolumes": [
        {
            "name": "weights",
            "size": "1Ti",
            "mountPath": "/cache",
            "storageClass": "fast",
            "accessModes": ["ReadWriteMany"],
            "subPath": "models",
            "keep": True,
            "labels": {"backup": True},
            "annotations": {"volume.example/retain": "yes"},
            "selector": {"matchLabels": {"disk": "big"}},
        },
        {
            "name": "raw",
            "size": "1Gi",
            "mountPath": "/dev/xvda",
            "volumeMode": "Block",
            "accessModes": ["ReadWriteMany"],
        },
        {"name": "shared", "mountPath": "/shared", "existingClaim": "team-volume", "readOnly": True},
    ],
    "volumes": [{"name": "templates", "configMap": {"name": "test-release-inference-stack-templates"}}],
    "volumeMounts": [{"name": "templates", "mountPath": "/templates", "readOnly": True}],
    "initContainers": [
        {
            "name": "prepare",
            "image": "busybox:1.37",
            "command": ["true"],
            "resources": {"limits": {"nvidia.com/gpu": 1}},
            "volumeMounts": [{"name": "weights", "mountPath": "/cache"}],
        }
    ],
    "startupProbe": {"periodSeconds": 5, "failureThreshold": 720},
    "livenessProbe": {"type": "tcp"},
    "readinessProbe": {"httpGet": {"path": "/ping", "port": "http"}},
    "metricsPath": "/prometheus",
    "serviceAccount": {"create": True, "name": "full-account", "annotations": {"iam.example/role": "reader"}},
    "podSecurityContext": {"fsGroup": 2000, "supplementalGroups": [4000]},
    "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
    "podAnnotations": {"sidecar.example/inject": False},
    "podLabels": {"tier": "inference", "cost-centre": 7},
    "imagePullSecrets": ["group-registry"],
    "nodeSelector": {"gpu": "h100"},
    "tolerations": TOLERATIONS,
    "affinity": AFFINITY,
    "topologySpreadConstraints": SPREAD,
    "priorityClassName": "high",
    "runtimeClassName": "nvidia",
    "schedulerName": "volcano",
}

ALL_OPTIONS: dict[str, Any] = {
    "global": {"imagePullSecrets": ["global-registry"]},
    "commonLabels": {"team": "ml", "generation": 2, "app.kubernetes.io/part-of": "platform"},
    "commonAnnotations": {"owner": "ml@example.com", "budget": 1000000},
    "imagePullSecrets": [{"name": "chart-registry"}],
    "onwards": {
        "replicaCount": 3,
        "podDisruptionBudget": {"maxUnavailable": "50%"},
        "image": {"registry": "registry.example", "repository": "onwards", "tag": "v1", "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "gateway-registry"}],
        "serviceAccount": {"create": True, "name": "gateway-account", "annotations": {"iam.example/role": "none"}},
        "podAnnotations": {"sidecar.example/inject": "false"},
        "podLabels": {"tier": "gateway"},
        "podSecurityContext": {"fsGroup": 2000},
        "securityContext": {"runAsUser": 1000},
        "service": {"type": "NodePort", "port": 8080, "nodePort": 30080, "annotations": {"a": "b"}},
        "loadBalancer": {"enabled": True, "port": 443, "annotations": {"lb.example/type": "nlb"}},
        "containerPort": 3001,
        "metrics": {"enabled": True, "port": 9091, "prefix": "gateway", "service": {"port": 9092}},
        "strictMode": False,
        "fallback": {"enabled": True, "onStatus": [502], "maxAttempts": 2, "backoff": {"initialMilliseconds": 50}},
        "httpPool": {"maxIdlePerHost": 8, "idleTimeoutSeconds": 3},
        "extraArgs": ["--watch"],
        "env": [{"name": "RUST_LOG", "value": "info"}],
        "volumes": [{"name": "extra", "emptyDir": {}}],
        "volumeMounts": [{"name": "extra", "mountPath": "/extra"}],
        "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "probes": {
            "path": "/v1/models",
            "startup": {"failureThreshold": 10},
            "liveness": {"type": "tcp"},
            "readiness": {"enabled": False},
        },
        "terminationGracePeriodSeconds": 600,
        "nodeSelector": {"pool": "cpu"},
        "tolerations": TOLERATIONS,
        "affinity": AFFINITY,
        "topologySpreadConstraints": SPREAD,
        "priorityClassName": "high",
    },
    "modelGroupDefaults": {"weight": 2, "terminationGracePeriodSeconds": 90},
    "modelGroups": {
        "full": FULL_GROUP,
        "shared": {"enabled": True, "modelAlias": ["shared"], "modelName": "org/full", "apiKey": "sk-literal"},
        "sglang": {
            "enabled": True,
            "image": "lmsysorg/sglang:v0.5.20-cu130",
            "modelAlias": ["one", "two"],
            "modelName": "org/sglang",
            "persistentVolumes": [{"name": "model-cache", "size": "10Gi", "mountPath": "/root/.cache/huggingface"}],
        },
        "trtllm": {
            "enabled": True,
            "engine": "tensorrt-llm",
            "modelAlias": ["fast"],
            "modelName": "org/trtllm",
            "resources": {"limits": {"nvidia.com/gpu": 2}},
        },
        "triton": {
            "enabled": True,
            "engine": "triton",
            "modelAlias": ["kserve"],
            "modelName": "/models",
            "containerPort": 8001,
            "serviceAccount": {"create": False},
        },
        "llama": {
            "enabled": True,
            "engine": "llama-cpp",
            "modelAlias": ["small", "tiny"],
            "modelName": "/models/a.gguf",
        },
        "script": {
            "enabled": True,
            "image": "vllm/vllm-openai:v0.30.0",
            "modelAlias": ["script"],
            "modelName": "org/script",
            "command": ["bash", "-c", "exec vllm serve org/script --port 8123"],
        },
        "custom": {
            "enabled": True,
            "image": {"repository": "ghcr.io/someone/server", "digest": f"sha256:{'0' * 64}"},
            "modelAlias": ["elsewhere"],
            "command": ["/server"],
            "startupProbe": {"enabled": False},
        },
        "disabled": {"enabled": False},
        "nothing": None,
    },
    "configMaps": {"templates": {"chat.jinja": "{{ messages }}\n", "number": 1000000, "settings": {"a": [1, 2]}}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": 3600},
        "hosts": [
            {
                "host": "a.example",
                "paths": [{"path": "/v1", "pathType": "Prefix"}, {"path": "/x", "pathType": "Exact"}],
            },
            {"host": "b.example"},
        ],
        "tls": [{"secretName": "tls", "hosts": ["a.example"]}],
    },
    "networkPolicy": {
        "enabled": True,
        "onwards": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"namespaceSelector": {}}]}]},
        "modelGroups": {"full": {"policyTypes": ["Ingress"], "ingress": []}},
    },
    "serviceMonitor": {
        "enabled": True,
        "namespace": "monitoring",
        "labels": {"release": "prometheus"},
        "annotations": {"a": "b"},
        "interval": "15s",
        "scrapeTimeout": "5s",
        "tlsConfig": {"insecureSkipVerify": True},
        "bearerTokenSecret": {"name": "token", "key": "token"},
    },
}
