"""The images that manifests use."""

from __future__ import annotations

from collections.abc import Iterable

from inference_stack.documents import Object, pod_templates


def images(objects: Iterable[Object]) -> list[str]:
    """Every image as it is written, sorted: of containers, init containers, and volumes that are images."""
    found = set()
    for spec in (template["spec"] for each in objects for template in pod_templates(each)):
        for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
            found.add(str(container["image"]))
        found.update(str(each["image"]["reference"]) for each in spec.get("volumes") or () if each.get("image"))
    return sorted(found)
