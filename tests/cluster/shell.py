"""Shell commands as a user runs them, with kubectl and helm on PATH and the tests' cluster as theirs."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from harness.cluster import Cluster
from harness.tools import tool

SECONDS = 420
"""For all commands of one script; `helm test` may take five minutes of it."""

STRICT = """
set -eo pipefail
curl() { command curl --fail-with-body --silent --show-error "$@"; }
"""
"""What is put before the commands, so that the first that fails is noticed."""


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
