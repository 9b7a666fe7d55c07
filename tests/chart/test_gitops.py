"""Argo CD and Flux render the chart without a cluster, as often as they like: what they get is what Helm installs."""

from __future__ import annotations

import re

import pytest

from harness.paths import ROOT
from tests.chart.cases import CASES
from tests.support import Render, Values

COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
TEXT = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')

FORBIDDEN = re.compile(
    r"(?<![.$\w])(lookup|getHostByName|now|ago|date\w*|htmlDate\w*|uuidv4|rand\w+|shuffle|gen[A-Z]\w*"
    r"|derivePassword|htpasswd|bcrypt|encryptAES)\b|\.Capabilities\.APIVersions|\.Release\.(Is\w+|Revision)|\.HelmVersion"
)
"""What depends on a cluster, the clock or chance (random salts too), or differs between install and upgrade."""


def forbidden(text: str) -> list[str]:
    """The functions and objects in a template that make two renders differ."""
    actions = (TEXT.sub('""', action) for action in ACTION.findall(COMMENT.sub("", text)))
    return [found.group() for action in actions for found in FORBIDDEN.finditer(action)]


def test_no_template_depends_on_a_cluster_the_clock_or_chance() -> None:
    templates = [path for path in (ROOT / "templates").rglob("*.*") if path.is_file()]
    assert len(templates) > 30
    found = {path.name: each for path in templates if (each := forbidden(path.read_text()))}
    assert found == {
        "_warnings.tpl": [".Release.IsUpgrade"],  # a note about updates, where there is one
        "_kubernetes.tpl": [".Capabilities.APIVersions"],  # a refusal where an object's kind is known not to be there
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{{ (lookup "v1" "Secret" "" "a").data }}', ["lookup"]),
        ("{{ randAlphaNum 8 }}{{ now | date `2006` }}", ["randAlphaNum", "now", "date"]),
        ('{{- if .Capabilities.APIVersions.Has "a/v1" }}', [".Capabilities.APIVersions"]),
        ("{{ if .Release.IsInstall }}{{ genSelfSignedCert }}", [".Release.IsInstall", "genSelfSignedCert"]),
        ('{{/* no lookup, no rand */}} now {{ .now }} {{ $date }} {{ print `lookup` "now" }}', []),
        ('{{ include "inference-stack.generated" . }}{{ .Capabilities.KubeVersion }}', []),
    ],
)
def test_functions_that_make_renders_differ_are_found(text: str, found: list[str]) -> None:
    assert forbidden(text) == found


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_no_object_is_a_hook_except_the_test(render: Render, values: Values) -> None:
    """Argo CD converts Helm's hooks to its own, and other tools apply them as ordinary objects."""
    for each in render(values):
        assert each["metadata"].get("annotations", {}).get("helm.sh/hook", "test") == "test"
