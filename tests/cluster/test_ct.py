"""chart-testing installs every values file of ci/, waits until pods are ready, runs `helm test` and uninstalls."""

from __future__ import annotations

from harness import chart_testing
from harness.cluster import Cluster
from harness.helm import Helm
from harness.paths import ci_values
from tests.cluster.conftest import AVAILABLE_SECONDS


def test_chart_testing_installs_every_file_of_ci(cluster: Cluster, namespace: str) -> None:
    helm = Helm(kubeconfig=cluster.kubeconfig, namespace=namespace)
    output = chart_testing.install(helm, AVAILABLE_SECONDS)
    assert len(ci_values()) == 3
    for path in ci_values():
        assert f'with values file "ci/{path.name}"' in output
    assert "All charts installed successfully" in output
    assert not helm.releases()
