"""The volumes of the gateway's configuration, and the scripts that use them, run as its containers run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from harness.paths import ROOT
from harness.run import Completed, run

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]


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

    def command(self, name: str, *arguments: str, shell: str = "sh") -> list[str]:
        return [shell, *(["sh"] if shell == "busybox" else []), "-c", self.script(name), *arguments]

    def mount(self, config: object, keys: dict[str, bytes]) -> None:
        """Write routes and keys, as the kubelet mounts them."""
        (self.routes / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False))
        for owner, key in keys.items():
            (self.keys / owner).write_bytes(key)

    def assemble(self, config: object, keys: dict[str, bytes], shell: str = "sh", locale: str = "C.UTF-8") -> Completed:
        self.mount(config, keys)
        return run(self.command("assemble-config.sh", shell=shell), env={"LC_ALL": locale}, check=False)

    @property
    def result(self) -> Any:
        return json.loads((self.config / "config.json").read_text())
