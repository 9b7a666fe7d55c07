"""checkov, run once for all renders: it takes seconds to start. It sends and fetches nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.errors import HarnessError
from harness.manifests import Manifests
from harness.run import run
from harness.scan import Finding

PROGRAM = Path(sys.executable).with_name("checkov")


def scan(renders: Mapping[str, Manifests]) -> dict[str, set[Finding]]:
    """The findings in each of the renders.

    Raises:
        HarnessError: checkov is not in this environment, fails, or cannot read a file.
    """
    with TemporaryDirectory() as directory:
        for name, manifests in renders.items():
            documents = (json.dumps(each, indent=1) for each in manifests)  # JSON is YAML
            (Path(directory) / f"{name}.yaml").write_text("\n---\n".join(documents))
        options = ["--framework", "kubernetes", "--output", "json", "--quiet", "--compact", "--soft-fail"]
        hint = "Run it by `nox -s scan`, which has an environment with checkov."
        done = run([PROGRAM, "--directory", directory, *options, "--skip-download"], hint=hint)
    return read(json.loads(done.stdout), renders)


def read(report: dict[str, Any], renders: Mapping[str, Manifests]) -> dict[str, set[Finding]]:
    """The findings in checkov's report, by render.

    Raises:
        HarnessError: a file was not read, or not every object of the renders was looked at.
    """
    summary = report["summary"]
    wanted = sum(len(manifests) for manifests in renders.values())
    if summary["parsing_errors"] or summary["resource_count"] < wanted:
        raise HarnessError(f"checkov did not read everything: {summary}, where {wanted} objects are")
    found: dict[str, set[Finding]] = {name: set() for name in renders}
    for each in report["results"]["failed_checks"]:
        # A resource is kind.namespace.name, and what follows a further dot are labels.
        kind, _, name = each["resource"].split(".")[:3]
        found[Path(each["file_path"]).stem].add(Finding("checkov", each["check_id"], f"{kind}/{name}"))
    return found
