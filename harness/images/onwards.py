"""The real gateway: Onwards from crates.io, compiled once."""

from __future__ import annotations

from pathlib import Path

import yaml

from harness.paths import ROOT, cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools import apt_install, tool
from harness.tools.store import advice, make_once


def version() -> str:
    """The gateway's version: the chart's appVersion."""
    chart = yaml.safe_load((ROOT / "Chart.yaml").read_text())
    return str(chart["appVersion"]).removeprefix("v")


def binary(wanted: str = "") -> Path:
    """The gateway's program, in the chart's version or another one, compiled if the cache lacks it (400 CPU seconds).

    Raises:
        HarnessError: there is no Rust, or no C compiler, or the build failed.
    """
    wanted = wanted or version()

    def make(directory: Path, shown: Step) -> None:
        apt_install({"gcc": "gcc", "pkg-config": "pkg-config"})
        if run(["pkg-config", "--exists", "openssl"], check=False).returncode != 0:
            apt_install({"openssl.pc": "libssl-dev"})
        crate = ["onwards", "--locked", "--version", wanted, "--root", str(directory)]
        run(
            ["nice", "-n", "5", tool("cargo"), "install", *crate],
            on_line=lambda line: shown.detail(f"a few minutes on two cores: {line.strip()}"),
            hint=lambda message: advice(message, "The crate and its dependencies come from crates.io."),
        )

    return make_once(cache_dir("cargo") / f"onwards-{wanted}", f"Compiling Onwards {wanted}", make) / "bin" / "onwards"
