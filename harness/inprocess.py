"""Helm's library in this process: a render takes a sixth of the time, since no program starts.

The package helm-python-sdk wraps the Go library of Helm 4.2. It is young, and not the Helm that people run, so it
renders only where thousands of renders are wanted; tests/harness/test_inprocess.py proves that the two say the same.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.helm import KUBE_VERSION, Helm, HelmError, Values, fingerprint
from harness.run import Completed

# Go's collector otherwise takes a third of the time, on threads that other tests want, which have a process for each
# core. Both are read when the library is loaded.
os.environ.setdefault("GOGC", "1600")
os.environ.setdefault("GOMAXPROCS", "1")

from helm_python import Chart, _native, values_from_yaml
from helm_python import HelmError as LibraryError

NOTES = "templates/NOTES.txt"
SCHEMA = "values.schema.json"


class InProcess(Helm):
    """The `Helm` that renders in this process: `template` and `notes`, and nothing that asks a cluster.

    `instead` names charts that are rendered in the place of others: tests of one chart can so be run on a changed one.
    """

    def __init__(self, namespace: str = "default", instead: Mapping[Path, Path] | None = None) -> None:
        super().__init__(Path(_native.__file__), namespace=namespace)
        self._instead = instead or {}
        self._charts: dict[tuple[Path, bool], tuple[object, Chart]] = {}
        self._kept: dict[tuple[object, ...], dict[str, str]] = {}

    @cached_property
    def version(self) -> str:
        """The full version of the library, such as `4.2.3`."""
        return _native.helm_sdk_version().removeprefix("v")

    def template(
        self,
        chart: Path | str,
        release: str = "test-release",
        values: Sequence[Values] = (),
        sets: Sequence[str] = (),
        kube_version: str = KUBE_VERSION,
        api_versions: Sequence[str] = (),
        show_only: Sequence[str] = (),
        skip_schema: bool = False,
    ) -> str:
        """The rendered manifests, in the order of the templates' names; the program orders them by kind. They are kept.

        `sets` are laid over the values whole: an index (`a[0]=b`) makes a list of its own.

        Raises:
            HelmError: the chart refuses the values.
        """
        merged = _merged(values, sets)
        key = (self._loaded(Path(chart), skip_schema), to_json(merged), release, kube_version, *api_versions)
        if key not in self._kept:
            self._kept[key] = self.render(chart, merged, release, kube_version, api_versions, skip_schema)
        return "".join(
            f"---\n# Source: {name}\n{text.strip()}\n"
            for name, text in sorted(self._kept[key].items())
            if not name.endswith(NOTES) and (not show_only or name.partition("/")[2] in show_only)
        )

    def notes(
        self,
        chart: Path | str,
        release: str = "test-release",
        values: Sequence[Values] = (),
        sets: Sequence[str] = (),
    ) -> str:
        rendered = self.render(chart, _merged(values, sets), release)
        return next((text for name, text in rendered.items() if name.endswith(NOTES)), "")

    def render(
        self,
        chart: Path | str,
        values: Mapping[str, Any],
        release: str = "test-release",
        kube_version: str = KUBE_VERSION,
        api_versions: Sequence[str] = (),
        skip_schema: bool = False,
    ) -> dict[str, str]:
        """What each template renders, by its path; the notes are one of them. Nothing is kept.

        Raises:
            HelmError: the chart refuses the values.
        """
        loaded = self._loaded(Path(chart), skip_schema)
        Helm.renders += 1
        try:
            return render(loaded, to_json(values), self.namespace, release, kube_version, api_versions)
        except LibraryError as error:
            raise refusal(chart, f"Error: {error.detail}") from error

    def _loaded(self, chart: Path, skip_schema: bool) -> Chart:
        """The chart as it is on the disk now, read again only when one of its files has changed."""
        chart = self._instead.get(chart, chart)
        state = fingerprint(chart)
        known = self._charts.get((chart, skip_schema))
        if known is None or known[0] != state:
            loaded = without_schema(chart) if skip_schema else Chart.load(chart)
            known = self._charts[chart, skip_schema] = (state, loaded)
            self._kept.clear()  # what was rendered from the chart as it was
        return known[1]


def render(
    chart: Chart,
    values: str,
    namespace: str = "default",
    release: str = "test-release",
    kube_version: str = KUBE_VERSION,
    api_versions: Sequence[str] = (),
) -> dict[str, str]:
    """What each template of a loaded chart renders, by its path. `values` are JSON.

    Raises:
        helm_python.HelmError: the chart refuses the values.
    """
    options = {
        "name": release,
        "namespace": namespace,
        "is_install": True,
        "kube_version": kube_version,
        "api_versions": list(api_versions),
    }
    # The public `Chart.render` has no Kubernetes version, and passes everything else to this very call.
    rendered: dict[str, str] = json.loads(_native.call_string("helm_render", chart._raw(), values, to_json(options)))
    return rendered


def refusal(chart: Path | str, said: str) -> HelmError:
    return HelmError(f"Helm refuses {chart}: {said}", "", Completed(("helm", "template", str(chart)), 1, "", said))


def without_schema(chart: Path) -> Chart:
    """The chart of a directory without its schema: the library has no other way to skip it."""
    files = (Path(name) for name, _, _ in fingerprint(chart))
    return archived({str(path.relative_to(chart)): path.read_bytes() for path in files if path.name != SCHEMA})


def archived(files: Mapping[str, bytes]) -> Chart:
    """A chart of these files, which are nowhere on the disk."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"chart/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return Chart.load_archive(packed.getvalue())


def to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # Helm reads no escaped surrogate pairs


def _merged(values: Sequence[Values], sets: Sequence[str]) -> dict[str, Any]:
    layers: list[Mapping[str, Any]] = [values_from_yaml(v.read_text()) if isinstance(v, Path) else v for v in values]
    layers += [json.loads(_native.call_string("helm_strvals_parse", each)) for each in sets]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _over(merged, layer)
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values files laid over each other: maps merge, all else is replaced."""
    laid = dict(below)
    for key, value in above.items():
        under = laid.get(key)
        laid[key] = _over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return laid
