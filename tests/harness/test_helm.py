from __future__ import annotations

from pathlib import Path

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import Manifests
from harness.tools import tool

TEMPLATE = """
{{- if .Values.bad }}{{ fail "modelGroups.a: this cannot work\\nWrite instead:\\n  b: 1" }}{{ end -}}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data: {{ dict "size" (.Values.size | toString) "kubernetes" .Capabilities.KubeVersion.Version | toJson }}
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text('{apiVersion: v2, name: tiny, version: 0.1.0, kubeVersion: ">=1.20.0-0"}')
    (chart / "values.yaml").write_text("size: 1\n")
    (chart / "templates" / "configmap.yaml").write_text(TEMPLATE)
    (chart / "templates" / "NOTES.txt").write_text("{{ .Release.Name }} has size {{ .Values.size }}.\n")
    return chart


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest) -> Helm:
    return Helm(tool(request.param), namespace="there")


def data(text: str, release: str = "test-release") -> dict[str, str]:
    return dict(Manifests.parse(text)["ConfigMap", release]["data"])


def test_later_values_override_earlier_ones(helm: Helm, chart: Path, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("size: 3\n")
    assert data(helm.template(chart)) == {"size": "1", "kubernetes": "v1.37.0"}
    assert data(helm.template(chart, values=[{"size": 2}, file]))["size"] == "3"
    assert data(helm.template(chart, values=[file, {"size": 2}]))["size"] == "2"
    assert data(helm.template(chart, values=[file], sets=["size=4"]))["size"] == "4"


def test_release_namespace_and_kubernetes_version_are_ours(helm: Helm, chart: Path) -> None:
    text = helm.template(chart, release="other", kube_version="1.31.4")
    assert data(text, "other")["kubernetes"] == "v1.31.4"
    assert Manifests.parse(text)["ConfigMap", "other"]["metadata"]["namespace"] == "there"


def test_refusal_comes_with_helms_own_words(helm: Helm, chart: Path) -> None:
    with pytest.raises(HelmError) as caught:
        helm.template(chart, values=[{"bad": True}])
    assert "modelGroups.a: this cannot work\nWrite instead:\n  b: 1" in caught.value.output


def test_lint_passes_on_fail_and_finds_broken_charts(helm: Helm, chart: Path) -> None:
    assert "0 chart(s) failed" in helm.lint(chart, values=[{"bad": True}])
    (chart / "templates" / "configmap.yaml").write_text("{{ nonsense }}")
    with pytest.raises(HelmError):
        helm.lint(chart)


def test_same_render_runs_once_and_a_changed_chart_again(chart: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    counting = tmp_path / "helm"
    counting.write_text(f'#!/bin/sh\necho x >> {log}\nexec {tool("helm")} "$@"\n')
    counting.chmod(0o755)
    for _ in range(2):
        assert data(Helm(counting).template(chart, values=[{"size": 5}]))["size"] == "5"
    assert log.read_text() == "x\n"
    (chart / "values.yaml").write_text("size: 1 # longer now\n")
    Helm(counting).template(chart, values=[{"size": 5}])
    assert log.read_text() == "x\nx\n"


def test_notes_are_rendered_without_a_cluster(chart: Path) -> None:
    assert Helm().notes(chart, release="mine", values=[{"size": 7}]) == "mine has size 7.\n"
    with pytest.raises(HelmError, match="this cannot work"):
        Helm().notes(chart, values=[{"bad": True}])


def test_users_own_configuration_is_not_seen(helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "plugins" / "mine"
    plugin.mkdir(parents=True)
    (plugin / "plugin.yaml").write_text("{name: mine, version: 1.0.0, usage: x, description: x, command: echo}")
    monkeypatch.setenv("HELM_PLUGINS", str(plugin.parent))
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert "mine" not in helm.run("plugin", "list").stdout
    assert helm.run("env", "HELM_NAMESPACE").stdout.strip() == "there"
    assert helm.run("env", "HELM_PLUGINS").stdout.strip() != str(plugin.parent)


def test_no_cluster_is_said_so(helm: Helm, chart: Path) -> None:
    with pytest.raises(HelmError, match=r"(?i)kubernetes cluster unreachable|connection refused"):
        helm.upgrade_install("mine", chart)
