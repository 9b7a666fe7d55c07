"""A cluster in namespaces leaves nothing behind, however it ends, and does not affect another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cluster import Cluster, cgroups
from harness.cluster.namespaces import Namespaces
from harness.cluster.state import State
from harness.kubectl import Kubectl
from harness.run import run

UP_SECONDS = 120.0
END_SECONDS = 30.0


@pytest.fixture
def name(cluster: Cluster) -> str:
    """The name of a second cluster, which runs beside the tests' own."""
    if not isinstance(cluster, Namespaces):
        pytest.skip("only a cluster in namespaces is made of this machine's own mounts, interfaces and control groups")
    return f"trace-{os.getpid()}"


def traces(name: str) -> list[str]:
    """What remains of the cluster on this machine: its state, mounts, interfaces, firewall tables, processes."""
    state = State(name)
    where = str(state.directory)
    found = [f"state {where}"] if state.exists() else []
    found += [f"mount {line}" for line in Path("/proc/self/mounts").read_text().splitlines() if where in line]
    found += [f"interface {path.name}" for path in Path("/sys/class/net").glob(f"*{state.id}*")]
    found += [f"table {line}" for line in run(["nft", "list", "tables"]).stdout.splitlines()]
    found += [f"control group {path}" for path in cgroups.MOUNT.glob(f"**/*{state.id}*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if where.encode() in words:
            found.append(f"process {process.name}: {words[:80]!r}")
    return found


def harness(command: str, name: str) -> subprocess.Popen[bytes]:
    """Start `python -m harness.cluster COMMAND` (with Popen, because tests stop it while it runs).

    A shell's background job ignores SIGINT, which its children inherit; so its handler is set again.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "harness.cluster", command, "--name", name],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("after", [0.4, 1.5, 3.0, 5.0], ids=lambda seconds: f"{seconds}s")
def test_down_after_a_killed_start_leaves_nothing(name: str, after: float) -> None:
    before = traces(name)
    starting = harness("up", name)
    time.sleep(after)
    starting.kill()
    starting.wait()
    assert harness("down", name).wait(END_SECONDS) == 0
    assert traces(name) == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(name: str, sent: signal.Signals) -> None:
    before = traces(name)
    starting = harness("up", name)
    time.sleep(2.5)
    starting.send_signal(sent)
    assert starting.wait(END_SECONDS) != 0
    assert traces(name) == before


def test_two_clusters_run_side_by_side_and_one_is_removed_without_a_trace(name: str, cluster: Cluster) -> None:
    before = traces(name)
    assert harness("up", name).wait(UP_SECONDS) == 0
    second = Namespaces(name)
    try:
        assert "1 node(s)" in second.status()
        assert second.registry != cluster.registry
        Kubectl(second.kubeconfig).run("create", "namespace", "only-here")
        assert not Kubectl(cluster.kubeconfig).exists("namespace", "only-here")
        assert traces(name) != before
    finally:
        second.down()
    assert traces(name) == before
    assert "1 node(s)" in cluster.status()
