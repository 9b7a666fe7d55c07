"""Changes of the templates: made as they should be, and noticed by the tests."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from harness.mutants import Mutant, mutants
from harness.paths import ROOT
from harness.run import run

SAMPLE = 10
"""Mutants that are run with every run of the tests: the first of an order that is no template's."""


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
    assert Mutant(Path("a.yaml"), 2, "a: 1", "a: 2").text("kind: X\na: 1\nb: 2\n") == "kind: X\na: 2\nb: 2\n"


def test_the_order_is_the_same_each_time_and_no_templates() -> None:
    found = mutants(ROOT)
    assert found == mutants(ROOT)
    assert len({each.file for each in found[:40]}) > 10


def test_the_tests_notice_nine_of_ten_changes() -> None:
    """A sample of them; `nox -s mutants` runs all, and fails as well where fewer are noticed."""
    done = run([sys.executable, "-m", "harness.mutants", f"--sample={SAMPLE}"], cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"of {SAMPLE} killed, .* 0 do not parse", done.stdout), done.stdout


TESTS = """
import pytest
from harness.mutants import mutants
from harness.paths import ROOT

@pytest.fixture
def render(request):
    return request.config.option.chart

def test_that_fails_without_a_change(render):
    assert not render

def test_that_looks_at_one_file(render):
    file = mutants(ROOT)[0].file
    assert (render / file).read_text() == (ROOT / file).read_text()
"""

PROGRAM = """
import pytest
from harness.mutants import Runner, mutants
from harness.paths import ROOT

first, *others = mutants(ROOT)
runner = Runner([first, next(each for each in others if each.file != first.file)], workers=1)
assert pytest.main(["-p", "no:terminal", "-p", "no:cacheprovider", "test_it.py"], plugins=[runner]) == 0
print([*runner.noticed.values()])
"""


def test_a_change_survives_that_only_a_test_which_fails_anyway_would_notice(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    done = run([sys.executable, "-c", PROGRAM], cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[True, False]"
