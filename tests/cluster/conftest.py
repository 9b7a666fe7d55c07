"""Fixtures for tests on a real Kubernetes: a shared cluster and published chart, and a namespace for each test."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from harness import images
from harness.cluster import Cluster, choose
from harness.cluster.given import Given
from harness.cluster.lws import install_lws
from harness.helm import Values
from harness.kubectl import Kubectl
from harness.manifests import Manifests
from harness.paths import ROOT, ci_values, examples
from harness.stack import (
    Published,
    Stack,
    chart_registry,
    image_references,
    node_room,
    publish,
    render,
    without_sizes,
)
from tests.snippets import SNIPPETS

CLUSTER_VARIABLE = "INFERENCE_STACK_CLUSTER"
GPUS = 64
GPUS_OF_TWO = 8
TABLE_WIDTH = 140
AVAILABLE_SECONDS = 240.0
NO_OPENAI_ROUTES = "404: tritonserver has no OpenAI routes"
NOT_STREAMED = "embeddings are not"
NO_GROUP = "enables no group"

Row = tuple[str, str, str, str, str]
ROWS = pytest.StashKey[list[Row]]()
Measured = Callable[[str, object], None]
MEASURED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-cluster", action="store_true", help="leave the tests' cluster running")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    config.stash[MEASURED] = []


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the measurements, and the table of installed values and their answers."""
    for line in config.stash[MEASURED]:
        print(line)
    rows = config.stash[ROWS]
    if not rows:
        return
    table = Table("values", "alias", "engine", "answered", "streamed", title="Through the gateway, on the cluster")
    for row in rows:
        table.add_row(*row)
    console = Console(width=TABLE_WIDTH, highlight=False)
    console.print()
    console.print(table)
    due = [row for row in rows if row[3] not in (NO_OPENAI_ROUTES, NO_GROUP)]
    answered = sum(row[3] == "yes" and row[4] in ("yes", NOT_STREAMED) for row in due)
    values = {kind: {row[0] for row in rows if row[0].startswith(kind)} for kind in ("snippet", "fragment", "example")}
    counts = ", ".join(f"{kind}s {len(names)}" for kind, names in values.items())
    console.print(f"Installed and available: {counts}. Aliases answered: {answered} of {len(due)}.")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The tests' own cluster, named by $INFERENCE_STACK_CLUSTER; its nodes advertise GPUs that do not exist."""
    chosen = choose(cluster_name())
    with started(request, chosen, _all_images()):
        if not isinstance(chosen, Given):
            chosen.advertise_gpus(GPUS)
        prepare(Kubectl(chosen.kubeconfig))
        yield chosen


def cluster_name() -> str:
    return os.environ.get(CLUSTER_VARIABLE, f"test-{os.getpid()}")


@contextmanager
def started(request: pytest.FixtureRequest, chosen: Cluster, names: Sequence[str]) -> Iterator[None]:
    """The cluster with these images while the body runs, and longer with --keep-cluster."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            chosen.up()
            chosen.load(images.build(names))
        yield
    finally:
        if not request.config.getoption("--keep-cluster"):
            with capture.global_and_fixture_disabled():
                chosen.down()


def _all_images() -> list[str]:
    """Every image that a test installs; all are built and loaded before the first test."""
    rendered = [render("all", [path]) for path in (*examples(), *ci_values())]
    rendered += [render("all", [snippet.values]) for snippet in SNIPPETS.values()]
    return sorted({name for manifests in rendered for name in image_references(manifests)})


def prepare(kubectl: Kubectl) -> None:
    """Add what the README's snippets and the values of 0.4 require: labels of GPU nodes, and a fast storage class."""
    for node in kubectl.items("nodes"):
        labels = ("accelerator=nvidia-tesla-v100", "nvidia.com/gpu.present=true")
        kubectl.run("label", "node", node["metadata"]["name"], *labels, "--overwrite")
    if not kubectl.exists("storageclass", "fast-ssd"):
        standard = next(
            each
            for each in kubectl.items("storageclasses")
            if each["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
        )
        fast = {
            key: standard[key] for key in ("apiVersion", "kind", "provisioner", "reclaimPolicy", "volumeBindingMode")
        }
        kubectl.apply(json.dumps({**fast, "metadata": {"name": "fast-ssd"}}))


@pytest.fixture(scope="session")
def registry(cluster: Cluster) -> Iterator[str]:
    with chart_registry(cluster) as address:
        yield address


@pytest.fixture(scope="session")
def chart(cluster: Cluster, registry: str) -> Published:
    """The chart in the OCI registry that every test installs it from."""
    return publish(Stack(cluster).helm, registry)


@dataclass
class Installed:
    """An installed release with its manifests and values."""

    stack: Stack
    manifests: Manifests
    values: list[Values]


Install = Callable[..., Installed]


@contextmanager
def own_namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace while the body runs; it is deleted without waiting for its pods."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl = Kubectl(cluster.kubeconfig, namespace=name)
    kubectl.run("create", "namespace", name)
    try:
        yield name
    finally:
        kubectl.run("delete", "deployments,statefulsets", "--all", "--wait=false", check=False)
        kubectl.run("delete", "leaderworkersets", "--all", "--wait=false", check=False)
        kubectl.run("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false", check=False)
        kubectl.run("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def installer(cluster: Cluster, chart: Published | Path, namespace: str) -> Install:
    """Install values with the command a user runs, by default from the registry; wait until everything is available."""

    def installed(*values: Values, release: str = "t", sets: tuple[str, ...] = ()) -> Installed:
        stack = Stack(cluster, release, namespace)
        layers = list(values)
        sizes = without_sizes(values[-1], render(release, layers, sets), node_room(stack.kubectl)) if values else {}
        layers += [sizes] if sizes else []
        manifests = render(release, layers, sets)
        stack.make_up_secrets(manifests)
        sets_of_pods = [each["metadata"]["name"] for each in manifests.kind("LeaderWorkerSet")]
        if sets_of_pods:
            install_lws(cluster)
        stack.install(chart, layers, sets, timeout=AVAILABLE_SECONDS)
        for each in sets_of_pods:
            wait = ("--for=condition=Available", f"--timeout={AVAILABLE_SECONDS:.0f}s")
            stack.kubectl.run("wait", f"leaderworkerset/{each}", *wait)
        return Installed(stack, manifests, layers)

    return installed


def assigned(example: Path) -> tuple[str, ...]:
    """What OpenShift's admission writes into the pods of its example, which this cluster's does not."""
    numbers = {"runAsUser": 1000660000, "runAsGroup": 0, "fsGroup": 1000660000} if example.stem == "openshift" else {}
    return tuple(
        f"{part}.podSecurityContext.{field}={number}"
        for part in ("onwards", "modelGroupDefaults")
        for field, number in numbers.items()
    )


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace for one test."""
    with own_namespace(cluster) as name:
        yield name


@pytest.fixture
def install(cluster: Cluster, chart: Published, namespace: str) -> Install:
    """Installs into the test's namespace."""
    return installer(cluster, chart, namespace)


@pytest.fixture(scope="module")
def two_nodes(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of two nodes that may be drained, beside the other one; each has some GPUs that do not exist."""
    chosen = choose(f"{cluster_name()}-drain", nodes=2)
    if isinstance(chosen, Given):
        pytest.skip("the nodes of a cluster that others use are not drained")
    with started(request, chosen, []):
        chosen.advertise_gpus(GPUS_OF_TWO)
        yield chosen


@pytest.fixture
def install_on_two_nodes(two_nodes: Cluster) -> Iterator[Install]:
    """Installs from the directory into a namespace of the test's own; afterwards, all nodes take pods again."""
    with own_namespace(two_nodes) as name:
        install = installer(two_nodes, ROOT, name)

        def with_images(values: Values) -> Installed:
            two_nodes.load(images.build(image_references(render("t", [values]))))
            return install(values)

        yield with_images
    for node in two_nodes.kubectl.items("nodes"):
        two_nodes.kubectl.run("uncordon", node["metadata"]["name"])


@pytest.fixture(scope="module")
def namespace_for_all(cluster: Cluster) -> Iterator[str]:
    """A namespace that the tests of one file share."""
    with own_namespace(cluster) as name:
        yield name


@pytest.fixture(scope="module")
def install_for_all(cluster: Cluster, chart: Published, namespace_for_all: str) -> Install:
    """Installs into the namespace that the tests of one file share."""
    return installer(cluster, chart, namespace_for_all)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Add a row to the table that is printed at the end."""
    return request.config.stash[ROWS].append


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Print a number at the end, after the test's name."""
    lines = request.config.stash[MEASURED]
    return lambda what, number: lines.append(f"{request.node.name}: {what} {number}")
