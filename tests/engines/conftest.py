"""What the tests of real engines share: a restricted namespace, a client of the gateway, the engine's own door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.images import build
from harness.kubectl import Kubectl
from tests.cluster.conftest import Install, Installed
from tests.cluster.keyed import put_keys
from tests.engines import collector


@pytest.fixture(scope="module")
def install_restricted(cluster: Cluster, namespace_for_all: str, install_for_all: Install) -> Install:
    """Installs into the namespace that the tests of one file share, which takes restricted pods only."""
    kubectl = Kubectl(cluster.kubeconfig, namespace=namespace_for_all)
    kubectl.run("label", "namespace", namespace_for_all, "pod-security.kubernetes.io/enforce=restricted")
    return install_for_all


InstallEngine = Callable[..., Installed]


@pytest.fixture(scope="module")
def install_engine(cluster: Cluster, namespace_for_all: str, install_restricted: Install) -> InstallEngine:
    """Installs values beside a Secret with the key of a group, when the engine's image is on the node.

    Where the values say a collector of spans, one is started by that image first.
    """

    def install(image: str, values: dict[str, Any], key: str, group: str = "chat") -> Installed:
        cluster.load(build([image]))
        kubectl = Kubectl(cluster.kubeconfig, namespace=namespace_for_all)
        put_keys(kubectl, {group: key}, "engine-keys")
        if "tracing" in values:
            collector.start(kubectl, image)
        return install_restricted(values)

    return install


@pytest.fixture
def kubectl(installed: Installed) -> Kubectl:
    return installed.stack.kubectl


@pytest.fixture
def client(installed: Installed) -> Iterator[Client]:
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        yield client


@pytest.fixture
def door(kubectl: Kubectl) -> Iterator[str]:
    """The address of the engine of the group chat itself."""
    with kubectl.port_forward("service/t-inference-stack-chat", "http") as port:
        yield f"http://127.0.0.1:{port}"
