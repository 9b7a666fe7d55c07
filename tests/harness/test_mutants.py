"""Changes of the templates: made as they should be, remembered as long as they hold, and noticed by the tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import counts
from harness.mutants import __main__ as program
from harness.mutants.changes import Mutant, mutants
from harness.mutants.fates import STILLBORN, SURVIVED, Fates
from harness.mutants.order import Order
from harness.paths import ROOT
from harness.run import run

SAMPLE = 40
"""Mutants that are run with every run of the tests: the first of an order that is no template's."""


def mutant(before: str = "a: 1", after: str = "a: 2", file: str = "templates/_helpers/_pod.tpl") -> Mutant:
    return Mutant(Path(file), 2, before, after)


def chart(directory: Path, text: str) -> Path:
    (directory / "templates").mkdir()
    (directory / "templates" / "a.yaml").write_text(text)
    return directory


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("{{- if .Values.a }}", ["{{- if not (.Values.a)}}"]),
        ("enabled: true", ["", "enabled: false", "xenabled: true"]),
        ("port: {{ add 1 .port }}", ["", "port: {{ add 2 .port }}", "xport: {{ add 1 .port }}"]),
        ('{{- $all := eq $a "TCP" -}}', ['{{- $all := ne $a "TCP" -}}', '{{- $all := eq $a "xTCP" -}}']),
        ("{{- /* a comment: 1 */ -}}", []),
        ("{{- end }}", []),
        ("{{ toYaml .a | nindent 2 }}", [""]),
    ],
)
def test_a_line_is_changed_in_one_place(tmp_path: Path, line: str, after: list[str]) -> None:
    assert sorted(each.after for each in mutants(chart(tmp_path, line))) == sorted(after)


def test_the_other_lines_stay() -> None:
    assert mutant().text("kind: X\na: 1\nb: 2\n") == "kind: X\na: 2\nb: 2\n"


def test_the_order_is_the_same_each_time_and_no_templates() -> None:
    found = mutants(ROOT)
    assert found == mutants(ROOT)
    assert len({each.file for each in found[:SAMPLE]}) > 10


TESTS = {"test_a.py::one": "state-a", "test_a.py::two": "state-a", "test_b.py::three": "state-b"}


def test_a_fate_is_known_to_the_next_run(tmp_path: Path) -> None:
    ends = {mutant(after="b"): "test_a.py::two", mutant(after="c"): SURVIVED, mutant(after="d"): STILLBORN}
    first = Fates(TESTS, tmp_path / "fates")
    for each, end in ends.items():
        assert first.of(each) is None
        first.add(each, end)
    second = Fates(TESTS, tmp_path / "fates")
    assert {each: second.of(each) for each in ends} == ends


def test_a_kill_holds_while_its_test_is_the_same(tmp_path: Path) -> None:
    Fates(TESTS, tmp_path / "fates").add(mutant(), "test_a.py::two")
    assert Fates({**TESTS, "test_b.py::three": "changed"}, tmp_path / "fates").of(mutant()) == "test_a.py::two"
    changed = Fates({**TESTS, "test_a.py::two": "changed"}, tmp_path / "fates")
    assert changed.of(mutant()) is None
    assert changed.killer(mutant()) == "test_a.py::two"
    gone = Fates({"test_b.py::three": "state-b"}, tmp_path / "fates")
    assert (gone.of(mutant()), gone.killer(mutant())) == (None, None)


def test_a_survivor_has_to_face_only_tests_that_are_new_or_changed(tmp_path: Path) -> None:
    Fates(TESTS, tmp_path / "fates").add(mutant(), SURVIVED)
    more = Fates({**TESTS, "test_b.py::three": "changed", "test_c.py::four": "new"}, tmp_path / "fates")
    assert more.of(mutant()) is None
    assert more.passed(mutant()) == {"test_a.py::one", "test_a.py::two"}


def test_tests_that_speak_of_a_line_go_first_then_those_that_noticed_others(request: pytest.FixtureRequest) -> None:
    here = [each for each in request.session.items if each.path == request.path]
    items = [each for each in here if each is not request.node]
    order = Order(items)
    first = order.first(mutant(before="{{- if .Values.a }}", after="the order of no templates"))
    assert "test_the_order_is_the_same_each_time_and_no_templates" in first[0]
    unrelated = mutant(before="zz", after="yy", file="zz.tpl")
    assert order.first(unrelated) == []
    order.killed(unrelated, items[0].nodeid)
    assert order.first(unrelated) == [items[0].nodeid]


def test_a_reason_stands_above_every_accepted_survivor() -> None:
    lines = program.ACCEPTED.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert program.accepted() <= {each.name for each in mutants(ROOT)}


def test_the_tests_notice_nine_of_ten_changes(record_property: Callable[[str, object], None]) -> None:
    """A sample of them; `nox -s mutants` runs all. Its last line says how many."""
    done = run([sys.executable, "-m", "harness.mutants", f"--sample={SAMPLE}"], cwd=ROOT, check=False)
    found = re.search(r"(\d+) of (\d+) killed", done.stdout)
    assert found, done.stdout + done.stderr
    record_property(counts.MUTANTS, found[2])
    record_property(counts.KILLED, found[1])
    assert done.returncode == 0, done.stdout
