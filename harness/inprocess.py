"""Helm's library in this process: a render takes a sixth of the time, since no program starts.

The package helm-python-sdk wraps the Go library of Helm 4.2. It is young, and not the Helm that people run: it renders
where many renders are wanted, and tests/chart/test_helms.py proves that the programs render and refuse the same.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.helm import RENDERS, Fingerprint, Helm, HelmError, Render, fingerprint
from harness.run import Completed
from harness.tools.pins import parse_version

# Go's collector otherwise takes a third of the time, on threads that other tests want, which have a process for each
# core. Both are read when the library is loaded.
os.environ.setdefault("GOGC", "1600")
os.environ.setdefault("GOMAXPROCS", "1")

import jsonschema_rs
from helm_python import Chart, _native, values_from_yaml
from helm_python import HelmError as LibraryError

NOTES = "templates/NOTES.txt"
SCHEMA = "values.schema.json"


class InProcess(Helm):
    """The `Helm` that renders in this process: `template` and `notes`, and nothing that needs a cluster.

    `instead` names charts that are rendered in the place of others: tests of one chart can so be run on a changed one.
    """

    def __init__(self, namespace: str = "default", instead: Mapping[Path, Path] | None = None) -> None:
        super().__init__(Path(_native.__file__), namespace=namespace)
        self._instead = instead or {}
        self._charts: dict[Path, Loaded] = {}

    @cached_property
    def major(self) -> int:
        return parse_version(_native.helm_sdk_version())[0]

    def template(self, chart: Path | str, **inputs: Any) -> str:
        """The rendered manifests, in the order of the templates' names; the program orders them by kind.

        `sets` replace values completely: an index (`a[0]=b`) makes a new list.

        Raises:
            HelmError: the chart refuses the values.
        """
        return super().template(self._instead.get(Path(chart), chart), **inputs)

    def render(self, render: Render) -> dict[str, str]:
        """What each template renders, by its path; the notes are one of them. Nothing is cached.

        Raises:
            HelmError: the chart refuses the values.
        """
        options = {
            "name": render.release,
            "namespace": self.namespace,
            "is_install": not render.upgrade,
            "is_upgrade": render.upgrade,
            "kube_version": render.kube_version,
            "api_versions": list(render.api_versions),
        }
        loaded = self._loaded(self._instead.get(Path(render.chart), Path(render.chart)))
        values = _json(_merged(render))
        try:
            # The public `Chart.render` has no Kubernetes version, and passes everything else to this very call.
            chart = loaded.chart_for(values, render.skip_schema)
            text = _native.call_string("helm_render", chart._raw(), values, _json(options))
        except LibraryError as error:
            message = f"Error: {error.detail}"
            done = Completed(("helm", "template", str(render.chart)), 1, "", message)
            raise HelmError(f"Helm refuses {render.chart}: {message}", "", done) from error
        rendered: dict[str, str] = json.loads(text)
        return rendered

    def _manifests(self, render: Render) -> str:
        rendered = sorted(self.render(render).items())
        return "".join(
            f"---\n# Source: {name}\n{text.strip()}\n" for name, text in rendered if not name.endswith(NOTES)
        )

    def notes(self, chart: Path | str, **inputs: Any) -> str:
        """NOTES.txt as an installation prints it."""
        rendered = self.render(Render(chart, **inputs))
        return next((text for name, text in rendered.items() if name.endswith(NOTES)), "")

    def _loaded(self, chart: Path) -> Loaded:
        """The chart as it is on the disk now, read again only when one of its files has changed."""
        state = fingerprint(chart)
        known = self._charts.get(chart)
        if known is None or known.state != state:
            if known:
                RENDERS.clear()  # of the chart as it was, mostly
            known = self._charts[chart] = Loaded(chart, state)
        return known


class Loaded:
    """The chart of a directory, with its schema and without."""

    def __init__(self, directory: Path, state: Fingerprint) -> None:
        self.state = state
        self.complete = Chart.load(directory)
        self.without_schema = _without_schema(directory, state)
        schema = directory / SCHEMA
        self._validator = jsonschema_rs.validator_for(json.loads(schema.read_text()) if schema.exists() else True)

    def chart_for(self, values: str, skip_schema: bool) -> Chart:
        """The one to render: without the schema if that is to be skipped, or accepts the values anyway.

        Helm reads the schema for each render, which takes half of its time; here that is done once. What is refused
        here is left to Helm.
        """
        if not skip_schema:
            merged = _native.call_string("helm_chart_merge_values", self.complete._raw(), values)
            skip_schema = self._validator.is_valid(json.loads(merged))
        return self.without_schema if skip_schema else self.complete


def _without_schema(directory: Path, state: Fingerprint) -> Chart:
    """The chart, packed without its schema: the library has no other way to skip it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for path in (Path(name) for name, _, _ in state):
            if path.name != SCHEMA:
                archive.add(path, Path("chart") / path.relative_to(directory))
    return Chart.load_archive(packed.getvalue())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # Helm reads no escaped surrogate pairs


def _merged(render: Render) -> dict[str, Any]:
    """The values and sets as one map."""
    layers = [values_from_yaml(each.read_text()) if isinstance(each, Path) else each for each in render.values]
    layers += [json.loads(_native.call_string("helm_strvals_parse", each)) for each in render.sets]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _over(merged, layer)
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `below`, overridden by those of `above` as Helm does it: maps merge, all else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged
