"""What rules that hold for every release are checked on."""

from __future__ import annotations

from harness.paths import examples
from tests.chart.all_options import ALL_OPTIONS
from tests.snippets import SNIPPETS
from tests.support import Values

CASES: dict[str, Values] = {
    "defaults": None,
    **{f"example-{path.stem}": path for path in examples()},
    **{f"snippet-{name}": snippet.values for name, snippet in SNIPPETS.items()},
    "all-options": ALL_OPTIONS,
    "autoscaled": {"onwards": {"autoscaling": {"enabled": True}}},
}
