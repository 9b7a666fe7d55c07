"""Command lines accepted and refused as the engine does it, from a table of its flags.

A table (`flags/*.txt`) has one line a flag: its names, a space, and what it takes:

    flag            nothing
    switch          nothing, and there is --no-NAME
    bool            true, false, 1 or 0
    str int float   a value of that type; `size` an int that may end in k or M, `json` a JSON text, {a,b} one of these
    ...|none        "" and "None" are allowed as well
    ...+ ...* ...?  several values, as in argparse

A name without dashes is a positional argument.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
import yaml

TABLES = Path(__file__).parent / "flags"
UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True)
class Flag:
    """One line of a table."""

    names: tuple[str, ...]
    word: str
    optional: bool
    nargs: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The values it may have; empty where any will do."""
        return tuple(self.word[1:-1].split(",")) if self.word.startswith("{") else ()

    @property
    def convert(self) -> Callable[[str], Any]:
        """Makes the value from its text.

        Raises:
            ValueError: (from the result) the text is not such a value.
        """
        plain = CONVERTERS.get(self.word, str)
        if not self.optional:
            return plain

        def optional(text: str) -> Any:
            return None if text in ("", "None") else plain(text)

        optional.__name__ = plain.__name__  # argparse puts the name in its message
        return optional


def size(text: str) -> int:
    """An int that may have a unit: 1k is 1000, 1K is 1024, -1 and auto are -1."""
    if text.strip().lower() == "auto":
        return -1
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmMgGtT])", text.strip())
    return int(float(match[1]) * UNITS[match[2]]) if match else int(text)


def boolean(text: str) -> bool:
    """A bool as tritonserver reads it."""
    values = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in values:
        raise ValueError(f"invalid value for bool option: {text}")
    return values[text.lower()]


CONVERTERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "size": size,
    "json": json.loads,
    "bool": boolean,
}


def table(engine: str) -> Iterator[Flag]:
    """The flags of an engine."""
    for line in (TABLES / f"{engine}.txt").read_text().splitlines():
        match = re.fullmatch(r"(\S+) (\{.*\}|\w+)(\|none)?([+*?]?)", line)
        if match:
            yield Flag(tuple(match[1].split(",")), match[2], bool(match[3]), match[4])


def add_flags(parser: argparse.ArgumentParser, engine: str) -> None:
    """Add an engine's flags to `parser`; one that is not set is None, or False where it takes nothing."""
    for flag in table(engine):
        if flag.word == "flag":
            parser.add_argument(*flag.names, action="store_true")
        elif flag.word == "switch":
            parser.add_argument(*flag.names, action=argparse.BooleanOptionalAction)
        else:
            choices = [*flag.choices, *([None] if flag.optional else [])] if flag.choices else None
            parser.add_argument(*flag.names, type=flag.convert, choices=choices, nargs=flag.nargs or None)


def click_option(flag: Flag, variables: str = "") -> click.Option:
    """A flag of a table as a click option, whose variable is its name behind `variables`; none if that is empty."""
    variable = variables + flag.names[-1].removeprefix("--").replace("-", "_").upper() if variables else None
    if flag.word == "flag":
        return click.Option(list(flag.names), is_flag=True, envvar=variable)
    if flag.word == "switch":
        name = flag.names[-1].removeprefix("--")
        return click.Option([f"--{name}/--no-{name}"], envvar=variable)
    words = {"int": int, "float": float, "bool": bool}
    kind: Any = click.Choice(flag.choices) if flag.choices else words.get(flag.word, str)
    return click.Option(list(flag.names), type=kind, envvar=variable)


def with_variables(
    parser: argparse.ArgumentParser, args: Sequence[str], variable: Callable[[str], str]
) -> argparse.Namespace:
    """The settings of a command line, and of the environment where it has none; `variable` names that of a flag."""
    words: list[str] = []
    for action in parser._actions:
        value = os.environ.get(variable(action.dest))
        if value and action.nargs != 0:
            words += [action.option_strings[-1], value]
        elif value and value.lower() in ("1", "true", "on", "enabled"):
            words += [action.option_strings[-1]]
    # The command line wins: argparse takes the last value.
    return parser.parse_args([*words, *args])


class Clap(argparse.ArgumentParser):
    """A parser that refuses as Rust's clap does (exit code 2): each flag may be given as a variable of its name."""

    def __init__(self, program: str, engine: str) -> None:
        super().__init__(prog=program, allow_abbrev=False)
        add_flags(self, engine)

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        print(f"error: unexpected argument '{unknown[1]}' found" if unknown else f"error: {message}", file=sys.stderr)
        sys.exit(2)

    def settings(self) -> argparse.Namespace:
        """The settings of this process; an address that is none, as a pod's HOSTNAME, is all of them.

        Raises:
            SystemExit: (2) an argument or a variable that the program refuses.
        """
        found = with_variables(self, sys.argv[1:], str.upper)
        numeric = re.fullmatch(r"[\d.]+|[\da-f:]*:[\da-f:]*", found.hostname or "")
        found.hostname = found.hostname if numeric else "0.0.0.0"
        return found


def with_config(words: list[str]) -> list[str]:
    """The arguments, with those of a `--config` file before the others, which win: argparse takes the last value."""
    if "--config" not in words:
        return words
    at = words.index("--config")
    start = 0 if words[0].startswith("-") else 1  # a positional argument stays the first
    return [*words[:start], *_config_words(Path(words[at + 1])), *words[start:at], *words[at + 2 :]]


def _config_words(path: Path) -> Iterator[str]:
    for key, value in (yaml.safe_load(path.read_text()) or {}).items():
        if value is True:
            yield f"--{key}"
        elif isinstance(value, list):
            yield from (f"--{key}", *map(str, value))
        elif value is not False:
            yield from (f"--{key}", json.dumps(value) if isinstance(value, dict) else str(value))
