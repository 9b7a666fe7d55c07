"""How many sets of values are made: `--hypothesis-profile=long` makes thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from harness.counts import SETS
from harness.paths import cache_dir
from tests.properties import checks

# Repeatable: what is drawn follows from each test's own seed, and nothing is remembered from the last run.
COMMON = settings(
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("default", COMMON, max_examples=40)
settings.register_profile("long", COMMON, max_examples=350)
settings.load_profile("default")
set_hypothesis_home_dir(cache_dir("hypothesis"))  # else it lies in the checkout, which is the chart


@pytest.fixture(autouse=True)
def counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    before = checks.answered_sets
    yield
    record_property(SETS, checks.answered_sets - before)
