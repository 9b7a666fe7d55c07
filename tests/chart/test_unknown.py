"""Unknown keys where the schema is skipped: which are refused, and the message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from harness import defaults
from harness.helm import Helm, HelmError
from harness.manifests import load
from harness.paths import ROOT
from harness.schema import keys
from tests.chart.accessors import one
from tests.chart.cases import ACCEPTED
from tests.chart.test_refusals import problems
from tests.chart.test_schema import SCHEMA
from tests.support import Values

DEFAULTS = json.loads(defaults.FILE.read_text())
MARK = "zzz"


def messages(helm: Helm, values: dict[str, Any]) -> dict[str, str]:
    """The message for each unknown key, by its path."""
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[values], skip_schema=True)
    found = (problem.partition(": ") for problem in problems(caught.value.output))
    return {path: why.partition("\n")[0] for path, _, why in found}


def maps(values: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every map in values and its path."""
    if isinstance(values, dict):
        yield path, values
        for key, below in values.items():
            yield from maps(below, f"{path}.{key}")


def test_each_map_of_the_charts_own_is_closed(helm: Helm) -> None:
    """Maps with keys in the defaults, except those of Kubernetes' types and labels."""
    group = DEFAULTS["modelGroupDefaults"]
    values = deepcopy({**DEFAULTS, "modelGroups": {"a": group}})
    every = [found for key, below in values.items() for found in maps(below, key)]
    others = ("modelGroups", "dashboards.labels")
    closed = {path: each for path, each in every if each and path not in others and "resources" not in path}
    for each in closed.values():
        each[MARK] = {"a": "b"}
    assert len(closed) > 20
    assert {*messages(helm, {MARK: 1, **values})} == {MARK, *(f"{path}.{MARK}" for path in closed)}


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_schema_accepts_is_accepted_without_it(helm: Helm, values: Values) -> None:
    layers = [values] if values else []
    assert helm.template(ROOT, values=layers, skip_schema=True)


def test_maps_of_kubernetes_or_the_user_allow_any_key(helm: Helm) -> None:
    free = {MARK: "x"}
    values = {
        **dict.fromkeys(("global", "commonLabels", "commonAnnotations"), free),
        "enabled": True,
        "onwards": {
            **dict.fromkeys(("podAnnotations", "podLabels", "nodeSelector", "podSecurityContext"), free),
            "resources": {"limits": {"example.com/thing": 1}, MARK: {}},
            "service": {"annotations": free},
            "probes": {"liveness": free},
        },
        "ingress": {"annotations": free},
        "serviceMonitor": {"labels": free, "tlsConfig": free},
        **one(resources=free, nodeSelector=free, podLabels=free),
    }
    assert helm.template(ROOT, values=[values], skip_schema=True)


DEEP: dict[str, dict[str, Any]] = {
    "routes.m.strategie": {"routes": {"m": {"strategie": "priority"}}},
    "externalProviders.p.weigth": {"externalProviders": {"p": {"weigth": 2}}},
    "onwards.clientKeys.c.allowedAlias": {"onwards": {"clientKeys": {"c": {"allowedAlias": ["m"]}}}},
    "ingress.hosts[0].hots": {"ingress": {"hosts": [{"hots": "a.example"}]}},
    "ingress.hosts[1].paths[0].pathtyp": {"ingress": {"hosts": [{}, {"paths": [{"pathtyp": "Exact"}]}]}},
    "modelGroups.a.persistentVolumes[0].sizes": one(persistentVolumes=[{"sizes": "1Gi"}]),
}


@pytest.mark.parametrize("path", DEEP)
def test_a_key_is_reported_in_maps_of_the_user_and_in_lists(helm: Helm, path: str) -> None:
    assert {*messages(helm, DEEP[path])} >= {path}


def test_the_fix_of_a_list_item_is_a_list_item(helm: Helm) -> None:
    with pytest.raises(HelmError) as caught:
        helm.template(ROOT, values=[DEEP["ingress.hosts[1].paths[0].pathtyp"]], skip_schema=True)
    (problem,) = problems(caught.value.output)
    assert load(problem.partition("Please set:\n")[2]) == {"ingress": {"hosts": [{"paths": [{"pathType": "Exact"}]}]}}


def test_the_keys_are_those_of_the_schema() -> None:
    known = json.loads(keys.FILE.read_text())
    assert known == keys.tree(SCHEMA)
    assert {*known} == {*SCHEMA["properties"]}


NEAR = {
    "replicaCont": "replicaCount",
    "replicaCouunt": "replicaCount",
    "replicaCoant": "replicaCount",
    "replicaCuont": "replicaCount",
    "REPLICACOUNT": "replicaCount",
    "Replicacont": "replicaCount",
    "tags": "tag",
    "arg": "args",
    "vnv": "env",
    "volume": "volumes",
}
"""One letter missing, added, replaced, swapped, in another case, or several of these; the closest key."""


def test_the_message_of_a_misspelt_key_names_the_closest_key(helm: Helm) -> None:
    found = messages(helm, one(**dict.fromkeys(NEAR, 1)))
    assert {path.rpartition(".")[2]: why.rpartition("; ")[2] for path, why in found.items()} == {
        word: f"did you mean {key}?" for word, key in NEAR.items()
    }


FAR = {
    "replicas": "valid keys include replicaCount.",
    "extraVolumes": "valid keys include volumes.",
    "livenessProbes2": "valid keys include livenessProbe.",
    "Ä": "valid keys include adapters, additionalPorts, ",
    "x": "valid keys include adapters, additionalPorts, ",
    "": "valid keys include adapters, additionalPorts, ",
}
"""Keys close to no valid one: the message lists keys with the same start or contained in it, else the first ones."""


def test_the_message_of_another_key_lists_valid_keys(helm: Helm) -> None:
    found = messages(helm, one(**dict.fromkeys(FAR, 1)))
    assert len(found) == len(FAR)
    for path, why in found.items():
        assert why.rpartition("; ")[2].startswith(FAR[path.rpartition(".")[2]])
        assert len(why) < 250


def test_root_is_an_unknown_key(helm: Helm) -> None:
    assert messages(helm, {"root": {"a": 1}}).keys() == {"root"}


def test_a_null_is_no_map_without_keys(helm: Helm) -> None:
    """It removes what a layer of values below has."""
    assert helm.template(ROOT, values=[{"modelGroups": {"a": None}}], skip_schema=True)
