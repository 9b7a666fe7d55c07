from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness import generate, schema
from harness.presets import Image, images


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["generate", *words])
    return generate.main()


@pytest.mark.parametrize("name", generate.GENERATED)
def test_the_committed_files_are_up_to_date(name: str) -> None:
    generate.generate(name, check=True)


def test_check_sees_drift(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.schema.json"
    monkeypatch.setattr(schema, "FILE", file)
    assert run(monkeypatch, "schema", "--check") == 1
    assert run(monkeypatch, "schema") == 0
    assert run(monkeypatch, "schema", "--check") == 0
    file.write_text(file.read_text().replace('"maximum": 65535', '"maximum": 65536', 1))
    capsys.readouterr()
    assert run(monkeypatch, "schema", "--check") == 1
    output = capsys.readouterr().out
    assert '"maximum": 65536' in output
    assert "Run: nox -s generate -- schema" in output.splitlines()


def test_each_is_made_whatever_happens_to_another_in_the_order_of_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[str] = []

    def make(name: str) -> dict[Path, str]:
        made.append(name)
        return {tmp_path / name: name}

    stale = {name: lambda name=name: make(name) for name in ("a", "b", "c")}
    monkeypatch.setattr(generate, "GENERATED", stale)
    assert run(monkeypatch, "--check", "c", "a") == 1
    assert made == ["a", "c"]
    assert run(monkeypatch) == 0
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["a", "b", "c"]


def test_pages_and_examples_get_the_tags_that_the_presets_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = {name: Image(image.repository, "v9.9") for name, image in images().items()}
    monkeypatch.setattr(generate, "images", lambda: pinned)
    texts = {path.name: text for path, text in generate.tags().items()}
    for name in ("UPGRADING.md", "engines.md", "air-gap.md", "multi-engine.yaml", "gpu-values.yaml"):
        assert ("tag: v9.9" in texts[name]) and not any(str(i.tag) in texts[name] for i in images().values()), name
    assert "image: nvcr.io/nvidia/tensorrt-llm/release:v9.9\n" in texts["single-tensorrt-llm.yaml"]
    assert "image: ghcr.io/ggml-org/llama.cpp\n    tag: v9.9\n" in texts["laptop.yaml"]
    assert "image: vllm/vllm-openai-rocm\n    tag: v9.9" not in texts["gpus.md"]


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "chart")
    assert "unknown: chart; there is defaults, schema," in capsys.readouterr().err
