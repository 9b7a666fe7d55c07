"""What a simulation takes from the objects that the chart renders: how a group is scaled, how long requests wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.bench import chart
from harness.bench.scaling.hpa import DOWN, UP, Rules
from harness.manifests import Manifests, Object, container
from harness.presets import presets
from inference_stack.quantity import amount

GROUP = f"{chart.NAME}-mock"
ENGINE = "vllm"
REQUESTS, QUEUE, CPU, GPU = "requests", "queue", "cpu", "gpu"
GPU_METRIC = "DCGM_FI_DEV_GPU_UTIL"
"""Of NVIDIA's DCGM exporter: percent of the time in which anything ran on the GPU."""
PROMETHEUS = {"prometheus": {"serverAddress": "http://prometheus:9090"}, "serviceMonitor": {"enabled": True}}
KEDA_POLLING, KEDA_COOLDOWN = 30, 300
"""Seconds: KEDA's, where a ScaledObject says nothing."""
METRICS_SERVER_SECONDS = 15
"""Its --metric-resolution."""


@dataclass(frozen=True)
class Scaling:
    """How one group is scaled. Times are seconds."""

    signal: str
    """Empty where the number of pods is fixed."""
    target: float
    least: int
    most: int
    up: Rules = UP
    down: Rules = DOWN
    interval: int = 0
    """How old a metric may be: between two scrapes."""
    polling: int = KEDA_POLLING
    cooldown: int = KEDA_COOLDOWN
    cpus: float = 0.0
    """What a pod requests."""
    hold: float = 0.0
    """How long the gateway holds a request while no pod is there."""

    @classmethod
    def of(cls, manifests: Manifests) -> Scaling:
        """As these manifests scale the group of `chart.one_group`."""
        hold, cpus = _hold(manifests), _cpus(manifests)
        if ("ScaledObject", GROUP) in manifests:
            found = {"interval": _interval(manifests), **_keda(manifests["ScaledObject", GROUP]["spec"])}
        elif ("HorizontalPodAutoscaler", GROUP) in manifests:
            found = _hpa(manifests["HorizontalPodAutoscaler", GROUP]["spec"], _interval(manifests))
        else:
            count = manifests["Deployment", GROUP]["spec"]["replicas"]
            found = {"signal": "", "target": 0.0, "least": count, "most": count}
        return cls(**found, hold=hold, cpus=cpus)


def rendered(**group: Any) -> Scaling:
    """As the chart scales a group with these fields."""
    return Scaling.of(chart.render({**PROMETHEUS, **chart.one_group(engine=ENGINE, **group)}))


def _keda(spec: Object) -> dict[str, Any]:
    (trigger,) = spec["triggers"]
    query = trigger["metadata"]["query"]
    signals = {"onwards_model_inflight": REQUESTS, presets()[ENGINE]["scaling"]["queue"]: QUEUE}
    (signal,) = (signal for metric, signal in signals.items() if metric in query)
    return {
        "signal": signal,
        "target": float(trigger["metadata"]["threshold"]),
        "least": spec["minReplicaCount"],
        "most": spec["maxReplicaCount"],
        "polling": spec.get("pollingInterval", KEDA_POLLING),
        "cooldown": spec.get("cooldownPeriod", KEDA_COOLDOWN),
        **_rules(spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]),
    }


def _hpa(spec: Object, scraped: int) -> dict[str, Any]:
    (metric,) = spec["metrics"]
    cpu = metric["type"] == "Resource"
    if not cpu and metric["pods"]["metric"]["name"] != GPU_METRIC:
        raise ValueError(f"a metric that is not simulated: {metric}")
    target = metric["resource"]["target"]["averageUtilization"] if cpu else metric["pods"]["target"]["averageValue"]
    return {
        "signal": CPU if cpu else GPU,
        "target": float(target),
        "least": spec["minReplicas"],
        "most": spec["maxReplicas"],
        "interval": METRICS_SERVER_SECONDS if cpu else scraped,
        **_rules(spec["behavior"]),
    }


def _rules(behavior: Mapping[str, Any]) -> dict[str, Rules]:
    return {
        "up": Rules.of(behavior.get("scaleUp", {}), UP),
        "down": Rules.of(behavior.get("scaleDown", {}), DOWN),
    }


def _interval(manifests: Manifests) -> int:
    """Between two scrapes of the gateway."""
    (endpoint,) = manifests["ServiceMonitor", chart.GATEWAY]["spec"]["endpoints"]
    return int(endpoint["interval"].removesuffix("s"))


def _hold(manifests: Manifests) -> float:
    fallback = chart.config(manifests)["targets"][chart.MODEL].get("fallback", {})
    return float(fallback.get("max_total_backoff_ms", 0)) / 1000


def _cpus(manifests: Manifests) -> float:
    resources = container(manifests["Deployment", GROUP]).get("resources", {})
    return float(amount(resources.get("requests", {}).get("cpu", 0)))
