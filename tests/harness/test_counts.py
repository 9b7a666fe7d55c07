"""What is counted is what there was."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import pytest

from harness.counts import Counts
from harness.paths import ROOT
from harness.run import run

TESTS = """
from harness.helm import Helm
import pytest

@pytest.mark.parametrize("number", range(3))
def test_two_assertions(number):
    assert number < 3
    for each in range(1):
        assert each == 0

def test_renders(tmp_path):
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: tiny, version: 0.1.0}")
    for _ in range(2):
        Helm().template(tmp_path)
    Helm().template(tmp_path, "other")

def test_sets(record_property):
    record_property("generated value sets", 7)
    record_property("mutants", 10)
    record_property("mutants killed", 9)
    record_property("something else", "text")

def test_that_fails():
    assert True
    assert not 1
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_assertions_renders_and_what_tests_record_are_added_up(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    xml = tmp_path / "report.xml"
    words = ["-m", "pytest", f"--config-file={ROOT / 'pyproject.toml'}", "-p", "no:cacheprovider"]
    options = [f"--numprocesses={workers}", f"--junit-xml={xml}"]
    done = run([sys.executable, *words, *options, tmp_path], cwd=ROOT, check=False)
    rows = dict(line.strip("│").split("│") for line in done.stdout.splitlines() if line.startswith("│"))
    shown = {name.strip(): count.strip() for name, count in rows.items()}
    assert shown.pop("seconds").isdecimal()
    assert shown.pop("generated value sets").startswith("7, ")
    assert shown == {"tests passed": "5", "assertions": "7", "renders": "2", "mutants killed": "9 of 10"}
    properties = ElementTree.parse(xml).iter("property")
    assert sum(int(each.get("value", 0)) for each in properties if each.get("name") == "assertions") == 7


def report(worker: str, when: Literal["call", "teardown"], seconds: float) -> pytest.TestReport:
    properties: list[tuple[str, object]] = [("generated value sets", 40)]
    place = ("test_it.py", 1, worker)
    made = pytest.TestReport(worker, place, {}, "passed", None, when, user_properties=properties, duration=seconds)
    vars(made)["worker_id"] = worker  # as pytest-xdist does
    return made


def test_the_rate_is_of_the_time_of_all_workers() -> None:
    reports = [report(worker, when, 4.0) for worker in ("gw0", "gw1") for when in ("call", "teardown")]
    assert Counts(reports).rows()["generated value sets"] == "80, 20 a second"
