"""kube-score: every grade below its best is a finding, warnings included."""

from __future__ import annotations

import json
from typing import Any

from harness.errors import HarnessError
from harness.manifests import Manifests
from harness.run import run
from harness.scan import Finding
from harness.tools import tool
from harness.tools.pins import KUBERNETES

BEST = 10


def scan(manifests: Manifests) -> set[Finding]:
    """The findings in one render.

    Raises:
        HarnessError: kube-score cannot be built, or does not understand the objects.
    """
    version = ".".join(map(str, KUBERNETES))
    options = ["--output-format", "json", "--kubernetes-version", f"v{version}"]
    text = "\n---\n".join(json.dumps(each) for each in manifests)
    done = run([tool("kube-score"), "score", *options, "-"], stdin=text, check=False)  # 1 if there are findings
    try:
        return read(json.loads(done.stdout))
    except ValueError as error:
        raise HarnessError(f"kube-score ended with code {done.returncode}: {done.stderr or done.stdout}") from error


def read(report: list[dict[str, Any]]) -> set[Finding]:
    """The findings in kube-score's report."""
    return {
        Finding("kube-score", check["check"]["id"], f"{of['type_meta']['kind']}/{of['object_meta']['name']}")
        for of in report
        for check in of["checks"]
        if not check["skipped"] and check["grade"] < BEST
    }
