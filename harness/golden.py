"""What the chart renders, as tests/golden has it: one file for each object.

An example's directory has the objects that differ from the defaults', and the names of all in `OBJECTS`, so that an
object that was removed is seen too. They show a reader of a change what it does to the objects of the examples and of
the defaults. No test asserts with them: what the chart promises is tested by name in tests/chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.helm import Helm
from harness.manifests import Loader, Manifests, load
from harness.paths import ROOT, examples

TREE = ROOT / "tests" / "golden"
RELEASE = "inference-stack"
"""Its objects have the shortest names."""

OBJECTS = "objects.txt"
"""The names of an example's objects; one without a file beside it is as the defaults have it."""

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
    """Each file with what it has to hold: `<Kind>-<name>.yaml` and `OBJECTS` in a directory for each example, and one
    for the defaults.

    Raises:
        HarnessError: the chart refuses an example, or renders something that is not a manifest.
    """
    version = load((ROOT / "Chart.yaml").read_text())["appVersion"]
    defaults = written([], version)
    files = {TREE / "defaults" / name: text for name, text in defaults.items()}
    for example in examples():
        texts = written([example], version)
        files[TREE / example.stem / OBJECTS] = "".join(f"{name}\n" for name in sorted(texts))
        files |= {TREE / example.stem / name: text for name, text in texts.items() if defaults.get(name) != text}
    return files


def written(values: Sequence[Path], version: str) -> dict[str, str]:
    """The objects of one render as YAML, by their file's name; `version` is the gateway's."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": float("inf")}
    return {
        f"{each['kind']}-{each['metadata']['name']}.yaml": yaml.dump(
            normalised(each, version), Dumper=Dumper, **options
        )
        for each in Manifests.parse(Helm().template(ROOT, release=RELEASE, values=values))
    }
