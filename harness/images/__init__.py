"""Images made of this machine's files: the real gateway, a real small engine, and stand-ins for the large engines.

No Docker, no registry and no download of an image is needed: `catalog.py` lists which image serves which name.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.image_name import ImageName
from harness.images.archive import ImageArchive

__all__ = ["ImageArchive", "build", "known"]


def build(references: Iterable[str]) -> list[ImageArchive]:
    """The images behind these references, each once, from the cache or made.

    Raises:
        HarnessError: nothing here answers for one of the names, or the making failed.
    """
    # Imported here: the programs inside the images are below this package, and have not what the catalog needs.
    from harness.images import catalog

    names = dict.fromkeys(map(ImageName.parse, references))
    for name in names:
        if not catalog.recipe(name):
            catalog.build(name)  # refuses, before anything else is made
    return [catalog.build(name) for name in names]


def known(reference: str) -> bool:
    """Whether an image made here answers for this name."""
    from harness.images import catalog

    return catalog.recipe(ImageName.parse(reference)) is not None
