"""The tables of docs/sizing.md are what the tool's formulas give, from the configurations that it knows."""

from __future__ import annotations

import pytest

from harness.paths import ROOT
from inference_stack import known, sizing
from inference_stack.models import Model, from_config

GIB = sizing.GIB
GB = 10**9


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    text = (ROOT / "docs" / "sizing.md").read_text().partition(f"\n## {heading}\n")[2]
    table = text[text.index("\n|") + 1 :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


MODELS = {name.removesuffix("-Instruct"): list(map(number, rest)) for name, *rest in rows("Memory of a GPU")}


def model(name: str) -> Model:
    """The model of a row, as the tool knows it."""
    (full,) = (each for each in known.CONFIGS if each.rpartition("/")[2] == name.lower())
    return from_config(known.CONFIGS[full], full, known.SOURCE)


@pytest.mark.parametrize("name", MODELS)
def test_weights_and_the_cache_of_a_token_follow_from_the_config(name: str) -> None:
    billions, layers, heads, size, weights, token, tokens = MODELS[name]
    found = model(name)
    assert (round(found.parameters / 1e9, 3), found.layers, found.kv_heads, found.head_size) == (
        billions,
        layers,
        heads,
        size,
    )
    assert round(sizing.weights(found) / GIB, 1) == weights
    assert sizing.request(found, 1) / 1024 == token
    assert round(sizing.request(found, 8192) / GIB, 1) == tokens


@pytest.mark.parametrize("row", rows("Memory of common GPUs"), ids=lambda row: row[0])
def test_what_is_usable_of_a_gpu_follows_from_its_memory(row: list[str]) -> None:
    assert round(sizing.usable(number(row[1]) * GB) / GIB, 1) == number(row[2])


@pytest.mark.parametrize("row", rows("Memory of common GPUs"), ids=lambda row: row[0])
def test_the_tool_knows_the_memory_of_each(row: list[str]) -> None:
    names, gigabytes = row[0].split(", "), number(row[1])
    assert {known.memory(f"{name}-{gigabytes:g}GB") for name in names} == {gigabytes}
    assert {known.MEMORY.get(f"{name}-{gigabytes:g}GB", known.MEMORY[name]) for name in names} == {gigabytes}


@pytest.mark.parametrize("row", rows("GPUs for a model"), ids=lambda row: " ".join(row[:2]))
def test_what_is_left_for_the_cache_follows_from_both(row: list[str]) -> None:
    name, gpus, left, tokens = row
    count, memory = (number(each.removesuffix("GB").strip()) for each in gpus.split("×"))
    fit = sizing.fit(model(name), sizing.Use(memory=memory * GB, tensor=int(count)))
    assert round(fit.figures["left for the cache"].value / GIB, 1) == number(left)
    thousands = fit.longest // 1000
    assert tokens == f"{thousands},000" if fit.longest else tokens.startswith("does not fit")
