"""The README's snippets and every example, installed from the registry and tested through the gateway."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.answers import check_every_alias
from tests.cluster.conftest import Install, Row, assigned
from tests.snippets import SNIPPETS, Snippet


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_of_the_readme_installs_and_every_alias_answers(
    snippet: Snippet, install: Install, record: Callable[[Row], None]
) -> None:
    check_every_alias(install(snippet.values), snippet.title, record)


def test_an_example_installs_and_every_alias_answers(
    example: Path, install: Install, record: Callable[[Row], None]
) -> None:
    check_every_alias(install(example, sets=assigned(example)), f"example {example.stem}", record)
