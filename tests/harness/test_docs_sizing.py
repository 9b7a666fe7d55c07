"""The tables of docs/sizing.md are what their formulas give."""

from __future__ import annotations

import pytest

from harness.paths import ROOT

GIB = 2**30


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    text = (ROOT / "docs" / "sizing.md").read_text().partition(f"\n## {heading}\n")[2]
    table = text[text.index("\n|") + 1 :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


MODELS = {name.removesuffix("-Instruct"): list(map(number, rest)) for name, *rest in rows("Memory of a GPU")}


def usable(gigabytes: float) -> float:
    return 0.9 * gigabytes * 1e9 / GIB - 2


@pytest.mark.parametrize("name", MODELS)
def test_weights_and_the_cache_of_a_token_follow_from_the_config(name: str) -> None:
    billions, layers, heads, size, weights, token, tokens = MODELS[name]
    assert round(billions * 1e9 * 2 / GIB, 1) == weights
    assert 2 * layers * heads * size * 2 / 1024 == token
    assert round(token * 8192 / 2**20, 1) == tokens


@pytest.mark.parametrize("row", rows("Memory of common GPUs"), ids=lambda row: row[0])
def test_what_is_usable_of_a_gpu_follows_from_its_memory(row: list[str]) -> None:
    assert round(usable(number(row[1])), 1) == number(row[2])


@pytest.mark.parametrize("row", rows("GPUs for a model"), ids=lambda row: " ".join(row[:2]))
def test_what_is_left_for_the_cache_follows_from_both(row: list[str]) -> None:
    name, gpus, left, tokens = row
    count, memory = (number(each.removesuffix("GB").strip()) for each in gpus.split("×"))
    billions, *_, token, _ = MODELS[name]
    room = count * usable(memory) - billions * 1e9 * 2 / GIB
    assert round(room, 1) == number(left)
    thousands = int(room * 2**20 / token / 1000)
    assert tokens == f"{thousands},000" if room > 0 else tokens.startswith("does not fit")
