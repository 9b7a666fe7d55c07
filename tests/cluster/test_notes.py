"""Every command in the notes of every example runs on the cluster as it is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from harness.cluster import Cluster
from harness.helm import Helm
from harness.paths import ROOT
from harness.tools import tool
from tests.cluster.conftest import Install, assigned

SECONDS = 420
"""For all commands of one example; `helm test` may take five minutes of it."""

STRICT = """
set -eo pipefail
curl() { command curl --fail-with-body --silent --show-error "$@"; }
"""
"""What is put before the commands, so that the first that fails is noticed."""

CREATES = re.compile(r"kubectl .*create secret ")


def commands(notes: str) -> list[str]:
    """The commands of notes, each with the lines that continue it."""
    return [found.strip() for found in re.findall(r"(?m)^ +(?:kubectl|curl|helm|KEY=)(?:.*\\\n)*.*$", notes)]


def shell(cluster: Cluster, script: str) -> subprocess.CompletedProcess[str]:
    """What bash says to a script; everything that it started ends with it."""
    found = [str(Path(tool(name)).parent) for name in ("kubectl", "helm")]
    env = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "PATH": os.pathsep.join([*found, os.environ["PATH"]])}
    words = ["bash", "-c", STRICT + script]
    with subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as started:
        # The port-forward in the background holds the pipe open, so the script ends it itself.
        try:
            output, _ = started.communicate(timeout=SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(words, started.returncode, output, "")


def test_the_commands_of_the_notes_run_as_printed(
    cluster: Cluster, install: Install, namespace: str, example: Path
) -> None:
    found = commands(Helm(namespace=namespace).notes(ROOT, release="t", values=[example]))
    first = [each for each in found if CREATES.match(each)]
    then = [each for each in found if not CREATES.match(each)]
    assert [each.split()[0] for each in then if not each.startswith("KEY=")] == ["kubectl"] * 2 + ["curl"] * 2 + [
        "helm"
    ]
    if first:
        done = shell(cluster, "\n".join(first))
        assert done.returncode == 0, done.stdout
    install(example, sets=assigned(example))
    done = shell(cluster, "trap 'kill $(jobs -p)' EXIT\n" + "\n".join(then))
    assert done.returncode == 0, done.stdout
    assert '"object":"list"' in done.stdout.replace(" ", "")
    assert re.search(r'"(choices|embedding)"', done.stdout), done.stdout
    assert "FAILED" not in done.stdout


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("Text kubectl\n  kubectl get x\n", ["kubectl get x"]),
        ("  curl a \\\n    -d b\n\n  NodePort x\n    kubectl get y", ["curl a \\\n    -d b", "kubectl get y"]),
    ],
    ids=["one", "continued"],
)
def test_commands_are_found(notes: str, expected: list[str]) -> None:
    assert commands(notes) == expected
