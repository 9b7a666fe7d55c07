from __future__ import annotations

from pathlib import Path

import yaml

from harness.golden import OBJECTS, TREE, Dumper, golden, normalised, written
from harness.images.onwards import version
from harness.manifests import load
from tests.chart.all_options import ALL_OPTIONS
from tests.properties.strategies import ODD_STRINGS
from tests.support import Render

FILES = golden()


def test_the_files_of_an_example_and_of_the_defaults_are_all_that_it_renders(example: Path) -> None:
    names = FILES[TREE / example.stem / OBJECTS].split()
    read = {name: FILES.get(TREE / example.stem / name) or FILES[TREE / "defaults" / name] for name in names}
    assert read == written([example], version())


def test_what_is_written_reads_as_the_object_that_was_rendered(render: Render) -> None:
    for each in (*render(ALL_OPTIONS), {"texts": [*ODD_STRINGS, "y", "0o7", "1_000", "2026-01-01"]}):
        assert load(yaml.dump(each, Dumper=Dumper, allow_unicode=True, width=float("inf"))) == each


def test_what_changes_with_each_release_is_left_out() -> None:
    labels = {"helm.sh/chart": "inference-stack-1.2.3", "app.kubernetes.io/version": "4.5.6", "a": "4.5.6"}
    pod = {"annotations": {"checksum/config": "0a1b"}, "containers": [{"image": "r/onwards:4.5.6", "ports": [1]}]}
    assert normalised({"labels": labels, "pod": pod}, "4.5.6") == {
        "labels": {"helm.sh/chart": "(chart)", "app.kubernetes.io/version": "(version)", "a": "4.5.6"},
        "pod": {
            "annotations": {"checksum/config": "(checksum)"},
            "containers": [{"image": "r/onwards:(version)", "ports": [1]}],
        },
    }
