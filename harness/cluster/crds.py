"""Kinds that others define, so that a cluster accepts what the chart makes of them. Nobody acts on the objects."""

from __future__ import annotations

from harness.cluster import Cluster
from harness.images.catalog import KEDA_MODULE
from harness.progress import step
from harness.tools import tool
from harness.tools.golang import module_directory

PINS = {
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "example/prometheus-operator-crd/monitoring.coreos.com",
        ("servicemonitors", "podmonitors", "prometheusrules"),
    ),
    "sigs.k8s.io/gateway-api@v1.4.0": ("config/crd/standard/gateway.networking.k8s.io", ("httproutes",)),
    KEDA_MODULE: ("config/crd/bases/keda.sh", ("scaledobjects",)),
}
"""Go module -> the start of its files' paths, whose last part is the API group, and the kinds to install."""


def install_crds(cluster: Cluster) -> None:
    """Install the kinds of the Prometheus operator, the Gateway API and KEDA, without an operator or a controller.

    Raises:
        HarnessError: a module cannot be had, or the API server refuses a kind.
    """
    go, kubectl = tool("go"), cluster.kubectl
    for module, (start, kinds) in PINS.items():
        with step(f"Installing the kinds of {module}"):
            directory = module_directory(go, module)
            for kind in kinds:
                kubectl.apply((directory / f"{start}_{kind}.yaml").read_text(), server_side=True)
            for kind in kinds:
                crd = f"crd/{kind}.{start.rpartition('/')[2]}"
                kubectl.run("wait", "--for=condition=Established", crd, "--timeout=30s")
