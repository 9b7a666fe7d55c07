"""Argo CD and Flux render the chart without a cluster, as often as they like: what they get is what Helm installs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.helm import KUBE_VERSION, Helm
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from harness.tools import tool
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


APIS = (
    *("v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "apiregistration.k8s.io/v1", "monitoring.coreos.com/v1"),
    "leaderworkerset.x-k8s.io/v1",
)
"""Part of what a cluster has; Argo CD passes all of it, kinds too."""


def by_name(manifests: Manifests) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


def is_test(each: Object) -> bool:
    return bool(each["metadata"].get("annotations", {}).get("helm.sh/hook") == "test")


def helm_template(helm: Helm, example: Path) -> dict[tuple[str, str], Object]:
    found = by_name(Manifests.parse(helm.template(ROOT, release="t", values=[example])))
    assert sum(map(is_test, found.values())) == 1
    return found


@pytest.mark.parametrize("skip_tests", [False, True], ids=["tests", "skip-tests"])
def test_the_flags_of_argo_cd_change_nothing(helm: Helm, example: Path, skip_tests: bool) -> None:
    """Those that `template` in its util/helm/cmd.go (3.x) passes to Helm 3; values are files there, too."""
    flags = ["--name-template", "t", "--namespace", "default", "--kube-version", KUBE_VERSION, "--values", str(example)]
    flags += [word for each in APIS for word in ("--api-versions", each)]
    flags += ["--include-crds", *(["--skip-tests"] if skip_tests else [])]
    found = by_name(Manifests.parse(Helm(tool("helm3")).run("template", ROOT, *flags).stdout))
    wanted = helm_template(helm, example)
    assert found == {key: each for key, each in wanted.items() if not (skip_tests and is_test(each))}


def test_helms_install_action_which_flux_calls_renders_the_same(helm: Helm, example: Path) -> None:
    """Flux's helm-controller calls this action of Helm's SDK, without CRDs; its labels come after it."""
    flags = [
        "--namespace=default",
        f"--values={example}",
        "--dry-run=client",
        "--skip-crds",
        "--devel",
        "--output=json",
    ]
    release = json.loads(Helm(tool("helm")).run("install", "t", ROOT, *flags).stdout)
    found = by_name(Manifests.parse(release["manifest"]))
    hooks = by_name(Manifests.parse("\n---\n".join(each["manifest"] for each in release["hooks"])))
    assert [each["events"] for each in release["hooks"]] == [["test"]]
    wanted = helm_template(helm, example)
    assert (found, hooks) == (
        {key: each for key, each in wanted.items() if not is_test(each)},
        {key: each for key, each in wanted.items() if is_test(each)},
    )
