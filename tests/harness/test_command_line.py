"""What people type to find their way: the overview, and every module's `--help`."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from harness.__main__ import TRAINING, modules, overview, sessions
from harness.paths import ROOT


def python(*words: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"HOME": os.environ.get("HOME", ""), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@pytest.mark.parametrize("module", modules())
def test_help_only_helps(module: str, tmp_path: Path) -> None:
    """Without a program on PATH, and without a file in its home, its cache or where it was started."""
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": str(tmp_path / "none")}
    done = python("-m", module, "--help", cwd=tmp_path, PYTHONPATH=str(ROOT), **places)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.lower().startswith("usage: ")
    assert list(tmp_path.iterdir()) == []


def test_help_of_the_training_only_helps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its packages are no dependency of ours: here they are mocks."""
    for name in ("gguf", "jax", "jax.numpy", "numpy", "tokenizers"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.setattr(sys, "argv", ["train.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / TRAINING), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: train.py [-h] [FILE]")


def test_the_overview_needs_nothing_installed() -> None:
    """`-S` is without installed packages."""
    done = python("-S", "-m", "harness")
    assert done.returncode == 0, done.stderr
    assert "nox -s NAME" in done.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_the_overview_has_everything_and_says_what_each_does(width: int) -> None:
    text = overview(width)
    assert max(map(len, text.splitlines())) <= width
    listed = dict(re.findall(r"(?m)^  (\S+)  +(\S.*)$", text))
    assert {each.name for each in sessions()} <= listed.keys()
    assert set(modules()) - {"harness"} <= listed.keys() | {name for each in sessions() for name in each.modules}
    assert listed["demo"].startswith("harness.demo")
    assert all(len(words.split()) > 2 for words in listed.values())


def test_sessions_that_take_arguments_say_so_to_the_module() -> None:
    """`nox -s NAME -- --help` would do the work if a session kept the arguments to itself."""
    calls = re.findall(r'session\.run\("python", "-m", "(harness[\w.]*)"(.*)\)', (ROOT / "noxfile.py").read_text())
    assert {name for name, rest in calls if "*session.posargs" not in rest} == set()
    assert len(calls) > 8


def test_nox_lists_where_the_help_of_the_demo_is() -> None:
    """`nox -s demo --help` is nox's own help, and cannot be ours."""
    (demo,) = (each for each in sessions() if each.name == "demo")
    assert "`-- --help`" in demo.does
