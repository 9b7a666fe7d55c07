"""Every command in the notes of every example runs on the cluster as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.cluster import Cluster
from harness.helm import Helm
from harness.paths import ROOT
from tests.cluster.conftest import Install, assigned
from tests.cluster.shell import shell

CREATES = re.compile(r"kubectl .*create secret ")


def commands(notes: str) -> list[str]:
    """The commands of notes, each with the lines that continue it."""
    return [found.strip() for found in re.findall(r"(?m)^ +(?:kubectl|curl|helm|KEY=)(?:.*\\\n)*.*$", notes)]


def test_the_commands_of_the_notes_run_as_printed(
    cluster: Cluster, install: Install, namespace: str, example: Path
) -> None:
    found = commands(Helm(namespace=namespace).notes(ROOT, release="t", values=[example]))
    first = [each for each in found if CREATES.match(each)]
    then = [each for each in found if not CREATES.match(each)]
    waits = 1 + sum("leaderworkerset/" in each for each in then)
    programs = [each.split()[0] for each in then if not each.startswith("KEY=")]
    assert programs == ["kubectl"] * (waits + 1) + ["curl"] * 2 + ["helm"]
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
