"""The script that keeps the gateway's configuration up to date, and the one that sends its clients away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.run import run
from tests.chart.accessors import FULLNAME, one
from tests.chart.config_volume import SHELLS, Pod, script
from tests.support import Render

PATIENCE = 30.0
"""Seconds to wait for what takes two."""


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    pod = Pod(tmp_path)
    assert pod.assemble(config("m"), {"externalProviders.p": b"first"}).returncode == 0
    return pod


def config(*aliases: str) -> dict[str, Any]:
    provider = {"onwards_key": "@key:externalProviders.p@", "response_headers": {}}
    return {"targets": dict.fromkeys(aliases, provider)}


@contextmanager
def watching(pod: Pod, shell: str = "sh", restart: int = 60) -> Iterator[subprocess.Popen[str]]:
    command = pod.command("watch-config.sh", "watch", str(restart), shell=shell)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def key(pod: Pod, alias: str = "m") -> str:
    return str(pod.result["targets"][alias]["onwards_key"])


@pytest.mark.parametrize("shell", SHELLS)
def test_a_changed_key_and_a_changed_route_are_written_into_the_same_file(pod: Pod, shell: str) -> None:
    file = pod.config / "config.json"
    inode = file.stat().st_ino
    with watching(pod, shell):
        until(lambda: file.stat().st_size == 65536)
        pod.mount(config("m"), {"externalProviders.p": b"second"})
        until(lambda: key(pod) == "second")
        pod.mount(config("m", "n"), {})
        until(lambda: "n" in pod.result["targets"])
        pod.mount(config(*(f"alias-{number}" for number in range(1000))), {})
        until(lambda: len(pod.result["targets"]) == 1000)
        longest = file.stat().st_size
        pod.mount(config("m"), {})
        until(lambda: [*pod.result["targets"]] == ["m"])
        until(lambda: [path.name for path in pod.config.iterdir()] == ["config.json"])
    assert (file.stat().st_ino, file.stat().st_size) == (inode, longest)


OWNER = "externalProviders.p"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"", f"The key of {OWNER} is empty; put it into the Secret that {OWNER}.apiKey names."),
        (b"a\tb", f"The key of {OWNER} has a control character in it; put the bare key into its Secret."),
        (None, f"The key of {OWNER} is not there; put it into the Secret that {OWNER}.apiKey names."),
    ],
    ids=["empty", "control", "gone"],
)
def test_a_key_that_cannot_be_used_leaves_the_last_good_configuration(
    pod: Pod, broken: bytes | None, message: str, render: Render
) -> None:
    probe = watcher(render)["livenessProbe"]["exec"]["command"]
    here = [word.replace("/app/config", str(pod.config)) for word in probe]
    with watching(pod) as process:
        until(lambda: (pod.config / "config.json").stat().st_size == 65536)  # else the key goes while it is read
        assert run(here, check=False).returncode == 0
        if broken is None:
            (pod.keys / OWNER).unlink()
        else:
            pod.mount(config("m"), {OWNER: broken})
        until((pod.config / "problem").exists)
        failed = run(here, check=False)
        assert (failed.returncode, failed.stdout) == (1, f"{message}\nThe last good configuration stays in use.\n")
        assert key(pod) == "first"
        pod.mount(config("m"), {OWNER: b"second"})
        until(lambda: key(pod) == "second")
        until(lambda: run(here, check=False).returncode == 0)
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate()
    assert log == f"{message}\nThe last good configuration stays in use.\n"
    assert out == "The changed configuration is live.\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_it_ends_when_it_is_told_to(pod: Pod, shell: str) -> None:
    with watching(pod, shell) as process:
        until(lambda: (pod.config / "config.json").stat().st_size == 65536)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def send_clients_away(pod: Pod) -> None:
    done = run(pod.command("send-clients-away.sh", shell="bash"))
    assert done.stderr == ""


@pytest.mark.parametrize("headers", [{}, {"x-from": "here"}], ids=["none", "one"])
def test_every_answer_of_a_terminating_pod_closes_its_connection(tmp_path: Path, headers: dict[str, str]) -> None:
    pod = Pod(tmp_path)
    pod.assemble({"targets": {alias: {"response_headers": headers} for alias in "ab"}}, {})
    inode = (pod.config / "config.json").stat().st_ino
    send_clients_away(pod)
    closing = {"response_headers": {"connection": "close", **headers}}
    assert pod.result == {"targets": {"a": closing, "b": closing}}
    assert (pod.config / "config.json").stat().st_ino == inode


def test_the_watcher_does_not_undo_it_unless_only_the_container_was_restarted(pod: Pod) -> None:
    def closing() -> bool:
        return bool(pod.result["targets"]["m"]["response_headers"])

    with watching(pod, restart=3):
        until(lambda: (pod.config / "config.json").stat().st_size == 65536)
        send_clients_away(pod)
        pod.mount(config("m"), {"externalProviders.p": b"second"})
        assert (closing(), key(pod)) == (True, "first")
        until(lambda: not closing())
        assert key(pod) == "second"
        assert not (pod.config / "draining").exists()


def test_a_hook_that_begins_while_the_watcher_assembles_is_no_problem(pod: Pod, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    sed = programs / "sed"  # the last program of an assembly
    sed.write_text(f'#!/bin/sh\n: > "{pod.config}/draining"\nexec {shutil.which("sed")} "$@"\n')
    sed.chmod(0o755)
    before = (pod.config / "config.json").read_text()
    command = ["env", f"PATH={programs}:{os.environ['PATH']}", *pod.command("watch-config.sh", "watch", "60")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until(lambda: (pod.config / "draining").exists() and (pod.config / "config.json.next").stat().st_size)
    time.sleep(1.0)  # what it would do next takes no time
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert (pod.config / "config.json").read_text() == before
    assert not (pod.config / "problem").exists()


def watcher(render: Render) -> Any:
    spec = render(one())["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]
    return next(each for each in spec["containers"] if each["name"] == "watch-config")


def test_the_chart_runs_this_script_with_the_time_of_a_restart(render: Render) -> None:
    container = watcher(render)
    assert container["command"] == ["sh", "-c"]
    assert container["args"] == [script("watch-config.sh"), "watch", "15"]


def test_its_probe_never_restarts_it(render: Render) -> None:
    probe = watcher(render)["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > 300 * 24 * 3600
