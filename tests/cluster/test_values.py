"""The README's snippets and every example, installed from the registry and tested through the gateway.

The disruption budgets of the examples are asked for evictions, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.answers import check_every_alias
from tests.cluster.conftest import Install, Measured, Row, assigned
from tests.cluster.evictions import check_every_budget
from tests.snippets import SNIPPETS, Snippet


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_a_snippet_of_the_readme_installs_and_every_alias_answers(
    snippet: Snippet, install: Install, record: Callable[[Row], None]
) -> None:
    check_every_alias(install(snippet.values), snippet.title, record)


def test_an_example_installs_and_every_alias_answers_and_every_budget_lets_pods_go(
    example: Path, install: Install, record: Callable[[Row], None], measured: Measured
) -> None:
    installed = install(example, sets=assigned(example))
    check_every_alias(installed, f"example {example.stem}", record)
    for name, counts in check_every_budget(installed).items():
        measured(f"pods of {name}, and evictions at once", counts)
