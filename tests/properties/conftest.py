"""How many sets of values are made, and how fast: `--hypothesis-profile=long` makes thousands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from harness.paths import cache_dir
from tests.properties import checks

SETS = "generated value sets"

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

_started = time.monotonic()


@pytest.fixture(autouse=True)
def counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    before = checks.rendered_sets
    yield
    record_property(SETS, checks.rendered_sets - before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        each for found in terminalreporter.stats.values() for each in found if isinstance(each, pytest.TestReport)
    ]
    sets = sum(
        int(str(n)) for each in reports if each.when == "teardown" for name, n in each.user_properties if name == SETS
    )
    if sets:
        wall = time.monotonic() - _started
        terminalreporter.write_line(f"{sets} {SETS} rendered and checked in {wall:.0f} s, {sets / wall:.0f} a second")
