"""Helm's library in this process says what the program says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.inprocess import InProcess
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from harness.tools import tool
from tests.chart.accessors import one
from tests.chart.cases import CASES
from tests.support import Values

LIBRARY = InProcess()
PROGRAM = Helm(tool("helm"))

REFUSED: dict[str, dict[str, Any]] = {
    "a group": one(modelAlias=[], containerPort=9000, command=["vllm", "serve", "org/m", "--port", "9001"]),
    "names": {"modelGroups": {"Not_A_Name": {"enabled": True}}},
    "the gateway": {"onwards": {"metrics": {"port": 3000}}},
}


def objects(text: str) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in Manifests.parse(text)}


@pytest.mark.parametrize("case", ["defaults", "example-multi-engine", "snippet-triton", "all-options"])
def test_it_prints_the_same_notes(case: str) -> None:
    layers = [values] if (values := CASES[case]) is not None else []
    assert LIBRARY.notes(ROOT, values=layers).strip() == PROGRAM.notes(ROOT, values=layers).strip()


@pytest.mark.parametrize("values", REFUSED.values(), ids=REFUSED)
def test_it_refuses_in_the_same_words(values: Values) -> None:
    output = []
    for helm in (LIBRARY, PROGRAM):
        with pytest.raises(HelmError) as caught:
            helm.template(ROOT, values=[values] if values else [])
        output.append(caught.value.output.partition("Use --debug")[0].split())
    assert output[0] == output[1]


def test_the_schema_is_asked_unless_it_is_skipped() -> None:
    values = {"onwards": {"replicaCount": -1}}
    for helm in (LIBRARY, PROGRAM):
        with pytest.raises(HelmError, match="replicaCount"):
            helm.template(ROOT, values=[values])
    texts = [helm.template(ROOT, values=[values], skip_schema=True) for helm in (LIBRARY, PROGRAM)]
    assert objects(texts[0]) == objects(texts[1])


def test_release_namespace_versions_and_layers_are_ours(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: tiny, version: 0.1.0}")
    (tmp_path / "values.yaml").write_text("{a: 1, b: {c: 2, d: 3}, gone: 4}")
    template = (
        '{{ dict "kind" "ConfigMap" "metadata" (dict "name" .Release.Name "namespace" .Release.Namespace) '
        '"data" .Values "kubernetes" .Capabilities.KubeVersion.Version '
        '"api" (.Capabilities.APIVersions.Has "x/v1") | toYaml }}'
    )
    (tmp_path / "templates" / "all.yaml").write_text(template)
    (tmp_path / "more.yaml").write_text("{b: {c: yes}, gone: null}")
    rendered = [
        objects(
            helm.template(
                tmp_path,
                release="other",
                values=[{"b": {"d": 5}}, tmp_path / "more.yaml"],
                sets=["e.f=6"],
                kube_version="1.25.3",
                api_versions=["x/v1"],
            )
        )["ConfigMap", "other"]
        for helm in (InProcess("there"), Helm(tool("helm"), namespace="there"))
    ]
    assert rendered[0] == rendered[1]
    assert rendered[0]["kubernetes"] == "v1.25.3"
    assert rendered[0]["data"] == {"a": 1, "b": {"c": True, "d": 5}, "e": {"f": 6}}


def test_a_changed_chart_is_read_again_and_another_can_stand_in(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "templates").mkdir(parents=True)
        (tmp_path / name / "Chart.yaml").write_text("{apiVersion: v2, name: tiny, version: 0.1.0}")
        (tmp_path / name / "templates" / "all.yaml").write_text(f"{{kind: {name}, metadata: {{name: x}}}}")
    helm = InProcess(instead={tmp_path / "one": tmp_path / "two"})
    assert ("two", "x") in objects(helm.template(tmp_path / "one"))
    (tmp_path / "two" / "templates" / "all.yaml").write_text("{kind: changed, metadata: {name: x}}")
    assert ("changed", "x") in objects(helm.template(tmp_path / "one"))
