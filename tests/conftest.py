"""Fixtures for every test: rendered manifests, refusals and notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.helm import Helm, HelmError
from harness.manifests import Manifests
from harness.paths import ROOT, examples
from harness.tools import tool
from tests.support import Render, Say, Values, parsed, plain

pytest.register_assert_rewrite("tests.invariants", "tests.properties.checks")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--helm", choices=("3", "4", "library"), default="library", help="the Helm that renders (default: library)"
    )
    parser.addoption("--chart", type=Path, default=ROOT, help="with --helm=library: the chart to test instead of this")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with a parameter `example` runs once for each file in examples/."""
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", examples(), ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def helm(request: pytest.FixtureRequest) -> Helm:
    """The Helm selected by `--helm`, without a cluster."""
    if request.config.getoption("--helm") == "library":
        from harness.inprocess import InProcess  # only here: a process that has loaded it cannot be forked

        return InProcess(instead={ROOT: request.config.getoption("--chart")})
    return Helm(tool("helm3" if request.config.getoption("--helm") == "3" else "helm"))


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    def rendered(values: Values = None, **inputs: Any) -> Manifests:
        return parsed(helm.template(ROOT, values=[] if values is None else [values], **inputs))

    return rendered


@pytest.fixture(scope="session")
def refusal(helm: Helm) -> Say:
    """Helm's stderr when the chart refuses the values; a test fails if it accepts them."""

    def refused(values: Values = None, **inputs: Any) -> str:
        with pytest.raises(HelmError) as caught:
            helm.template(ROOT, values=[] if values is None else [values], **inputs)
        return plain(caught.value.output)

    return refused


@pytest.fixture(scope="session")
def notes(helm: Helm) -> Say:
    """NOTES.txt as Helm 4 renders it; Helm 3 prints it with a cluster only."""
    four = helm if helm.major == 4 else Helm(tool("helm"))

    def text(values: Values = None, **inputs: Any) -> str:
        if inputs.get("upgrade") and type(four) is Helm:
            pytest.skip("the program renders no notes of an upgrade without a cluster")
        return plain(four.notes(ROOT, values=[] if values is None else [values], **inputs))

    return text
