"""The chart's defaults as its templates read them: files/defaults.json.

Helm lets a template see its values, but not what the chart's own were before a user, or `--reuse-values`, changed them.
So they are written once more, from values.yaml, into a file that templates can read.
"""

from __future__ import annotations

import json

import yaml

from harness.paths import ROOT

FILE = ROOT / "files" / "defaults.json"


def text() -> str:
    """What the file has to hold: the default of each key that is a map of the chart's, as JSON."""
    values = yaml.safe_load((ROOT / "values.yaml").read_text())
    return json.dumps({k: v for k, v in values.items() if isinstance(v, dict) and v}, indent=1) + "\n"
