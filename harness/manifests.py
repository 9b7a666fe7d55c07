"""What Helm has rendered, read as Helm and the API server read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.errors import HarnessError
from inference_stack.documents import Loader, Object, load, load_all, pod_spec, pod_templates

__all__ = ["Loader", "Manifests", "Object", "container", "environment", "load", "load_all", "pod_spec", "pod_templates"]


class Manifests:
    """The objects of one render, by kind and name."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects: dict[tuple[str, str], Object] = {}
        for each in objects:
            key = (each["kind"], each["metadata"]["name"])
            if key in self._objects:
                raise HarnessError(f"{key[0]} {key[1]} is rendered twice")
            self._objects[key] = each

    @classmethod
    def parse(cls, text: str) -> Manifests:
        """From the text that `helm template` prints; documents without content are left out.

        Raises:
            HarnessError: it is not YAML, has a key twice, an object twice, or something that is not an object.
        """
        documents = [d for d in load_all(text) if d is not None]
        for each in documents:
            if not isinstance(each, dict) or not each.get("kind") or not (each.get("metadata") or {}).get("name"):
                raise HarnessError(f"Rendered, but no Kubernetes object: {str(each)[:200]}")
        return cls(documents)

    def __getitem__(self, key: tuple[str, str]) -> Object:
        if key not in self._objects:
            kind, name = key
            there = ", ".join(n for k, n in self._objects if k == kind) or "none"
            raise KeyError(f"no {kind} {name}; there is: {there}")
        return self._objects[key]

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._objects

    def __iter__(self) -> Iterator[Object]:
        return iter(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def kind(self, kind: str) -> list[Object]:
        """The objects of one kind, in the order of the render."""
        return [each for (k, _), each in self._objects.items() if k == kind]


def container(workload: Object, name: str | None = None) -> Object:
    """The container of that name (init containers too), or the only one."""
    spec = pod_spec(workload)
    if name is None:
        (only,) = spec["containers"]
        return dict(only)
    found = {c["name"]: c for c in (*spec["containers"], *spec.get("initContainers", ()))}
    if name not in found:
        raise KeyError(f"no container {name}; there is: {', '.join(found)}")
    return dict(found[name])


def holds(each: Object, condition: str) -> bool:
    """Whether this condition of an object's status is true."""
    found = each.get("status", {}).get("conditions", ())
    return any(of["type"] == condition and of["status"] == "True" for of in found)


def environment(of: Mapping[str, Any]) -> dict[str, Any]:
    """A container's variables: name to value, or to `valueFrom` where it has one.

    Raises:
        HarnessError: a name is there twice, which server-side apply refuses.
    """
    variables: dict[str, Any] = {}
    for each in of.get("env", ()):
        if each["name"] in variables:
            raise HarnessError(f"{each['name']} is in env twice")
        variables[each["name"]] = each["valueFrom"] if "valueFrom" in each else each.get("value", "")
    return variables
