"""Argo CD itself syncs, corrects, changes and removes the chart, by the Application of its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from harness.cluster import Cluster
from harness.cluster.argocd import NAMESPACE, install_argocd
from harness.cluster.processes import wait_until
from harness.cluster.registry_in_cluster import REGISTRY_ADDRESS
from harness.kubectl import Kubectl
from harness.manifests import Object
from harness.stack import CHART_REPOSITORY, Published
from tests.cluster.conftest import AVAILABLE_SECONDS, Measured
from tests.cluster.stored import drifts
from tests.operations.gitops import (
    GATEWAY,
    GROUP,
    NAME,
    REFUSED,
    check_answer,
    is_hook,
    printed,
    published,
    refusal,
    rendered,
    wait_for,
)

REPOSITORY = f"{REGISTRY_ADDRESS}/{CHART_REPOSITORY}"
TRACKING = "argocd.argoproj.io/tracking-id"
REFRESH = "argocd.argoproj.io/refresh"
FINALIZER = "resources-finalizer.argocd.argoproj.io"
"""Of an Application whose objects are to go with it."""


@pytest.fixture(scope="module")
def chart(cluster: Cluster) -> Published:
    """The chart in the cluster's registry, which Argo CD is told to speak to without TLS."""
    install_argocd(cluster)
    data = {"type": "helm", "name": "charts", "url": REPOSITORY, "enableOCI": "true", "insecureOCIForceHttp": "true"}
    labels = {"argocd.argoproj.io/secret-type": "repository"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "charts", "labels": labels},
        "stringData": data,
    }
    Kubectl(cluster.kubeconfig, namespace=NAMESPACE).apply(json.dumps(secret))
    return published(cluster)


class ArgoCd:
    """The page's Application under test; its objects are in a namespace of their own."""

    def __init__(self, kubectl: Kubectl, chart: Published) -> None:
        self.kubectl = kubectl
        self._own = Kubectl(kubectl.kubeconfig, namespace=NAMESPACE)
        (self._application,) = printed("Application")
        self._application["metadata"]["finalizers"] = [FINALIZER]
        self.source: dict[str, Any] = self._application["spec"]["source"]
        assert self.source["targetRevision"] == chart.version
        self.source["repoURL"] = REPOSITORY
        self._application["spec"]["destination"]["namespace"] = kubectl.namespace

    @property
    def values(self) -> dict[str, Any]:
        """Those of the page."""
        return deepcopy(dict(self.source["helm"]["valuesObject"]))

    def want(self, values: dict[str, Any]) -> None:
        """The Application with these values."""
        application = deepcopy(self._application)
        application["spec"]["source"]["helm"]["valuesObject"] = values
        self._own.apply(json.dumps(application), server_side=True)

    def application(self) -> Object:
        return self._own.get("application", NAME)

    def status(self) -> dict[str, Any]:
        return dict(self.application().get("status", {}))

    def wait(self, done: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Until its status is so; NotInTimeError with all that Argo CD says otherwise."""
        wait_for(lambda: done(self.status()), what, self.status)

    def wait_synced(self, values: dict[str, Any]) -> None:
        """Until what is in the cluster is what these values say, and all of it is healthy."""

        def synced(status: dict[str, Any]) -> bool:
            compared = status.get("sync", {}).get("comparedTo", {}).get("source", {}).get("helm", {})
            states = status.get("sync", {}).get("status"), status.get("health", {}).get("status")
            return states == ("Synced", "Healthy") and compared.get("valuesObject") == values

        self.wait(synced, "Synced and Healthy")

    def refresh(self) -> None:
        """Render and compare again, as `argocd app get --hard-refresh` asks for it."""
        self._own.run("annotate", "application", NAME, f"{REFRESH}=hard", "--overwrite")
        wait_until(
            lambda: REFRESH not in self.application()["metadata"].get("annotations", {}), "a refresh", AVAILABLE_SECONDS
        )

    def remove(self) -> None:
        """The Application, and with it what it has made."""
        self._own.run("delete", "application", NAME, "--ignore-not-found", "--timeout=240s", timeout=260)

    def rendered(self, values: dict[str, Any]) -> list[Object]:
        """What `helm template` prints, without the test."""
        return [each for each in rendered(self.kubectl.namespace, values) if not is_hook(each)]

    def stored(self, values: dict[str, Any]) -> list[Object]:
        return [self.kubectl.get(each["kind"], each["metadata"]["name"]) for each in self.rendered(values)]


@pytest.fixture
def argocd(cluster: Cluster, chart: Published, namespace: str) -> Iterator[ArgoCd]:
    found = ArgoCd(Kubectl(cluster.kubeconfig, namespace=namespace), chart)
    try:
        yield found
    finally:
        found.remove()


@pytest.fixture
def installed(argocd: ArgoCd) -> ArgoCd:
    values = argocd.values
    argocd.want(values)
    argocd.wait_synced(values)
    return argocd


def check_objects(argocd: ArgoCd, values: dict[str, Any]) -> int:
    """Each object of the cluster is what `helm template` prints, and each is Argo CD's; how many there are."""
    wanted, stored = argocd.rendered(values), argocd.stored(values)
    for live in stored:
        kind, name = live["kind"], live["metadata"]["name"]
        assert live["metadata"]["annotations"][TRACKING].endswith(f"/{kind}:{argocd.kubectl.namespace}/{name}")
    assert drifts(wanted, stored, exact=True) == []
    resources = argocd.status()["resources"]
    assert {(each["kind"], each["name"], each["status"]) for each in resources} == {
        (each["kind"], each["metadata"]["name"], "Synced") for each in wanted
    }
    return len(wanted)


def state(argocd: ArgoCd) -> dict[str, Any]:
    """What changes when something is applied or synced."""
    status = argocd.status()
    return {
        "objects": [each["metadata"].get("generation") for each in argocd.stored(argocd.values)],
        "history": status["history"],
        "operation": status["operationState"]["finishedAt"],
    }


def test_the_application_of_the_page_is_what_helm_template_prints_and_answers(
    installed: ArgoCd, measured: Measured
) -> None:
    measured("objects", check_objects(installed, installed.values))
    check_answer(installed.kubectl)


def test_a_refresh_finds_nothing_to_do_and_a_change_by_hand_is_undone(installed: ArgoCd) -> None:
    before = state(installed)
    installed.refresh()
    installed.wait_synced(installed.values)
    assert state(installed) == before

    installed.kubectl.run("scale", f"deployment/{GROUP}", "--replicas=0")
    replicas: Callable[[], bool] = lambda: installed.kubectl.get("deployment", GROUP)["spec"]["replicas"] == 1  # noqa: E731
    wait_until(replicas, "its replica is back", AVAILABLE_SECONDS)
    installed.wait_synced(installed.values)
    assert state(installed)["history"] == before["history"]


def test_a_changed_value_is_synced_and_the_kept_volume_outlives_values_and_application(installed: ArgoCd) -> None:
    changed = {**installed.values, "onwards": {"replicaCount": 2}}
    installed.want(changed)
    installed.wait_synced(changed)
    assert installed.kubectl.get("deployment", GATEWAY)["status"]["readyReplicas"] == 2
    check_objects(installed, changed)

    without = deepcopy(changed)
    del without["modelGroups"]["chat"]["persistentVolumes"]
    installed.want(without)
    installed.wait_synced(without)
    kept = ("PersistentVolumeClaim", f"{GROUP}-model-cache")  # it says `keep`, and Prune=false
    assert installed.kubectl.exists(*kept)

    installed.remove()
    left = [
        (each["kind"], each["metadata"]["name"])
        for each in installed.rendered(changed)
        if installed.kubectl.exists(each["kind"], each["metadata"]["name"])
    ]
    assert left == [kept]


@REFUSED
def test_a_refusal_is_read_in_the_application(argocd: ArgoCd, group: dict[str, Any]) -> None:
    values = argocd.values
    values["modelGroups"]["chat"] |= group
    argocd.want(values)
    argocd.wait(lambda status: bool(status.get("conditions")), "a condition")
    (condition,) = argocd.status()["conditions"]
    print(condition["message"])
    assert condition["type"] == "ComparisonError"
    assert refusal(values) in condition["message"]
    assert argocd.kubectl.items("deployments") == []
