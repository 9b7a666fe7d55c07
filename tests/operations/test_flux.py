"""Flux itself installs, upgrades, corrects and removes the chart, by the manifests of its page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster import Cluster
from harness.cluster.crds import install_crds
from harness.cluster.flux import install_flux
from harness.cluster.lws import install_lws
from harness.cluster.processes import wait_until
from harness.cluster.registry_in_cluster import REGISTRY_ADDRESS
from harness.helm import Helm
from harness.kubectl import Kubectl
from harness.manifests import Manifests, Object
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

CHART_LABEL = "helm.sh/chart"
LABELS = {"name": "helm.toolkit.fluxcd.io/name", "namespace": "helm.toolkit.fluxcd.io/namespace"}
REMOVED_SECONDS = 120.0
ON_REQUEST = "24h"
"""Of an interval in which nothing happens that the test does not ask for."""


@pytest.fixture(scope="module")
def chart(cluster: Cluster) -> Published:
    install_flux(cluster)
    return published(cluster)


class Flux:
    """A namespace with the page's source, and its release under test."""

    def __init__(self, kubectl: Kubectl, chart: Published) -> None:
        self.kubectl = kubectl
        self.chart = chart
        self.helm = Helm(kubeconfig=kubectl.kubeconfig, namespace=kubectl.namespace)
        source, self._release = printed("OCIRepository", "HelmRelease")
        self.values: dict[str, Any] = self._release["spec"]["values"]
        self._release["spec"]["interval"] = ON_REQUEST
        # The test's registry has neither TLS nor a signature of a workflow.
        del source["spec"]["verify"]
        source["spec"] |= {"url": f"oci://{REGISTRY_ADDRESS}/{CHART_REPOSITORY}/inference-stack", "insecure": True}
        assert source["spec"]["ref"] == {"tag": chart.version}
        self._apply(source)

    def _apply(self, each: Object) -> None:
        each["metadata"]["namespace"] = self.kubectl.namespace
        self.kubectl.apply(json.dumps(each), server_side=True)

    @property
    def digest(self) -> str:
        """Of the chart, as much as Flux writes into its version; the registry's own for a manifest is another one."""
        source = self.kubectl.get("ocirepository", "inference-stack")
        return str(source["status"]["artifact"]["revision"]).partition("@sha256:")[2][:12]

    def want(self, values: dict[str, Any], **spec: Any) -> None:
        """The release with these values, and with what else is said of it."""
        self._apply({**self._release, "spec": {**self._release["spec"], "values": values, **spec}})

    def release(self) -> Object:
        return self.kubectl.get("helmrelease", NAME)

    def condition(self, kind: str) -> dict[str, Any]:
        """A condition of the release that is about what is wanted now; empty until there is one."""
        release = self.release()
        found = {each["type"]: each for each in release.get("status", {}).get("conditions", ())}
        condition: dict[str, Any] = found.get(kind, {})
        return condition if condition.get("observedGeneration") == release["metadata"]["generation"] else {}

    def wait(self, kind: str, status: str) -> dict[str, Any]:
        """The condition, once it is so; NotInTimeError with all that Flux says otherwise."""
        wait_for(
            lambda: self.condition(kind).get("status") == status,
            f"{kind} {status}",
            lambda: self.release().get("status"),
        )
        return self.condition(kind)

    def reconcile(self) -> None:
        """Once more, as `flux reconcile helmrelease` asks for it."""
        asked = str(time.time())
        self.kubectl.run("annotate", "helmrelease", NAME, f"reconcile.fluxcd.io/requestedAt={asked}", "--overwrite")
        handled: Callable[[], bool] = lambda: self.release()["status"].get("lastHandledReconcileAt") == asked  # noqa: E731
        wait_until(handled, "a reconciliation", AVAILABLE_SECONDS)
        self.wait("Ready", "True")

    def events(self, reason: str) -> list[str]:
        return [each["message"] for each in self.kubectl.items("events") if each["reason"] == reason]

    def rendered(self, values: dict[str, Any]) -> tuple[Manifests, list[Object]]:
        """What `helm template` prints, and of it what is no test.

        Flux adds the archive's digest to the chart's version, which is in a label of each object, and of no pod.
        """
        every = rendered(self.kubectl.namespace, values)
        label = f"inference-stack-{self.chart.version}"
        for each in every:
            assert each["metadata"]["labels"][CHART_LABEL] == label
            each["metadata"]["labels"][CHART_LABEL] = f"{label}_{self.digest}"
        return every, [each for each in every if not is_hook(each)]


@pytest.fixture
def flux(cluster: Cluster, chart: Published, namespace: str) -> Iterator[Flux]:
    found = Flux(Kubectl(cluster.kubeconfig, namespace=namespace), chart)
    try:
        yield found
    finally:
        found.kubectl.delete("helmrelease", NAME)


@pytest.fixture
def installed(flux: Flux, measured: Measured) -> Flux:
    began = time.monotonic()
    flux.want(flux.values)
    flux.wait("Ready", "True")
    measured("seconds until the release was ready", round(time.monotonic() - began))
    return flux


def without_labels(each: Object, namespace: str) -> Object:
    """Without the two labels that Flux adds, which have to be there."""
    found = deepcopy(each)
    labels = found["metadata"]["labels"]
    assert {labels.pop(LABELS["name"]), labels.pop(LABELS["namespace"])} == {NAME, namespace}
    return found


def check_objects(flux: Flux, values: dict[str, Any]) -> int:
    """Flux's release is what `helm template` prints, and so is each object of the cluster; how many there are."""
    kubectl = flux.kubectl
    every, wanted = flux.rendered(values)
    assert len(every) == len(wanted) + 1
    applied = Manifests.parse(flux.helm.run("get", "manifest", NAME).stdout)
    assert [without_labels(each, kubectl.namespace) for each in applied] == wanted
    stored = [kubectl.get(each["kind"], each["metadata"]["name"]) for each in wanted]
    plain = [without_labels(each, kubectl.namespace) for each in stored]
    assert drifts(wanted, plain, exact=True) == []
    assert all(
        live["metadata"]["labels"].keys() - LABELS.values() == each["metadata"]["labels"].keys()
        for each, live in zip(wanted, stored, strict=True)
    )
    listed = {tuple(each["id"].split("_")[1::2]) for each in flux.release()["status"]["inventory"]["entries"]}
    assert listed == {(each["metadata"]["name"], each["kind"]) for each in wanted}
    return len(wanted)


def state(flux: Flux) -> dict[str, Any]:
    """What changes when something is applied or released."""
    objects = [flux.kubectl.get(each["kind"], each["metadata"]["name"]) for each in flux.rendered(flux.values)[1]]
    return {
        "objects": {
            (each["kind"], each["metadata"]["name"]): each["metadata"].get(
                "generation", each["metadata"]["resourceVersion"]
            )
            for each in objects
        },
        "releases": [(each["name"], each["revision"], each["status"]) for each in flux.helm.releases()],
        "history": flux.release()["status"]["history"],
    }


def test_the_release_of_the_page_is_what_helm_template_prints_and_answers(installed: Flux, measured: Measured) -> None:
    measured("objects", check_objects(installed, installed.values))
    check_answer(installed.kubectl)
    assert installed.condition("TestSuccess")["status"] == "True"


def test_a_second_reconciliation_changes_nothing_and_a_change_by_hand_is_undone(installed: Flux) -> None:
    before = state(installed)
    installed.reconcile()
    assert installed.wait("Drifted", "False")["reason"] == "NoDriftDetected"
    assert state(installed) == before
    assert installed.events("DriftDetected") == []

    installed.kubectl.run("scale", f"deployment/{GROUP}", "--replicas=0")
    installed.reconcile()
    (found,) = installed.events("DriftDetected")
    assert f"Deployment/{installed.kubectl.namespace}/{GROUP} changed" in found
    assert installed.kubectl.get("deployment", GROUP)["spec"]["replicas"] == 1
    assert state(installed)["releases"] == before["releases"]


def test_a_changed_value_upgrades_and_without_the_release_nothing_is_left(installed: Flux) -> None:
    changed = {**installed.values, "onwards": {"replicaCount": 2}}
    installed.want(changed)
    installed.wait("Ready", "True")
    assert [(each["revision"], each["status"]) for each in installed.helm.releases()] == [("2", "deployed")]
    assert installed.kubectl.get("deployment", GATEWAY)["status"]["readyReplicas"] == 2
    check_objects(installed, changed)

    installed.kubectl.delete("helmrelease", NAME)
    assert installed.helm.releases() == []
    left = [
        (each["kind"], each["metadata"]["name"])
        for each in installed.rendered(changed)[1]
        if installed.kubectl.exists(each["kind"], each["metadata"]["name"])
    ]
    assert left == [("PersistentVolumeClaim", f"{GROUP}-model-cache")]  # it says `keep`


@pytest.fixture(scope="module")
def every_api(cluster: Cluster) -> None:
    """Those of all examples."""
    install_crds(cluster)
    install_lws(cluster)


@pytest.mark.usefixtures("every_api")
def test_an_example_is_what_helm_template_prints(flux: Flux, example: Path) -> None:
    """Its objects only: a quota prevents pods, for which the node has no room."""
    flux.kubectl.run("create", "quota", "no-pods", "--hard=pods=0")
    values = yaml.safe_load(example.read_text())
    flux.want(values, install={"disableWait": True}, test={"enable": False})
    flux.wait("Ready", "True")
    check_objects(flux, values)


@REFUSED
def test_a_refusal_is_read_in_the_release(flux: Flux, group: dict[str, Any]) -> None:
    chat = {**flux.values["modelGroups"]["chat"], **group}
    values = {"modelGroups": {"chat": chat}}
    flux.want(values)
    condition = flux.wait("Ready", "False")
    print(condition["message"])
    assert condition["reason"] == "InstallFailed"
    assert refusal(values) in condition["message"]
    assert flux.kubectl.items("deployments") == []
