from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness import images
from harness.errors import HarnessError
from harness.images import base, catalog, host
from harness.images.archive import File, Symlink
from harness.images.engines.command_line import TABLES, table
from harness.paths import ROOT
from harness.stack import image_references
from tests.support import Render


def test_a_name_is_known_whatever_its_tag() -> None:
    assert images.known("vllm/vllm-openai:any")
    assert images.known("ghcr.io/doublewordai/onwards")
    assert not images.known("example.com/vllm/vllm-openai")
    assert not images.known("vllm/vllm-openai@sha256:" + "0" * 64)


def test_an_unknown_name_is_refused_before_anything_is_made() -> None:
    with pytest.raises(HarnessError, match=r"docker\.io/no/such:latest"):
        images.build(["vllm/vllm-openai", "no/such"])
    with pytest.raises(HarnessError, match="digest"):
        images.build(["vllm/vllm-openai@sha256:" + "0" * 64])


def test_every_image_of_the_examples_is_known(render: Render, example: Path) -> None:
    """Wherever the values name it, or leave it to the engine."""
    references = image_references(render(example))
    assert len(references) > 1
    assert [reference for reference in references if not images.known(reference)] == []


def test_stand_ins_are_called_so() -> None:
    for recipe in catalog.RECIPES:
        assert recipe.stand_in == recipe.what.startswith("a stand-in")


def test_the_images_have_the_packages_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = [*project["dependency-groups"]["engines"], *project["project"]["dependencies"]]
    tested = dict(pin.split("==") for pin in pins)
    assert {name: tested[name] for name in base.PACKAGES if name in tested} == {
        name: version for name, version in base.PACKAGES.items() if name in tested
    }
    assert {pin.split("==")[0] for pin in project["dependency-groups"]["engines"]} <= set(base.PACKAGES)


def test_a_program_comes_with_its_libraries() -> None:
    files = host.programs(["sh"])
    shell = host.program("sh").resolve()
    assert files[f"/usr/bin/{shell.name}"] == File(shell, 0o755)
    if shell.name != "sh":
        assert files["/usr/bin/sh"] == Symlink(shell.name)
    assert any(name.rpartition("/")[2].startswith("libc.so") for name in files)
    assert any(name.rpartition("/")[2].startswith("ld-") for name in files)


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.txt")), ids=lambda path: path.stem)
def test_every_line_of_a_table_is_read(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert [",".join(flag.names) for flag in table(path.stem)] == [line.split(" ")[0] for line in lines]
