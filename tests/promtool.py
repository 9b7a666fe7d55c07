"""Prometheus' own judge of rules: what they record and fire, from series that are made up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.manifests import Manifests
from harness.run import Completed, run
from harness.tools.promtool import promtool

Series = Mapping[str, str]
"""A series with its labels -> values, as promtool writes them: `0+60x90` begins at 0 and adds 60 in each minute."""


def rule_groups(manifests: Manifests) -> list[dict[str, Any]]:
    """The groups of the one PrometheusRule of a render."""
    (rule,) = manifests.kind("PrometheusRule")
    return list(rule["spec"]["groups"])


def rules_of(manifests: Manifests, kind: str) -> dict[str, dict[str, Any]]:
    """Rules by their `record` or `alert`; of several of one name the last."""
    return {rule[kind]: rule for group in rule_groups(manifests) for rule in group["rules"] if kind in rule}


def write(directory: Path, groups: Iterable[Any]) -> Path:
    file = directory / "rules.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [*groups]}))
    return file


def check(directory: Path, groups: Iterable[Any]) -> Completed:
    return run([promtool(), "check", "rules", write(directory, groups)], check=False)


def unit_test(directory: Path, groups: Iterable[Any], tests: Iterable[Mapping[str, Any]]) -> Completed:
    """`promtool test rules`: each test has input_series, and what it expects of alerts or expressions."""
    file = directory / "tests.json"
    whole = {"rule_files": [write(directory, groups).name], "evaluation_interval": "1m", "tests": [*tests]}
    file.write_text(json.dumps(whole))
    return run([promtool(), "test", "rules", file], check=False)


def given(series: Series) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]
