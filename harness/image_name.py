"""The names of images, completed as container runtimes complete them."""

from __future__ import annotations

from dataclasses import dataclass

DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class ImageName:
    """`registry/repository:tag@digest`; the tag or the digest may be empty, not both."""

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """`a/b` is `docker.io/a/b:latest`, and `busybox:1.36` is `docker.io/library/busybox:1.36`.

        The first part is a registry if it has a dot or a port, or is `localhost`
        (https://github.com/distribution/reference).
        """
        name, _, digest = text.partition("@")
        registry, slash, path = name.partition("/")
        if not slash or not (set(".:") & set(registry) or registry == "localhost"):
            registry, path = DOCKER_HUB, name
        repository, _, tag = path.partition(":")
        if registry in (DOCKER_HUB, f"index.{DOCKER_HUB}") and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry, repository, tag or ("" if digest else "latest"), digest)

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def path(self) -> str:
        """The path requested from a registry's mirror: everything but the registry."""
        return str(self).removeprefix(f"{self.registry}/")

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")
