"""The chart's defaults as its templates read them: files/defaults.json.

Helm lets a template see its values, but not what the chart's own were before a user, or `--reuse-values`, changed them.
So they are written once more, from values.yaml, into a file that templates can read.
"""

from __future__ import annotations

import json

import yaml

from harness.paths import ROOT

FILE = ROOT / "files" / "defaults.json"
KEYS = ("onwards", "modelGroupDefaults", "ingress", "httpRoute", "networkPolicy", "serviceMonitor")


def text() -> str:
    """What the file has to hold: the defaults below `KEYS`, as JSON."""
    values = yaml.safe_load((ROOT / "values.yaml").read_text())
    return json.dumps({key: values[key] for key in KEYS}, indent=1) + "\n"
