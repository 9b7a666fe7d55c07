"""Many renders of the chart in one call of Helm's library, which otherwise reads all templates again for each of them.

The templates become partials of another chart, whose only template includes them for each set of values, in the order
in which Helm executes them; Helm merges each set with the chart's own values. tests/harness/test_batch.py proves that
what comes of it is what single renders give.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from helm_python import Chart, _native
from helm_python import HelmError as LibraryError

from harness.helm import Helm, HelmError
from harness.inprocess import InProcess, archived, refusal, render, to_json

Rendered = dict[str, str]
"""What each template renders, by its path; the notes are one of them."""

SIZE = 25
"""Sets in one call: more of them hardly save more."""

BATCH = "templates/batch.txt"
EACH_SET = """
{{- define "inference-stack.validate" -}}
{{- with include "inference-stack.refusal" . }}{{ $_ := set $ "refused" . }}{{ end -}}
{{- end -}}
{{- $ofTheChart := dict -}}
{{- range .Values.sets }}
{{- $root := merge (dict "Values" . "Release" $.Release "Chart" $.Chart "Capabilities" $.Capabilities) $ofTheChart -}}
{{- $_ := set $root "Files" $.Files }}{{ $_ := set $root "refused" "" -}}
{{- $rendered := dict -}}
{{- range $.Values.templates -}}
{{- if not $root.refused }}{{ $_ := set $rendered .name (include .partial $root) }}{{ end -}}
{{- end }}
{{- $ofTheChart = pick $root "chartDefaults" "presets" }}
{{ dict "refused" $root.refused "rendered" $rendered | toJson }}
{{- end }}
"""
"""A refusal ends Helm's call; here it is kept, and ends the templates of its own set. The chart's defaults and
what is known of the engines, which no values change, are read once for all sets.
"""


class Batch:
    """The chart in a directory as it is now; the values are not held against its schema."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._single = InProcess()
        self._chart = Chart.load(directory)
        templates = {each["name"]: each["data"] for each in self._chart.templates}
        named = {name: _partial(name) if _is_executed(name) else name for name in templates}
        self._batch = archived(
            {"Chart.yaml": to_json(self._chart.metadata).encode()}
            | {each["name"]: each["data"].encode() for each in self._chart.files}
            | {partial: templates[name].encode() for name, partial in named.items()}
            | {BATCH: EACH_SET.encode()}
        )
        self._name = self._chart.name
        executed = sorted(filter(_is_executed, templates), key=lambda name: (name.count("/"), name), reverse=True)
        self._templates = [
            {"name": f"{self._name}/{name}", "partial": f"{self._name}/{named[name]}"} for name in executed
        ]

    def render(self, sets: Sequence[Mapping[str, Any]]) -> list[Rendered | HelmError]:
        """What comes of each set of values: what the templates render, or the refusal."""
        return [answer for start in range(0, len(sets), SIZE) for answer in self._together(sets[start : start + SIZE])]

    def _together(self, sets: Sequence[Mapping[str, Any]]) -> list[Rendered | HelmError]:
        merged = [
            _native.call_string("helm_chart_merge_values", self._chart._raw(), to_json(values)) for values in sets
        ]
        values = f'{{"sets": [{",".join(merged)}], "templates": {to_json(self._templates)}}}'
        try:
            text = render(self._batch, values)[f"{self._name}/{BATCH}"]
        except LibraryError:  # a template's error, which ends the call, and is that of one set
            half = len(sets) // 2
            return [*self._together(sets[:half]), *self._together(sets[half:])] if half else [self._alone(*sets)]
        Helm.renders += len(sets)
        return [self._answer(**json.loads(line)) for line in text.strip().split("\n")]

    def _answer(self, refused: str, rendered: Rendered) -> Rendered | HelmError:
        at = f"{self._name}/templates/validate.yaml:1:4"
        return refusal(self.directory, f"Error: execution error at ({at}): {refused}") if refused else rendered

    def _alone(self, values: Mapping[str, Any]) -> Rendered | HelmError:
        try:
            return self._single.render(self.directory, values, skip_schema=True)
        except HelmError as error:
            return error


def _is_executed(template: str) -> bool:
    return not PurePosixPath(template).name.startswith("_")


def _partial(template: str) -> str:
    """A name under which Helm reads a template and does not execute it."""
    path = PurePosixPath(template)
    return str(path.with_name(f"_file-{path.name}"))
