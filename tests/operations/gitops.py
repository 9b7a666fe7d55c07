"""What the tests of Argo CD and Flux share: the objects that their page prints, and values that the chart refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.cluster.processes import NotInTimeError, wait_until
from harness.cluster.registry_in_cluster import install_registry, pushed_to
from harness.docs.markdown import blocks
from harness.helm import Helm, HelmError
from harness.kubectl import Kubectl
from harness.manifests import Manifests, Object, load_all
from harness.paths import ROOT
from harness.stack import Published, publish
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import AVAILABLE_SECONDS

NAME = "my-stack"
"""Of the release: the Application's and the HelmRelease's name."""

GROUP = f"{NAME}-inference-stack-chat"
GATEWAY = f"{NAME}-inference-stack-onwards"

REFUSED = pytest.mark.parametrize(
    "group",
    [{"modelAlias": None}, {"modelName": "org/m", "argss": []}],
    ids=["by a rule", "by the schema"],
)
"""What is set in a group that is right without."""


def printed(*kinds: str) -> list[Object]:
    """The objects of these kinds, each of which the page prints once."""
    texts = [each.text for each in blocks((ROOT / "docs" / "gitops.md").read_text()) if "\nkind: " in each.text]
    found = {each["kind"]: each for each in load_all("\n---\n".join(texts)) if each["kind"] in kinds}
    return [found[kind] for kind in kinds]


def published(cluster: Cluster) -> Published:
    """The chart in the cluster's own registry."""
    install_registry(cluster)
    with pushed_to(cluster) as address:
        return publish(Helm(), address)


def wait_for(done: Callable[[], bool], what: str, status: Callable[[], Any]) -> None:
    """Until it is done; NotInTimeError with all that the tool says of its state otherwise."""
    try:
        wait_until(done, what, AVAILABLE_SECONDS)
    except NotInTimeError as error:
        raise NotInTimeError(f"{error.message}: {json.dumps(status(), indent=1)}") from error


def check_answer(kubectl: Kubectl) -> None:
    """The gateway of the page's release answers."""
    with kubectl.port_forward(f"service/{GATEWAY}", "http") as port:
        client = Client(f"http://127.0.0.1:{port}")
        client.settle()
        assert client.chat("chat", QUESTION).strip() == ANSWER


def is_hook(each: Object) -> bool:
    return "helm.sh/hook" in each["metadata"].get("annotations", {})


def rendered(namespace: str, values: Any) -> Manifests:
    """What `helm template` prints for the release."""
    return Manifests.parse(Helm(namespace=namespace).template(ROOT, release=NAME, values=[values]))


def refusal(values: dict[str, Any]) -> str:
    """In Helm's own words."""
    with pytest.raises(HelmError) as caught:
        rendered("default", values)
    return caught.value.output.removeprefix("Error: ").partition("\n\nUse --debug")[0].strip()
