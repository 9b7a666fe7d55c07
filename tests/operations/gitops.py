"""What the tests of Argo CD and Flux share: the objects that their page prints, and values that the chart refuses."""

from __future__ import annotations

from typing import Any

import pytest

from harness.docs.markdown import blocks
from harness.helm import Helm, HelmError
from harness.manifests import Manifests, Object, load_all
from harness.paths import ROOT

NAME = "my-stack"
"""Of the release: the Application's and the HelmRelease's name."""

REFUSED = pytest.mark.parametrize(
    "group",
    [{"modelAlias": None}, {"modelName": "org/m", "argss": []}],
    ids=["by a rule", "by the schema"],
)
"""What is set in a group that is right without."""


def printed(*kinds: str) -> list[Object]:
    """The objects of these kinds, each of which the page prints once."""
    texts = [each.text for each in blocks((ROOT / "docs" / "gitops.md").read_text()) if "\nkind: " in each.text]
    found = {each["kind"]: each for each in load_all("\n---\n".join(texts)) if each["kind"] in kinds}
    return [found[kind] for kind in kinds]


def is_hook(each: Object) -> bool:
    return "helm.sh/hook" in each["metadata"].get("annotations", {})


def rendered(namespace: str, values: Any) -> Manifests:
    """What `helm template` prints for the release."""
    return Manifests.parse(Helm(namespace=namespace).template(ROOT, release=NAME, values=[values]))


def refusal(values: dict[str, Any]) -> str:
    """In Helm's own words."""
    with pytest.raises(HelmError) as caught:
        rendered("default", values)
    return caught.value.output.removeprefix("Error: ").partition("\n\nUse --debug")[0].strip()
