"""Argo CD's own library renders the Application of its page, and every example: what it gets is what Helm prints."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.helm import KUBE_VERSION, Helm
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from harness.release.archive import unpack
from harness.run import CommandError, run
from harness.tools import link, tool
from tests.chart.test_gitops import APIS, by_name
from tests.operations.gitops import NAME, REFUSED, printed, refusal

TRACKING = "argocd.argoproj.io/tracking-id"


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a registry has of the chart, unpacked."""
    directory = tmp_path_factory.mktemp("chart")
    return unpack(Helm().package(ROOT, directory), directory) / "inference-stack"


def of_page() -> Object:
    """The Application that the page prints."""
    (application,) = printed("Application")
    return application


def rendered(application: Object, chart: Path) -> Manifests:
    """The objects that Argo CD makes of the Application, with the Helm that its image has: 4.3.1.

    Raises:
        CommandError: it makes none.
    """
    path = os.pathsep.join((str(link(["helm"])), os.environ["PATH"]))
    words: list[str | Path] = [tool("argocd-render"), chart, KUBE_VERSION, *APIS]
    out = run(words, stdin=json.dumps(application), env={"PATH": path}).stdout
    return Manifests(json.loads(line) for line in out.splitlines())


def check(application: Object, chart: Path, values: Any) -> None:
    """Its objects are Helm's, each with the annotation by which Argo CD finds it again."""
    namespace = application["spec"]["destination"]["namespace"]
    found = by_name(rendered(application, chart))
    ids = [each["metadata"]["annotations"].pop(TRACKING) for each in found.values()]
    assert [each.split(":")[0] for each in ids] == [NAME] * len(ids)
    assert len(set(ids)) == len(ids)
    for each in found.values():
        if not each["metadata"]["annotations"]:
            del each["metadata"]["annotations"]
    assert found == by_name(Manifests.parse(Helm(namespace=namespace).template(chart, release=NAME, values=[values])))


def with_values(values: dict[str, Any]) -> Object:
    application = of_page()
    application["spec"]["source"]["helm"] = {"valuesObject": values}
    return application


def test_the_application_of_the_page_is_what_helm_template_prints(chart: Path) -> None:
    application = of_page()
    check(application, chart, deepcopy(application["spec"]["source"]["helm"]["valuesObject"]))


def test_an_example_is_what_helm_template_prints(chart: Path, example: Path) -> None:
    check(with_values(yaml.safe_load(example.read_text())), chart, example)


def test_a_parameter_is_a_value(chart: Path) -> None:
    """Argo CD passes it with `--set`."""
    application = of_page()
    helm = application["spec"]["source"]["helm"]
    helm["parameters"] = [{"name": "onwards.replicaCount", "value": "3"}]
    check(application, chart, {**helm["valuesObject"], "onwards": {"replicaCount": 3}})


@REFUSED
def test_a_refusal_is_read_in_the_answer(chart: Path, group: dict[str, Any]) -> None:
    chat = {**of_page()["spec"]["source"]["helm"]["valuesObject"]["modelGroups"]["chat"], **group}
    values = {"modelGroups": {"chat": chat}}
    with pytest.raises(CommandError) as answer:
        rendered(with_values(values), chart)
    assert answer.value.completed is not None
    assert refusal(values) in answer.value.completed.stderr.replace("\\n", "\n").replace('\\"', '"')
