"""Missing or null values fall back to the chart's defaults, but for Kubernetes objects: tests/field/test_null.py."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from harness import defaults
from harness.helm import Helm
from harness.manifests import Manifests
from harness.paths import ROOT
from tests.support import Render

GROUP: dict[str, Any] = {"enabled": True, "modelName": "o/m", "modelAlias": ["m"]}


def test_the_file_of_defaults_equals_values_yaml() -> None:
    assert defaults.FILE.read_text() == defaults.text()


DEFAULTS = yaml.safe_load((ROOT / "values.yaml").read_text())
PODS = {"podSecurityContext", "securityContext", "resources", "lifecycle"}
PROBES = {"startupProbe", "livenessProbe", "readinessProbe"}


@pytest.mark.parametrize("key", sorted({*DEFAULTS["modelGroupDefaults"]} - {*GROUP} - PODS - PROBES - {"strategy"}))
def test_a_null_in_a_group_falls_back_to_the_default(render: Render, key: str) -> None:
    assert list(render({"modelGroups": {"m": {**GROUP, key: None}}})) == list(render({"modelGroups": {"m": GROUP}}))


@pytest.mark.parametrize("key", sorted({*DEFAULTS["onwards"]} - PODS))
def test_a_null_for_the_gateway_falls_back_to_the_default(render: Render, key: str) -> None:
    assert list(render({"onwards": {key: None}})) == list(render())


def test_values_without_defaults_render_the_same(helm: Helm, render: Render) -> None:
    """As after `helm upgrade --reuse-values`, where keys of this chart's values.yaml are missing."""
    names = ("onwards", "modelGroupDefaults", "global", "commonLabels", "commonAnnotations", "imagePullSecrets")
    values = {"modelGroups": {"m": GROUP}}
    text = helm.template(ROOT, values=[{**values, **dict.fromkeys(names)}])
    assert list(Manifests.parse(text)) == list(render(values))


@pytest.mark.parametrize(
    "path", ["ingress", "networkPolicy", "serviceMonitor", "serviceMonitor.interval", "ingress.hosts"]
)
def test_a_null_elsewhere_falls_back_to_the_default(render: Render, path: str) -> None:
    section, _, key = path.partition(".")
    switched_on = {section: {"enabled": True}} if key else {}
    nulled = {section: {"enabled": True, key: None}} if key else {section: None}
    assert list(render(nulled)) == list(render(switched_on))
