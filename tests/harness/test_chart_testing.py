from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import chart_testing
from harness.errors import HarnessError
from harness.helm import Helm
from harness.paths import ROOT, ci_values


@pytest.fixture
def ct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ct that prints how it was called, and fails at `install`."""
    program = tmp_path / "ct"
    program.write_text('#!/bin/sh\necho "$PWD $KUBECONFIG $*"; command -v helm; command -v kubectl; test "$1" = lint\n')
    program.chmod(0o755)
    monkeypatch.setattr(chart_testing, "tool", lambda _: program)
    monkeypatch.setattr(chart_testing, "link", lambda _: tmp_path / "bin")
    for name in ("helm", "kubectl"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(program)
    return tmp_path


def test_it_runs_beside_the_chart_with_our_helm_and_no_cluster(ct: Path) -> None:
    output = chart_testing.ct(Helm(ct / "bin" / "helm"), "lint", "--option").splitlines()
    assert output == [f"{ROOT} {os.devnull} lint --charts=. --option", f"{ct}/bin/helm", f"{ct}/bin/kubectl"]


def test_what_it_finds_is_an_error_with_all_that_it_said(ct: Path) -> None:
    helm = Helm(ct / "bin" / "helm", ct / "kubeconfig", "there")
    with pytest.raises(HarnessError, match=r"(?s)ct install ended with code 1.*--namespace=there .*--timeout 30s"):
        chart_testing.install(helm, 30)


def test_there_is_a_file_for_each_way_to_install() -> None:
    assert [path.name for path in ci_values()] == ["cpu-values.yaml", "gateway-values.yaml", "gpu-values.yaml"]
