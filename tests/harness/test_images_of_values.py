"""`inference-stack images`: every image that values use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from harness.paths import ROOT
from harness.presets import images
from harness.tools import tool
from inference_stack import cli

GATEWAY = yaml.safe_load((ROOT / "Chart.yaml").read_text())["appVersion"]
VALUES = {
    "modelGroups": {
        "chat": {
            "enabled": True,
            "modelAlias": ["chat"],
            "modelName": "oci://registry.example.com/models/qwen:1",
            "initContainers": [{"name": "copy", "image": "busybox:1.37"}],
            "containers": [{"name": "log", "image": "registry.example.com/log:2"}],
        }
    }
}


@pytest.fixture(autouse=True)
def _helm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_BIN", str(tool("helm")))


def test_all_are_listed_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(VALUES))
    assert cli.main(["images", "-f", str(file)]) == 0
    expected = [
        "busybox:1.37",
        f"ghcr.io/doublewordai/onwards:{GATEWAY}",
        "registry.example.com/log:2",
        "registry.example.com/models/qwen:1",
        str(images()["vllm"]),
    ]
    assert capsys.readouterr().out.splitlines() == expected
    assert cli.main(["images", "-f", str(file), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected


def test_a_mirror_is_before_those_that_the_chart_names(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / "examples" / "multi-engine.yaml")
    assert cli.main(["images", "-f", example]) == 0
    plain = capsys.readouterr().out.splitlines()
    assert cli.main(["images", "-f", example, "--set", "global.imageRegistry=registry.example.com/mirror"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"registry.example.com/mirror/{each}" for each in plain]
