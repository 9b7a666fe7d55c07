"""The kinds of the Prometheus operator, so that a cluster accepts what the chart makes for it."""

from __future__ import annotations

import json
from pathlib import Path

from harness.cluster import Cluster
from harness.kubectl import Kubectl
from harness.progress import step
from harness.run import CommandError, run
from harness.tools import tool
from harness.tools.store import advice

MODULE = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
KINDS = ("servicemonitors", "podmonitors", "prometheusrules")


def install_monitoring_crds(cluster: Cluster) -> None:
    """Install ServiceMonitor, PodMonitor and PrometheusRule from the operator's own module, without an operator.

    Raises:
        HarnessError: the module cannot be had, or the API server refuses them.
    """
    go, kubectl = tool("go"), Kubectl(cluster.kubeconfig)
    with step("Installing the kinds of the Prometheus operator"):
        try:
            # Outside of any module of ours; Go checks the download against its checksum database.
            found = json.loads(run([go, "mod", "download", "-json", MODULE], cwd=Path("/")).stdout)
        except CommandError as error:
            raise CommandError(error.message, advice(error.message), error.completed) from error
        for kind in KINDS:
            file = Path(found["Dir"], "example/prometheus-operator-crd", f"monitoring.coreos.com_{kind}.yaml")
            kubectl.apply(file.read_text(), server_side=True)
        for kind in KINDS:
            kubectl.run("wait", "--for=condition=Established", f"crd/{kind}.monitoring.coreos.com", "--timeout=30s")
