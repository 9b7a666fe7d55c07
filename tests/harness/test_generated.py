from __future__ import annotations

from pathlib import Path

import pytest

from harness import generated
from harness.errors import HarnessError


def test_what_is_written_is_up_to_date(tmp_path: Path) -> None:
    files = {tmp_path / "a" / "b.yaml": "c: 1\n", tmp_path / "d.yaml": "é\n"}
    generated.write(files, tmp_path)
    generated.check(files, "nox -s x", tmp_path)
    assert (tmp_path / "a" / "b.yaml").read_text() == "c: 1\n"


def test_a_stale_file_is_shown_as_a_difference_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("same: 1\nkey: old\n")
    with pytest.raises(HarnessError) as caught:
        generated.check({tmp_path / "a.yaml": "same: 1\nkey: new\n"}, "nox -s x")
    shown = str(caught.value).splitlines()
    assert shown[0] == "--- a.yaml"
    assert {"-key: old", "+key: new"} <= set(shown)
    assert shown[-1] == "Run: nox -s x"


def test_a_file_that_is_missing_is_stale(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"\+key: 1"):
        generated.check({tmp_path / "a.yaml": "key: 1\n"}, "nox -s x")


def test_a_file_that_nothing_makes_is_stale_and_removed(tmp_path: Path) -> None:
    files = {tmp_path / "kept.yaml": "a: 1\n"}
    for name in ("kept.yaml", "gone.yaml"):
        (tmp_path / name).write_text("a: 1\n")
    with pytest.raises(HarnessError, match=r"gone\.yaml: nothing makes this file any more"):
        generated.check(files, "nox -s x", tmp_path)
    generated.check(files, "nox -s x")
    generated.write(files, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.yaml"]
