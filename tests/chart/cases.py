"""Values on which the invariants are checked."""

from __future__ import annotations

from harness.paths import examples
from tests.chart.all_options import ALL_OPTIONS
from tests.chart.test_values_0_4 import STORED, USED
from tests.snippets import SNIPPETS
from tests.support import Values

CASES: dict[str, Values] = {
    "defaults": None,
    **{f"example-{path.stem}": path for path in examples()},
    **{f"snippet-{name}": snippet.values for name, snippet in SNIPPETS.items()},
    "all-options": ALL_OPTIONS,
    "autoscaled": {"onwards": {"autoscaling": {"enabled": True}}},
}

ACCEPTED: dict[str, Values] = {**CASES, "stored-0.4": STORED, "used-0.4": USED}
"""CASES and the values of 0.4 releases."""
