"""Options of an engine as a map: in their own spelling, in one order, merged over the defaults of all groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import command_line, one
from tests.support import Render, Say

WORDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "number": ({"max-model-len": 1048576}, ["--max-model-len", "1048576"]),
    "share": ({"gpu-memory-utilization": 0.95}, ["--gpu-memory-utilization", "0.95"]),
    "switch": ({"enable-prefix-caching": True, "enforce-eager": False}, ["--enable-prefix-caching"]),
    "text": ({"quantization": "awq"}, ["--quantization", "awq"]),
    "several": ({"lora-modules": ["a=/a", "b=/b"]}, ["--lora-modules", "a=/a", "b=/b"]),
    "json": ({"limit-mm-per-prompt": {"image": 2}}, ["--limit-mm-per-prompt", '{"image":2}']),
    "order": ({"seed": 1, "dtype": "bfloat16"}, ["--dtype", "bfloat16", "--seed", "1"]),
    "one-letter": ({"n": 4}, ["-n", "4"]),
    "dash": ({"-cc.level": 3}, ["-cc.level", "3"]),
    "dots": ({"compilation-config.level": 3}, ["--compilation-config.level", "3"]),
    "none": ({"seed": None}, []),
}


@pytest.mark.parametrize(("options", "words"), WORDS.values(), ids=WORDS)
def test_an_option_is_spelled_as_the_engine_reads_it(render: Render, options: dict[str, Any], words: list[str]) -> None:
    line = command_line(render(one(engineArgs=options)))
    assert line[:3] == ["vllm", "serve", "org/m"]
    assert line[3 : line.index("--host")] == words


def test_they_stand_behind_the_arguments_and_are_completed(render: Render) -> None:
    line = command_line(render(one(args=["--seed", "1"], engineArgs={"port": 9000})))
    assert line[3:7] == ["--seed", "1", "--port", "9000"]
    assert line.count("--port") == 1


def test_they_complete_a_command_too(render: Render) -> None:
    line = command_line(render(one(command=["vllm", "serve", "org/m"], engineArgs={"seed": 1})))
    assert line[:5] == ["vllm", "serve", "org/m", "--seed", "1"]


def test_a_group_lays_its_options_over_those_of_all(render: Render) -> None:
    all_groups = {"seed": 1, "max-num-seqs": 64, "dtype": "float16"}
    values = {"modelGroupDefaults": {"engineArgs": all_groups}, **one(engineArgs={"dtype": "bfloat16", "seed": None})}
    line = command_line(render(values))
    assert line[3:7] == ["--dtype", "bfloat16", "--max-num-seqs", "64"]
    assert "--seed" not in line


def test_what_they_say_is_known(render: Render, refusal: Say) -> None:
    limits = {"limits": {"nvidia.com/gpu": 2}}
    assert "--tensor-parallel-size" in command_line(
        render(one(resources=limits, engineArgs={"tensor-parallel-size": 2}))
    )
    text = refusal(one(resources=limits, engineArgs={"tensor-parallel-size": 4}))
    assert "splits the model across 4 GPUs" in text


@pytest.mark.parametrize("name", ["--max-model-len", "max model len", "max-model-len="])
def test_a_name_is_spelled_without_its_dashes(refusal: Say, name: str) -> None:
    assert "/modelGroups/a/engineArgs" in refusal(one(engineArgs={name: 1}))
