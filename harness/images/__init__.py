"""Images made of this machine's files: the real gateway, a real small engine, and stand-ins for the large engines.

No Docker, no registry and no download of an image is needed: `catalog.py` lists which image serves which name.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.image_name import ImageName
from harness.images.archive import ImageArchive

__all__ = ["ImageArchive", "build"]


def build(references: Iterable[str]) -> list[ImageArchive]:
    """The images behind these references, each once, from the cache or made.

    Raises:
        HarnessError: nothing here answers for one of the names (before any is made), or the making failed.
    """
    # Imported here: the programs inside the images are below this package, and have not what the catalog needs.
    from harness.images import catalog

    recipes = {name: catalog.recipe(name) for name in map(ImageName.parse, references)}
    return [recipe.build(name) for name, recipe in recipes.items()]
