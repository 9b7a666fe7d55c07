"""A program under a CPU limit, as in a container: in its own control group, which also has its usage."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from harness.cluster import cgroups
from harness.cluster.processes import wait_until
from harness.errors import HarnessError
from harness.run import tail

PERIOD_MICROSECONDS = 100_000
"""The kubelet's: a group that has used its share of a period is stopped until the next."""

WEIGHTS = {"cpu.weight": "10000", "cpu.shares": "262144"}
"""The largest possible, of version 2 and 1: other programs of the machine shall disturb it as little as possible."""

READY_SECONDS = 120.0
JOIN = """
while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit; shift; done
shift
exec "$@"
"""
"""A shell enters the groups and becomes the program, which so is under the limit when it counts its processors."""


@dataclass(frozen=True)
class Contained:
    """A running program."""

    process: subprocess.Popen[bytes]
    group: str
    directories: tuple[Path, ...]
    log: Path

    def cpu_seconds(self) -> float:
        """Processor time it has used, with what it has started."""
        for directory in self.directories:
            if (version1 := directory / "cpuacct.usage").exists():
                return int(version1.read_text()) / 1e9
        return _field(self._with("cpu.stat"), "usage_usec") / 1e6

    def throttled(self) -> int:
        """Periods in which the limit has stopped it."""
        return _field(self._with("cpu.stat"), "nr_throttled")

    def memory_mb(self) -> float:
        """Its resident memory now, with what it has started."""
        kilobytes = 0
        for pid in cgroups.processes(self.group):
            try:
                kilobytes += _field(Path(f"/proc/{pid}/status"), "VmRSS:")
            except OSError:
                continue  # it has just ended
        return kilobytes * 1024 / 1e6

    def wait(self, url: str, seconds: float = READY_SECONDS) -> None:
        """Until a GET of `url` answers 200; HarnessError if the program ends, or does not answer in time."""

        def answers() -> bool:
            if self.process.poll() is not None:
                output = tail(self.log.read_text(errors="replace"))
                raise HarnessError(f"It ended with code {self.process.returncode}:\n{output}")
            try:
                return client.get(url).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

        with httpx.Client(trust_env=False) as client:
            wait_until(answers, f"An answer of {url}", seconds)

    def _with(self, file: str) -> Path:
        return next(each / file for each in self.directories if (each / file).exists())


def _field(file: Path, name: str) -> int:
    """The number behind a name in a file of the kernel's; 0 where it has none."""
    lines = (line.split() for line in file.read_text().splitlines())
    return next((int(words[1]) for words in lines if words and words[0] == name), 0)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def contained(
    words: Sequence[str | Path], cpus: float, directory: Path, env: Mapping[str, str] | None = None
) -> Iterator[Contained]:
    """A program while the body runs, with at most `cpus` processors; its environment is only PATH, HOME and `env`.

    Its home and working directory is `directory`, where `log` has what it prints.

    Raises:
        HarnessError: control groups are missing, or may not be changed.
    """
    name = f"inference-stack-bench-{os.getpid()}-{free_port()}"
    period, quota = str(PERIOD_MICROSECONDS), f"{cpus * PERIOD_MICROSECONDS:.0f}"
    version2, version1 = {"cpu.max": f"{quota} {period}"}, {"cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota}
    try:
        groups = cgroups.create(name)
        for file, text in {**WEIGHTS, **version2, **version1}.items():
            for group in groups:
                if (group / file).exists():
                    (group / file).write_text(text)
    except OSError as error:
        raise HarnessError(
            f"A CPU limit cannot be set: {error}", "Run it as root, in a virtual machine if need be."
        ) from error
    log = directory / "log"
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(directory), **(env or {})}
    join = ["sh", "-c", JOIN, "sh", *map(str, groups), "--", *map(str, words)]
    # Popen, because it must live while the body does.
    with (
        log.open("wb") as out,
        subprocess.Popen(join, cwd=directory, env=environment, stdout=out, stderr=out) as process,
    ):
        try:
            yield Contained(process, name, tuple(groups), log)
        finally:
            cgroups.remove(name)  # it kills all that is in the group
