"""A stand-in for `trtllm-bench ... build` of TensorRT-LLM 1.2: its flags, and an empty engine where it writes one.

The engine is written to WORKSPACE/MODEL/tp_T_pp_P; `trtllm-serve` accepts that directory as a model.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from .command_line import click_option, table
from .core import load_seconds, log
from .trtllm import VERSION
from .weights import fetch


@click.pass_context
def _build(context: click.Context, /, **options: Any) -> None:
    given = context.find_root().params
    tensor, pipeline = options["tp_size"] or 1, options["pp_size"] or 1
    log("trtllm-bench", f"this is a stand-in for TensorRT-LLM {VERSION}: it compiles nothing")
    log("trtllm-bench", fetch(given["model_path"] or given["model"]))
    time.sleep(load_seconds())
    engine = Path(given["workspace"], given["model"], f"tp_{tensor}_pp_{pipeline}")
    engine.mkdir(parents=True, exist_ok=True)
    (engine / "config.json").write_text(json.dumps({"version": f"{VERSION} (stand-in)", "build_config": options}))
    log("trtllm-bench", f"ENGINE SAVED: {engine}")


def main() -> None:
    """The `trtllm-bench` command."""
    build = click.Command("build", params=[click_option(flag) for flag in table("trtllm-bench-build")], callback=_build)
    group = click.Group(
        "trtllm-bench",
        commands={"build": build},
        params=[
            click.Option(["--model", "-m"], required=True),
            click.Option(["--model_path"]),
            click.Option(["--workspace", "-w"], default="/tmp"),
            click.Option(["--log_level"]),
            click.Option(["--revision"]),
        ],
        help="A stand-in for trtllm-bench.",
    )
    group(sys.argv[1:], prog_name="trtllm-bench")


if __name__ == "__main__":
    main()
