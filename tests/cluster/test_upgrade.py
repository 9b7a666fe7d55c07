"""A release of an older chart is upgraded in place: no immutable field changes, no claim is deleted, addresses stay.
The older charts are every released version, and a stand-in for 0.4 with the names, labels and values of its objects,
and examples of the shapes that 0.4's own have; see release-0.4/Chart.yaml.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.helm import Values
from harness.images import build, onwards
from harness.manifests import Manifests, load
from harness.presets import images
from harness.release import source
from harness.stack import Published, Stack, image_references, render
from tests.cluster.answers import ANSWER, QUESTION, check_every_alias
from tests.cluster.conftest import Installed, Row
from tests.cluster.load import node_port

STAND_IN = "0.4"
OLD = Path(__file__).parent / "release-0.4"
OLD_POD_SECONDS = 5.0
"""How long to go on after the new pods are there: the old gateway pod is just terminating."""
NO_TINY = {"modelGroups": {"tiny": {"enabled": False}}}
"""Of the stand-in's values, only its example's groups."""
KINDS = "deployments,services,persistentvolumeclaims"


def identities(stack: Stack) -> dict[tuple[str, str], tuple[str, Any]]:
    """Each object's UID, and the address of each Service, which change if it is recreated."""
    return {
        (each["kind"], each["metadata"]["name"]): (each["metadata"]["uid"], each["spec"].get("clusterIP"))
        for each in stack.kubectl.items(KINDS)
    }


def answer(stack: Stack) -> str:
    with stack.kubectl.port_forward("service/t-inference-stack-onwards", "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        return client.chat("tiny", QUESTION).strip()


class Probe:
    """A GET of the gateway's list of models every 50 ms, each on a new connection, and what failed of them."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.url = f"http://{address[0]}:{address[1]}/v1/models"
        self.sent = 0
        self.failures: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe")

    def _run(self) -> None:
        while not self._over.wait(0.05):
            self.sent += 1
            try:
                httpx.get(self.url, timeout=5).raise_for_status()
            except httpx.HTTPError as error:
                self.failures.append(repr(error))

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The chart of that version."""
    if request.param == STAND_IN:
        return OLD
    source.export(tmp_path, version=request.param)
    return tmp_path


@pytest.fixture
def values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """0.4's values with the tags of the images that this cluster has."""
    content = load((OLD / "values.yaml").read_text())
    content["onwards"]["image"]["tag"] = onwards.version()
    content["onwards"]["service"]["type"] = "NodePort"  # for a probe from this machine
    content["modelGroups"]["tiny"]["image"]["tag"] = images()["llama-cpp"].tag
    file = tmp_path_factory.mktemp("values") / "values.json"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize(
    ("older", "flag"),
    [
        *((STAND_IN, flag) for flag in ("--reuse-values", "--reset-then-reuse-values", "--values")),
        *((version, "--reuse-values") for version in source.released()),
    ],
    indirect=["older"],
)
def test_an_older_release_is_upgraded_in_place_and_rolled_back(
    older: Path, flag: str, values: Path, cluster: Cluster, chart: Published, namespace: str
) -> None:
    stack = Stack(cluster, "t", namespace)
    stack.install(older, [values])
    stack.kubectl.exec("deployment/t-inference-stack-tiny", ["sh", "-c", "echo kept > /root/.cache/huggingface/proof"])
    before = identities(stack)
    assert answer(stack) == ANSWER

    flags = ["--values", str(values)] if flag == "--values" else [flag]
    with Probe(node_port(stack.kubectl, "t-inference-stack-onwards")) as probe:
        stack.helm.upgrade_install("t", chart.reference, version=chart.version, plain_http=True, flags=flags)
        stack.kubectl.wait_available()
        time.sleep(OLD_POD_SECONDS)
    assert probe.sent > 0
    assert probe.failures == []
    assert identities(stack) == before
    assert answer(stack) == ANSWER
    proof = ["cat", "/root/.cache/huggingface/proof"]
    assert stack.kubectl.exec("deployment/t-inference-stack-tiny", proof).strip() == "kept"

    stack.helm.rollback("t")
    stack.kubectl.wait_available()
    assert identities(stack) == before
    assert answer(stack) == ANSWER


@pytest.mark.parametrize("old", sorted((OLD / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_of_0_4_is_upgraded_in_place_and_rolled_back(
    old: Path, values: Path, cluster: Cluster, chart: Published, namespace: str, record: Callable[[Row], None]
) -> None:
    """With `--wait`, and the values that the release has."""
    stack = Stack(cluster, "t", namespace)
    layers: list[Values] = [values, old, NO_TINY]
    manifests = render("t", layers)
    cluster.load(build(image_references(Manifests.parse(stack.helm.template(OLD, release="t", values=layers)))))
    stack.make_up_secrets(manifests)
    stack.install(OLD, layers)
    before = identities(stack)

    flags = ["--reuse-values", "--wait", "--timeout", "5m"]
    stack.helm.upgrade_install("t", chart.reference, version=chart.version, plain_http=True, flags=flags)
    assert identities(stack) == before
    check_every_alias(Installed(stack, manifests, layers), f"0.4 {old.stem}", record)

    stack.helm.rollback("t")
    stack.kubectl.wait_available()
    assert identities(stack) == before
