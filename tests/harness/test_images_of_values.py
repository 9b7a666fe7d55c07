"""`inference-stack images`: every image that values use, and a lock of their digests."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness.paths import ROOT
from harness.presets import images
from harness.run import run
from harness.stack import loopback_registry, render
from harness.tools import tool
from inference_stack import cli
from inference_stack.images import images as images_of

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
    monkeypatch.setenv("PATH", os.pathsep.join([str(tool("crane").parent), os.environ["PATH"]]))


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


def push(registry: str, name: str, content: Path) -> str:
    """A made-up image of one file; its digest."""
    run([tool("crane"), "append", "--oci-empty-base", "-f", content, "-t", f"{registry}/{name}", "--insecure"])
    return run([tool("crane"), "digest", f"{registry}/{name}"]).stdout.strip()


@pytest.fixture
def layer(tmp_path: Path) -> Callable[[str], Path]:
    def made(text: str) -> Path:
        with tarfile.open(file := tmp_path / f"{text}.tar", "w") as tar:
            content = text.encode()
            entry = tarfile.TarInfo("file")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        return file

    return made


def test_a_lock_has_the_digests_that_the_registry_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, layer: Callable[[str], Path]
) -> None:
    """It satisfies requireDigest, behind a mirror too; a moved tag is in the next lock, a failure leaves the last."""
    file, lock = tmp_path / "values.yaml", tmp_path / "images.lock.yaml"
    with loopback_registry() as registry:
        group = {
            **VALUES["modelGroups"]["chat"],
            "modelName": f"oci://{registry}/models/qwen:1",
            "image": f"{registry}/vllm:v0.30.0",
        }
        group["initContainers"] = [{"name": "copy", "image": f"{registry}/busybox:1.37"}]
        group["containers"] = [{"name": "log", "image": f"{registry}/log"}]
        values = {
            "images": {"requireDigest": True},
            "onwards": {"image": {"repository": f"{registry}/onwards", "tag": "v1"}},
            "modelGroups": {"chat": group},
        }
        file.write_text(yaml.safe_dump(values))
        names = ("busybox:1.37", "log", "models/qwen:1", "onwards:v1", "vllm:v0.30.0")
        digests = {f"{registry}/{name}": push(registry, name, layer(name.replace("/", "-"))) for name in names}
        assert len(set(digests.values())) == len(names)
        assert cli.main(["images", "-f", str(file), "--lock", str(lock)]) == 0
        assert "5 digests" in capsys.readouterr().out
        assert yaml.safe_load(lock.read_text()) == {"images": {"digests": digests}}

        pinned = [f"{name}@{digest}" for name, digest in digests.items()]
        locked = yaml.safe_load(lock.read_text())
        assert images_of(render("t", [values, locked])) == pinned
        mirror = {"global": {"imageRegistry": "mirror.example"}}
        gateway, engine = (f"{registry}/{name}" for name in ("onwards:v1", "vllm:v0.30.0"))
        mirrored = images_of(render("t", [values, locked, mirror]))
        assert {f"mirror.example/{name}@{digests[name]}" for name in (gateway, engine)} < set(mirrored)

        moved = push(registry, "onwards:v1", layer("other"))
        assert moved != digests[gateway]
        assert images_of(render("t", [values, locked])) == pinned
        assert cli.main(["images", "-f", str(file), "-f", str(lock), "--lock", str(lock)]) == 0
        assert yaml.safe_load(lock.read_text()) == {"images": {"digests": {**digests, gateway: moved}}}
        before = lock.read_text()
        capsys.readouterr()
        assert (
            cli.main(
                [
                    "images",
                    "-f",
                    str(file),
                    "--set",
                    "modelGroups.chat.image=null",
                    "--set",
                    f"modelGroups.chat.image={registry}/none:1",
                    "--lock",
                    str(lock),
                ]
            )
            == 2
        )
        said = capsys.readouterr().err
        assert f"{registry}/none:1: " in said
        assert "as it was" in said
    assert cli.main(["images", "-f", str(file), "--lock", str(lock)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("No digest of:")
    assert all(f"  {name}: " in said for name in digests)
    assert lock.read_text() == before
    assert sorted(each.name for each in tmp_path.iterdir() if "lock" in each.name) == [lock.name]


def test_without_crane_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.main(["images", "--set", "modelGroups.vllm-llama.enabled=true", "--lock", str(tmp_path / "lock")]) == 2
    assert "crane is not on PATH." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
