"""The site's search puts the right page first: asked by the site's own worker, as in a reader's browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from py_mini_racer import MiniRacer

from harness.manifests import load
from harness.paths import ROOT

SEARCHES: dict[str, list[str]] = load(Path(__file__).with_name("searches.yaml").read_text())
NOT_FIRST = {"openshift": "the example of that name comes before its page"}
"""Searches whose page is the second, and why."""
WORKER = """
var heard, said = [], self = this, location = {href: "https://host/"}, console = {log() {}, warn() {}, error() {}};
function addEventListener(_, hear) { heard = hear }
function postMessage(message) { said.push(message) }
function importScripts() {}
"""
"""What a browser has around the worker."""
SETUP, QUERY = 0, 2
"""Types of the worker's messages."""


def words(search: str) -> str:
    """What the page makes of a search before it asks: each word may be the beginning of one."""
    return " ".join(f"{word}*" for word in search.split())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[str]]]:
    """Asks the search of the built site: the pages that it lists, first the best."""
    site = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(site)))
    index = json.loads((site / "search" / "search_index.json").read_text())
    (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.min.js")
    with MiniRacer() as browser:

        def tell(kind: int, data: object) -> None:
            browser.eval(f"heard({{data: {json.dumps({'type': kind, 'data': data})}}}); 0")

        browser.eval(WORKER + worker.read_text())
        tell(SETUP, {**{part: index[part] for part in ("config", "docs")}, "options": {"suggest": True}})

        def asked(search: str) -> list[str]:
            tell(QUERY, words(search))
            answer = json.loads(str(browser.eval("JSON.stringify(said[said.length - 1])")))
            return [re.split("[/#]", group[0]["location"])[0] for group in answer["data"]["items"]]

        yield asked


@pytest.mark.parametrize("search", SEARCHES)
def test_the_right_page_is_first(search: str, results: Callable[[str], list[str]]) -> None:
    found = results(search)
    assert found, "nothing"
    assert found[search in NOT_FIRST] in SEARCHES[search], found[:4]


def test_words_that_are_on_no_page_find_nothing(results: Callable[[str], list[str]]) -> None:
    assert results("xylophone") == []
