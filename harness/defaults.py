"""The chart's defaults as its templates read them: `python -m harness.defaults [--check]`.

Helm lets a template see its values, but not what the chart's own were before a user, or `--reuse-values`, changed them.
So they are written once more, from values.yaml, into a file that templates can read.
"""

from __future__ import annotations

import argparse
import json
import sys

import yaml

from harness import generated
from harness.errors import HarnessError
from harness.paths import ROOT

FILE = ROOT / "files" / "defaults.json"
KEYS = ("onwards", "modelGroupDefaults", "ingress", "httpRoute", "networkPolicy", "serviceMonitor")


def text() -> str:
    """What the file has to hold: all keys of the root, and the defaults below `KEYS`, as JSON."""
    values = yaml.safe_load((ROOT / "values.yaml").read_text())
    return json.dumps({"root": list(values), **{key: values[key] for key in KEYS}}, indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.defaults", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    wanted = text()
    if not parser.parse_args().check:
        FILE.write_text(wanted)
    try:
        generated.check({FILE: wanted}, "python -m harness.defaults")
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
