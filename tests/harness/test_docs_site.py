"""Links between the repository's files, as the site has them."""

from __future__ import annotations

import pytest

from harness.docs.site import BOOST, FROM_ROOT, target
from harness.paths import ROOT

PAGES = {**FROM_ROOT, "docs/gpus.md": "gpus.md"}


@pytest.mark.parametrize(
    ("source", "link", "leads"),
    [
        ("README.md", "docs/gpus.md", "gpus.md"),
        ("docs/gpus.md", "../UPGRADING.md", "from-0.4.md"),
        ("docs/gpus.md", "gpus.md", "gpus.md"),
        ("docs/gpus.md", "../examples/laptop.yaml", "https://host/it/blob/main/examples/laptop.yaml"),
        ("README.md", "models/tiny/README.md", "https://host/it/blob/main/models/tiny/README.md"),
    ],
)
def test_a_link_leads_to_a_page_or_to_the_repository(source: str, link: str, leads: str) -> None:
    assert target(source, link, PAGES, "https://host/it/") == leads


def test_no_two_pages_differ_in_case_alone() -> None:
    """Some file systems would have them as one."""
    names = [name.lower() for name in PAGES.values()]
    assert len(set(names)) == len(names)


def test_the_pages_that_search_puts_behind_others_exist() -> None:
    assert [page for page in BOOST if not (ROOT / "docs" / page).is_file()] == []
