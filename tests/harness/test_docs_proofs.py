"""The table of proofs says what tests show."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.docs.tables import PROOFS
from harness.paths import ROOT
from harness.presets import presets

KINDS = {"real", "stand-in", "parser", "source", "none"}
ENGINES: dict[str, dict[str, Any]] = PROOFS["engines"]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_said_to_be_run_is_run_by_a_test(engine: str) -> None:
    proofs = {column: ENGINES[engine][column] for column in PROOFS["columns"]}
    assert {*proofs.values()} <= KINDS
    assert ENGINES[engine].keys() == {*proofs, "at"}
    assert bool(ENGINES[engine]["at"]) == bool({"real", "stand-in"} & {*proofs.values()})
    for place in ENGINES[engine]["at"]:
        path, _, name = place.partition("::")
        text = (ROOT / path).read_text()
        assert not name or f"def {name}(" in text, place


def test_what_a_parser_knows_is_known() -> None:
    known = {path.name.rpartition("-")[0] for path in (ROOT / "files" / "options").iterdir()}
    said = {name.lower() for name, proofs in ENGINES.items() if proofs["options"] == "parser"}
    assert said == known


def test_adapters_and_nodes_are_those_of_the_presets() -> None:
    names = {re.sub(r"[^a-z]", "", name): preset for name, preset in presets().items()}
    for title, proofs in ENGINES.items():
        for name in title.split(", "):
            preset = names.get(re.sub(r"[^a-z]", "", name.lower()).replace("tritonsopenaifrontend", "tritonopenai"))
            if preset is not None:
                assert (proofs["nodes"] != "none") == ("nodes" in preset), name
                assert (proofs["adapters"] != "none") == ("adapters" in preset["flags"]), name
