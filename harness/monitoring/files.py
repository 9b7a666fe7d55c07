"""The files that the chart renders, and the tables of the pages."""

from __future__ import annotations

import json
from pathlib import Path

from harness.docs.markdown import between, cell, code, table
from harness.monitoring import alerts, rules
from harness.monitoring.vocabulary import MEANINGS, READ_IN, TITLES, Gauge, Hole, Mean, Meaning, Share, Source
from harness.paths import ROOT

RULES = ROOT / "files" / "monitoring" / "rules.json"
PAGE = ROOT / "docs" / "monitoring.md"


def rule_file() -> str:
    """All groups of rules, for any release."""
    return json.dumps([*rules.recording(), *alerts.groups()], indent=1, ensure_ascii=False) + "\n"


def names(source: Source) -> str:
    """What an engine calls it, as a cell."""
    if isinstance(source, Hole):
        return f"*{cell(source.why)}*"
    if isinstance(source, Mean):
        return f"{code(source.total)} / {code(source.count)}"
    if isinstance(source, Share):
        whole = names(source.whole)
        return f"{code(source.part)} / {whole if isinstance(source.whole, str) else f'({whole})'}"
    if isinstance(source, Gauge):
        return code(source.gauge)
    return " + ".join(code(each) for each in ([source] if isinstance(source, str) else source))


def recorded(meaning: Meaning) -> list[str]:
    return [rule["record"] for rule in rules.KINDS[meaning.kind](meaning)]


def vocabulary_table() -> str:
    """What each recorded series is."""
    rows = [(code(name), cell(meaning.says)) for meaning in MEANINGS for name in recorded(meaning)]
    return table(["series", "what it is"], rows)


def engine_tables() -> str:
    """What each engine calls each thing, and its holes."""
    parts = []
    for engine, where in READ_IN.items():
        rows = [(code(each.name), names(each.engines[engine])) for each in MEANINGS]
        parts.append(f"**{TITLES[engine]}** ({where})\n\n{table(['what', 'its name, or why there is none'], rows)}")
    return "\n\n".join(parts)


def pages() -> dict[Path, str]:
    text = between(PAGE.read_text(), "VOCABULARY", vocabulary_table())
    return {PAGE: between(text, "NAMES", engine_tables())}


def files() -> dict[Path, str]:
    return {RULES: rule_file()}
