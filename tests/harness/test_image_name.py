from __future__ import annotations

import pytest

from harness.image_name import ImageName


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("vllm/vllm-openai", "docker.io/vllm/vllm-openai:latest"),
        ("docker.io/vllm/vllm-openai:v1", "docker.io/vllm/vllm-openai:v1"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("docker.io/busybox:1.36", "docker.io/library/busybox:1.36"),
        ("localhost/a:1", "localhost/a:1"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00"),
        ("ghcr.io/a/b:1@sha256:00", "ghcr.io/a/b:1@sha256:00"),
    ],
)
def test_a_name_is_completed(text: str, name: str) -> None:
    assert str(ImageName.parse(text)) == name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nvcr.io/nvidia/tensorrt-llm/release:1.2.1", ("nvcr.io", "nvidia/tensorrt-llm/release", "1.2.1", "")),
        ("localhost:5000/a/b@sha256:00", ("localhost:5000", "a/b", "", "sha256:00")),
        ("a", ("docker.io", "library/a", "latest", "")),
    ],
)
def test_its_parts(text: str, parts: tuple[str, str, str, str]) -> None:
    assert ImageName.parse(text) == ImageName(*parts)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("busybox:1.36", "library/busybox:1.36"),
        ("localhost:5000/a/b:1", "a/b:1"),
        ("registry.k8s.io/pause", "pause:latest"),
    ],
)
def test_a_mirror_is_asked_for_the_path(text: str, path: str) -> None:
    assert ImageName.parse(text).path == path
