"""The table of pinned and newest versions, from what each registry's client prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import outdated
from harness.outdated import Newest, Pin, answer
from harness.run import CommandError, Completed

PRINTED = {
    " index versions": "a.b_c (1.10.0)\nAvailable versions: 1.10.0, 1.9.0\n  INSTALLED: 1.9.0\n",
    " config get": "https://mirror.example/simple/\n",
    "cargo info": "onwards #llm\nA proxy\nversion: 1.1.0 (latest 1.2.0)\nlicense: MIT\n",
    "npm view": '{"version": "7.1.0", "time": {"7.0.0": "2026-01-01T00:00:00Z", "7.1.0": "2026-02-03T04:05:06Z"}}',
    "go list": '{"Path": "example.com/m", "Version": "v1.3.0", "Time": "2026-03-04T05:06:07Z"}',
}
FILES = {
    "a_b_c-1.9.0-py3-none-any.whl": "2025-01-01T00:00:00Z",
    "a_b_c-1.10.0-py3-none-any.whl": "2026-05-06T07:08:09Z",
    "a_b_c-1.10.0.tar.gz": "2026-05-07T00:00:00Z",
}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: Sequence[str | Path], **_: Any) -> Completed:
        line = " ".join(map(str, words))
        return Completed((), 0, next(output for command, output in PRINTED.items() if command in line), "")

    def get(url: str, **_: Any) -> httpx.Response:
        assert url == "https://mirror.example/simple/a-b-c/"
        return httpx.Response(200, json={"files": [{"filename": k, "upload-time": v} for k, v in FILES.items()]})

    monkeypatch.setattr(outdated, "run", run)
    monkeypatch.setattr(outdated, "tool", Path)
    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    outdated._index.cache_clear()


@pytest.mark.usefixtures("clients")
def test_each_client_tells_the_newest_version_and_its_day() -> None:
    assert outdated.pypi("a.b_c") == Newest("1.10.0", "2026-05-06")
    assert outdated.crate("onwards") == Newest("1.2.0")
    assert outdated.npm("openai") == Newest("7.1.0", "2026-02-03")
    assert outdated.module("example.com/m") == Newest("v1.3.0", "2026-03-04")


@pytest.mark.usefixtures("clients")
def test_an_index_without_json_tells_the_version_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200, text="<html>"))
    assert outdated.pypi("a.b_c") == Newest("1.10.0")


def test_a_registry_that_does_not_answer_is_a_row_that_says_so() -> None:
    def fail() -> Newest:
        raise CommandError("pip index: ended with code 1\nERROR: no such host", "")

    assert answer(Pin("x", "1", "here", fail)) == ("no answer: ERROR: no such host", "")
    assert answer(Pin("x", "1", "here", None)) == ("not reachable from a package registry", "")
    assert answer(Pin("x", "1", "here", lambda: Newest("2", "2026-01-01"))) == ("2", "2026-01-01")


def test_pins_of_every_kind_are_found() -> None:
    every = {(each.name, each.where) for each in outdated.pins()}
    assert every > {
        ("onwards", "Chart.yaml"),
        ("litellm", "pyproject.toml"),
        ("nox", "noxfile.py"),
        ("openai", "package.json"),
        ("github.com/rhysd/actionlint", "tools/go.mod"),
        ("actions/checkout", "ci.yml"),
    }
    assert sum(where.startswith("files/engines/") for _, where in every) == 5
    assert "helm.sh/helm/v3" not in {name for name, _ in every}  # what a tool is made of is that tool's to choose
