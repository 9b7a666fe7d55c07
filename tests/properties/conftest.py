"""How many sets of values are made: `--hypothesis-profile=long` makes thousands."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from harness.paths import cache_dir

# Repeatable: what is drawn follows from each test's own code, and nothing is remembered from the last run.
COMMON = settings(
    database=None,
    deadline=None,
    derandomize=True,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("default", COMMON, max_examples=60)
settings.register_profile("long", COMMON, max_examples=700)
settings.load_profile("default")
set_hypothesis_home_dir(cache_dir("hypothesis"))  # else it lies in the checkout, which is the chart
