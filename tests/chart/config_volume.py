"""The volumes of the gateway's configuration, and the scripts that use them, run as its containers run them."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from harness.paths import ROOT
from harness.run import Completed, run
from harness.tools.apt import apt_extract

SHELLS = [*(shell for shell in ("sh", "dash", "bash") if shutil.which(shell)), "busybox"]
"""With busybox, all programs are its own, and there are no others."""


@cache
def applets() -> Path:
    """A directory with the programs that busybox is."""
    busybox = Path(shutil.which("busybox") or apt_extract("busybox-static", "bin/busybox"))
    directory = Path(tempfile.mkdtemp(prefix="busybox-"))
    atexit.register(shutil.rmtree, directory)
    run([busybox, "--install", "-s", directory])
    return directory


def run_by(shell: str, script: str, *arguments: str) -> list[str | Path]:
    """The command that runs a script with a shell of `SHELLS`."""
    words = ["env", f"PATH={applets()}", applets() / "sh"] if shell == "busybox" else [shell]
    return [*words, "-c", script, *arguments]


def script(name: str) -> str:
    """A script of files/onwards as the chart renders it: behind the functions that it uses."""
    folder = ROOT / "files" / "onwards"
    return f"{(folder / 'config.sh').read_text()}{(folder / name).read_text()}"


class Pod:
    """The three directories of the gateway's pod, somewhere else."""

    def __init__(self, directory: Path) -> None:
        self.routes, self.keys, self.config = (directory / name for name in ("routes", "keys", "config"))
        for each in (self.routes, self.keys, self.config):
            each.mkdir()

    def script(self, name: str) -> str:
        """A script with this pod's directories in place of the mounted ones."""
        text = script(name)
        for there, here in (
            ("/etc/onwards/routes", self.routes),
            ("/etc/onwards/keys", self.keys),
            ("/app/config", self.config),
        ):
            text = text.replace(there, str(here))
        return text

    def command(self, name: str, *arguments: str, shell: str = "sh") -> list[str | Path]:
        return run_by(shell, self.script(name), *arguments)

    def mount(self, config: object, keys: dict[str, bytes]) -> None:
        """Replace routes and keys, each in one step, as the kubelet does."""
        files = {self.keys / owner: key for owner, key in keys.items()}
        files[self.routes / "config.json"] = json.dumps(config, indent=2, ensure_ascii=False).encode()
        for path, content in files.items():
            new = self.config.parent / "new"
            new.write_bytes(content)
            new.replace(path)

    def assemble(self, config: object, keys: dict[str, bytes], shell: str = "sh", locale: str = "C.UTF-8") -> Completed:
        self.mount(config, keys)
        return run(self.command("assemble-config.sh", shell=shell), env={"LC_ALL": locale}, check=False)

    @property
    def result(self) -> Any:
        return json.loads((self.config / "config.json").read_text())
