from __future__ import annotations

from pathlib import Path

import pytest

from harness import images
from harness.errors import HarnessError
from harness.image_name import ImageName
from harness.images import host
from harness.images.archive import File, Symlink
from harness.images.catalog import recipe
from harness.images.engines.command_line import TABLES, table
from harness.stack import image_references
from tests.support import Render


def test_a_name_is_known_whatever_its_tag() -> None:
    assert recipe(ImageName.parse("vllm/vllm-openai:any")).repository == "docker.io/vllm/vllm-openai"
    assert recipe(ImageName.parse("ghcr.io/doublewordai/onwards")).repository == "ghcr.io/doublewordai/onwards"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such", r"docker\.io/no/such:latest: no image"),
        ("example.com/vllm/vllm-openai", "no image"),
        ("vllm/vllm-openai@sha256:" + "0" * 64, "digest"),
    ],
)
def test_an_unknown_name_is_refused_before_anything_is_made(name: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        images.build(["vllm/vllm-openai", name])


def test_every_image_of_the_examples_is_known(render: Render, example: Path) -> None:
    """Wherever the values name it, or leave it to the engine."""
    references = image_references(render(example))
    assert len(references) > 1
    for reference in references:
        recipe(ImageName.parse(reference))


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
