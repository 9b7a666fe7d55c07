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


def test_its_parts() -> None:
    name = ImageName.parse("localhost:5000/a/b:1@sha256:00")
    assert name == ImageName("localhost:5000", "a/b", "1", "sha256:00")
    assert (name.name, name.path) == ("localhost:5000/a/b", "a/b:1@sha256:00")
