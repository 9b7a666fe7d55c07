"""`python -m harness.golden [--check]`: write what the chart renders into tests/golden, one file for each object.

They show a reader of a change what it does to the objects of the examples and of the defaults. No test asserts with
them: what the chart promises is tested by name in tests/chart.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from harness import generated
from harness.errors import HarnessError
from harness.helm import Helm
from harness.manifests import Loader, Manifests, load
from harness.paths import ROOT, examples

TREE = ROOT / "tests" / "golden"
RELEASE = "inference-stack"
"""Its objects have the shortest names."""

CHANGING = {"helm.sh/chart": "(chart)", "app.kubernetes.io/version": "(version)"}
"""Labels that change with every release; the checksums of a pod's annotations change with what is shown anyway."""


class Dumper(yaml.SafeDumper):
    """Quotes what Kubernetes would read as something else than text, and writes texts of several lines as such."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's own
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, Dumper.represent_text)


def normalised(value: Any, version: str) -> Any:
    """A copy without what changes with each release: versions of chart and gateway, and checksums."""
    if isinstance(value, dict):
        return {
            key: "(checksum)" if key.startswith("checksum/") else CHANGING.get(key) or normalised(below, version)
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [normalised(below, version) for below in value]
    return value.replace(f"onwards:{version}", "onwards:(version)") if isinstance(value, str) else value


def golden() -> dict[Path, str]:
    """Each file with what it has to hold: `<example>/<Kind>-<name>.yaml`, and `defaults` beside the examples.

    Raises:
        HarnessError: the chart refuses an example, or renders what is no manifest.
    """
    version = load((ROOT / "Chart.yaml").read_text())["appVersion"]
    helm = Helm()
    files: dict[Path, str] = {}
    for example in (None, *examples()):
        rendered = helm.template(ROOT, release=RELEASE, values=[example] if example else [])
        for each in Manifests.parse(rendered):
            path = TREE / (example.stem if example else "defaults") / f"{each['kind']}-{each['metadata']['name']}.yaml"
            files[path] = yaml.dump(
                normalised(each, version), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=float("inf")
            )
    return files


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s golden --", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options = parser.parse_args()
    try:
        files = golden()
        if options.check:
            generated.check(files, "nox -s golden", TREE)
        else:
            generated.write(files, TREE)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
