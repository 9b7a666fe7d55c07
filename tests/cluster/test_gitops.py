"""As Argo CD and Flux do: apply the render server-side, repeatedly, and compare it with the stored objects."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from harness.cluster import Cluster
from harness.cluster.crds import install_crds
from harness.cluster.lws import install_lws
from harness.helm import Values
from harness.kubectl import Kubectl
from harness.manifests import Manifests, Object
from harness.stack import render
from tests.chart.all_options import ALL_OPTIONS
from tests.cluster.stored import drifts

MANAGER = "gitops"


def everything() -> dict[str, Any]:
    """All options, without those whose value only one object, or only another cluster, can have."""
    values = deepcopy(ALL_OPTIONS)
    for part in ("serviceMonitor", "prometheusRule", "dashboards"):
        values[part]["namespace"] = ""
    onwards, group = values["onwards"], values["modelGroups"]["full"]
    for service in (onwards["service"], onwards["loadBalancer"], group["service"]):
        service.pop("clusterIPs")
    return values


@pytest.fixture
def still(cluster: Cluster, namespace: str) -> Kubectl:
    """A namespace in which objects stay as applied: a quota prevents pods, so no status changes."""
    kubectl = Kubectl(cluster.kubeconfig, namespace)
    kubectl.run("create", "quota", "no-pods", "--hard=pods=0")
    return kubectl


def apply(kubectl: Kubectl, manifests: Manifests) -> dict[tuple[str, str], Object]:
    """Apply as a GitOps tool does; return the objects that the server stores."""
    text = "\n---\n".join(json.dumps(each) for each in manifests)
    kubectl.run("apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-", stdin=text)
    return {
        (each["kind"], each["metadata"]["name"]): stored(kubectl, each["kind"], each["metadata"]["name"])
        for each in manifests
    }


def stored(kubectl: Kubectl, kind: str, name: str) -> Object:
    found: Object = json.loads(kubectl.run("get", kind, name, "--output=json", "--show-managed-fields").stdout)
    return found


def owned(live: Object) -> tuple[Any, ...]:
    """The fields that change if applying changes something: the generation, and the manager's last changes."""
    mine = [each for each in live["metadata"]["managedFields"] if each["manager"] == MANAGER]
    return live["metadata"].get("generation"), mine


def check(kubectl: Kubectl, values: Values, exact: bool) -> None:
    manifests = render("t", [values])
    first = apply(kubectl, manifests)
    assert drifts(manifests, first.values(), exact) == []
    second = apply(kubectl, manifests)
    assert {key: owned(each) for key, each in second.items()} == {key: owned(each) for key, each in first.items()}
    text = "\n---\n".join(json.dumps(each) for each in manifests)
    diff = kubectl.run("diff", "--server-side", f"--field-manager={MANAGER}", "--filename=-", stdin=text, check=False)
    assert (diff.returncode, diff.stdout) == (0, ""), diff.stderr


@pytest.fixture(scope="module", autouse=True)
def controller(cluster: Cluster) -> None:
    """What groups with `nodes` need; it acts on what is applied, and fills in its own defaults."""
    install_lws(cluster)


def test_an_example_applied_twice_changes_nothing_and_is_stored_as_rendered(example: Path, still: Kubectl) -> None:
    check(still, example, exact=True)


def test_every_option_applied_twice_changes_nothing_and_is_stored_as_rendered(cluster: Cluster, still: Kubectl) -> None:
    """Here the user's quantities are compared by value, not by format."""
    install_crds(cluster)
    check(still, everything(), exact=False)
