"""Kinds that others define, so that a cluster accepts what the chart makes of them. Nobody acts on the objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.cluster import Cluster
from harness.kubectl import Kubectl
from harness.progress import step
from harness.run import CommandError, run
from harness.tools import tool
from harness.tools.store import advice

OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
GATEWAY_API = "sigs.k8s.io/gateway-api@v1.4.0"


def install_monitoring_crds(cluster: Cluster) -> None:
    """Install ServiceMonitor, PodMonitor and PrometheusRule from the operator's own module, without an operator.

    Raises:
        HarnessError: the module cannot be had, or the API server refuses them.
    """
    kinds = ("servicemonitors", "podmonitors", "prometheusrules")
    with step("Installing the kinds of the Prometheus operator"):
        _install(cluster, OPERATOR, "example/prometheus-operator-crd", "monitoring.coreos.com", kinds)


def install_gateway_crds(cluster: Cluster) -> None:
    """Install HTTPRoute from the Gateway API's own module, without a controller.

    Raises:
        HarnessError: the module cannot be had, or the API server refuses it.
    """
    with step("Installing the kinds of the Gateway API"):
        _install(cluster, GATEWAY_API, "config/crd/standard", "gateway.networking.k8s.io", ("httproutes",))


def _install(cluster: Cluster, module: str, directory: str, group: str, kinds: Sequence[str]) -> None:
    go, kubectl = tool("go"), Kubectl(cluster.kubeconfig)
    try:
        # Outside of any module of ours; Go checks the download against its checksum database.
        found = json.loads(run([go, "mod", "download", "-json", module], cwd=Path("/")).stdout)
    except CommandError as error:
        raise CommandError(error.message, advice(error.message), error.completed) from error
    for kind in kinds:
        kubectl.apply(Path(found["Dir"], directory, f"{group}_{kind}.yaml").read_text(), server_side=True)
    for kind in kinds:
        kubectl.run("wait", "--for=condition=Established", f"crd/{kind}.{group}", "--timeout=30s")
