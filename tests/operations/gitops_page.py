"""The objects that docs/gitops.md prints."""

from __future__ import annotations

from harness.docs.markdown import blocks
from harness.manifests import Object, load_all
from harness.paths import ROOT

NAME = "my-stack"
"""Of the release: the Application's and the HelmRelease's name."""


def printed(*kinds: str) -> list[Object]:
    """The objects of these kinds, each of which is printed once."""
    texts = [each.text for each in blocks((ROOT / "docs" / "gitops.md").read_text()) if "\nkind: " in each.text]
    found = {each["kind"]: each for each in load_all("\n---\n".join(texts)) if each["kind"] in kinds}
    return [found[kind] for kind in kinds]
