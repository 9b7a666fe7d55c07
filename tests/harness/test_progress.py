from __future__ import annotations

import re
import time

import pytest

from harness import progress
from harness.errors import HarnessError
from harness.progress import step


def test_step_shows_title_time_and_newest_detail(capsys: pytest.CaptureFixture[str]) -> None:
    with step("Doing [it]") as shown:
        shown.detail("1 of 2")
        shown.detail("[2] of 2")
    out = capsys.readouterr().out
    assert "… Doing [it]" in out
    assert re.match(r"✓ Doing \[it\] \d+\.\d s \[2\] of 2", out.splitlines()[-1])


def test_failed_step_is_shown_and_goes_on_upwards(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HarnessError), step("Doing it"):
        raise HarnessError("no")
    assert capsys.readouterr().out.splitlines()[-1].startswith("✗ Doing it")


def test_long_step_gives_signs_of_life_in_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", 0.01)
    with step("Long") as shown:
        shown.detail("half")
        for _ in range(500):
            time.sleep(0.01)
            if "half" in (out := capsys.readouterr().out):
                break
    assert "… Long" in out
