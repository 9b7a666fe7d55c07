"""The plugin as a user has it: installed by each Helm from an address, beside kubectl, and as a file for Python."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.helm import Helm
from harness.paths import ROOT
from harness.release import plugin
from harness.release.archive import unpack
from harness.run import Completed, run
from harness.tools import tool
from tests.serving import serving

HELMS = ("helm", "helm3", "helm-floor")
VALUES = ROOT / "examples" / "single-vllm.yaml"
EPOCH = 1_800_000_000
WORDS = ("plan", "-f", str(VALUES), "--gpu", "H100", "-o", "json")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("plugin")
    chart = Helm().package(ROOT, directory / "chart", epoch=EPOCH)
    return plugin.build(directory, chart, "1.2.3", EPOCH)


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    return unpack(archive, tmp_path / "unpacked")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as GitHub does those of a release."""

    def guess_type(self, path: Any) -> str:
        assert path
        return "application/octet-stream"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    with serving(partial(Quiet, directory=str(archive.parent))) as port:
        yield f"http://127.0.0.1:{port}/{archive.name}"


def fits(done: Completed) -> bool:
    (fit,) = json.loads(done.stdout)["fit"]
    return bool(fit["fits"])


def check_plugin(helm: Helm, home: Path, *install: str | Path) -> None:
    """Install it into a Helm with a home of its own, run it, and remove it."""
    homes = plugin.install(helm, home, *install)
    assert "1.2.3" in helm.run("plugin", "list", env=homes).stdout
    assert fits(helm.run("inference-stack", *WORDS, "-n", "some", env=homes))
    helm.run("plugin", "uninstall", "inference-stack", env=homes)
    assert "inference-stack" not in helm.run("plugin", "list", env=homes).stdout


@pytest.mark.parametrize("binary", HELMS)
def test_each_helm_installs_and_runs_it(binary: str, unpacked: Path, tmp_path: Path) -> None:
    check_plugin(Helm(tool(binary)), tmp_path, unpacked)


def test_helm_4_installs_it_from_an_address(address: str, tmp_path: Path) -> None:
    """Helm 3 takes the type that GitHub gives a file of a release for no archive: "Cannot detect VCS"."""
    check_plugin(Helm(), tmp_path, address, "--verify=false")


def test_it_is_a_plugin_of_kubectl(unpacked: Path, tmp_path: Path) -> None:
    """By a link on PATH; the chart is found beside what the link leads to."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl-inference_stack").symlink_to(unpacked / "inference-stack")
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    done = run([tool("kubectl"), "inference-stack", *WORDS], env={"PATH": path, "HELM_BIN": str(tool("helm"))})
    assert fits(done)


def test_it_is_a_file_that_python_runs_without_packages(unpacked: Path) -> None:
    """`-I -S` is without installed packages, and without this checkout."""
    words: list[str | Path] = [sys.executable, "-I", "-S", unpacked / "inference-stack", *WORDS]
    assert fits(run(words, env={"HELM_BIN": str(tool("helm"))}))


def test_it_is_a_module_of_the_checkout() -> None:
    done = run([sys.executable, "-m", "inference_stack", *WORDS], cwd=ROOT, env={"HELM_BIN": str(tool("helm"))})
    assert fits(done)


@pytest.mark.parametrize("command", ["", "plan", "preflight"])
def test_help_only_helps(unpacked: Path, command: str, tmp_path: Path) -> None:
    words: list[str | Path] = [
        sys.executable,
        "-I",
        "-S",
        unpacked / "inference-stack",
        *([command] if command else []),
        "--help",
    ]
    done = run(words, env={"PATH": str(tmp_path / "none")}, cwd=unpacked)
    assert done.stdout.startswith("usage: inference-stack")
    assert command or "exit codes: 0 nothing is wrong" in done.stdout


def test_the_archive_has_what_is_needed_and_is_small(archive: Path, unpacked: Path) -> None:
    about = yaml.safe_load((unpacked / "plugin.yaml").read_text())
    assert (about["name"], about["version"]) == ("inference-stack", "1.2.3")
    assert sorted(each.name for each in unpacked.iterdir() if each.suffix != ".tgz") == [
        "LICENSE",
        "inference-stack",
        "plugin.yaml",
    ]
    assert archive.stat().st_size < 600_000


def test_the_same_sources_are_the_same_bytes(archive: Path, unpacked: Path, tmp_path: Path) -> None:
    (chart,) = unpacked.glob("*.tgz")
    assert plugin.build(tmp_path / "again", chart, "1.2.3", EPOCH).read_bytes() == archive.read_bytes()
