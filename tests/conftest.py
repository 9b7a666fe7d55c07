"""Fixtures for every test: the chart rendered, refused, or with its notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.helm import KUBE_VERSION, Helm, HelmError
from harness.manifests import Manifests
from harness.paths import ROOT, examples
from harness.tools import tool
from tests.support import Render, Say, Values, parsed

pytest.register_assert_rewrite("tests.invariants", "tests.properties.checks")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--helm", choices=("3", "4", "library"), default="4", help="the Helm that renders (default: 4)")
    parser.addoption("--chart", type=Path, default=ROOT, help="with --helm=library: the chart to test instead of this")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with a parameter `example` runs once for each file in examples/."""
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", examples(), ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def helm(request: pytest.FixtureRequest) -> Helm:
    """The Helm named by `--helm`, without a cluster."""
    if request.config.getoption("--helm") == "library":
        from harness.inprocess import InProcess  # only here: a process that has loaded it cannot be forked

        return InProcess(instead={ROOT: request.config.getoption("--chart")})
    return Helm(tool("helm3" if request.config.getoption("--helm") == "3" else "helm"))


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    def rendered(
        values: Values = None,
        *,
        sets: Sequence[str] = (),
        release: str = "test-release",
        kube_version: str = KUBE_VERSION,
        api_versions: Sequence[str] = (),
    ) -> Manifests:
        layers = [] if values is None else [values]
        text = helm.template(ROOT, release, layers, sets, kube_version=kube_version, api_versions=api_versions)
        return parsed(text)

    return rendered


@pytest.fixture(scope="session")
def refusal(helm: Helm) -> Say:
    """What Helm says when the chart refuses the values; a test fails if it does not."""

    def refused(values: Values = None, *, sets: Sequence[str] = ()) -> str:
        with pytest.raises(HelmError) as caught:
            helm.template(ROOT, values=[] if values is None else [values], sets=sets)
        return caught.value.said

    return refused


@pytest.fixture(scope="session")
def notes(helm: Helm) -> Say:
    """NOTES.txt; never of Helm 3, which prints it with a cluster only."""
    four = helm if helm.major == 4 else Helm(tool("helm"))

    def said(values: Values = None, *, sets: Sequence[str] = ()) -> str:
        return four.notes(ROOT, values=[] if values is None else [values], sets=sets)

    return said
