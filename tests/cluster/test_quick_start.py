"""The quick start, and the README's installation, run on the cluster as they are printed, command by command.

The chart comes from the tests' registry instead of its published address, namespace and port are of the test, and what
a reader leaves running in a second terminal runs in the background.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from harness.bench.contained import free_port
from harness.cluster import Cluster
from harness.docs.markdown import Block, blocks
from harness.paths import ROOT
from harness.stack import Published
from tests.cluster.shell import shell

ADDRESS = "oci://ghcr.io/doublewordai/inference-stack"
NAMESPACE = re.compile(r"(namespace |-n )inference\b(?!-)")
SECOND_TERMINAL = re.compile(r"(?m)^(kubectl (?=.*(?:--watch|--follow|port-forward)).*[^&\n])$")
RETRIED = 'curl() { command curl --fail-with-body --silent --show-error --retry 20 --retry-connrefused "$@"; }\n'
"""A reader sends a request when the terminal beside it says that it may."""


def section(page: str, begin: str, end: str) -> list[Block]:
    """The blocks of a page from one heading to another."""
    text = (ROOT / page).read_text()
    return list(blocks(text[text.index(f"\n{begin}\n") : text.index(f"\n{end}\n")]))


def script(found: list[Block], chart: Published, namespace: str, directory: Path) -> str:
    """The commands of blocks, after what is to be in files is written there."""
    parts = [f"cd {directory}", "trap 'kill $(jobs -p)' EXIT", RETRIED]
    port = str(free_port())
    for block in found:
        text = block.text.replace("localhost:8080", f"localhost:{port}").replace("8080:80", f"{port}:80")
        if block.language == "yaml":
            (directory / "my-values.yaml").write_text(text)
        elif block.language == "python":
            (directory / "hello.py").write_text(text)
            parts.append(f"{sys.executable} hello.py; echo")
        elif block.language == "bash":
            parts.append(SECOND_TERMINAL.sub(r"\1 > /dev/null &", text))
    text = NAMESPACE.sub(rf"\1{namespace}", "\n".join(parts))
    return text.replace(ADDRESS, f"{chart.reference} --plain-http")


def test_the_quick_start_ends_in_an_answer(cluster: Cluster, chart: Published, namespace: str, tmp_path: Path) -> None:
    found = section("docs/first-model.md", "## Choose the model", "## Deploy your own model")
    assert [block.language for block in found].count("bash") >= 8
    done = shell(cluster, script(found, chart, namespace, tmp_path))
    assert done.returncode == 0, done.stdout
    assert '"object":"chat.completion"' in done.stdout, done.stdout
    assert 'ok      "chat" chats' in done.stdout, done.stdout
    assert 'release "my-stack" uninstalled' in done.stdout, done.stdout


def test_the_readmes_installation_ends_in_an_answer(
    cluster: Cluster, chart: Published, namespace: str, tmp_path: Path
) -> None:
    found = section("README.md", "## Install", "## Try it without a cluster")
    done = shell(cluster, script(found, chart, namespace, tmp_path))
    assert done.returncode == 0, done.stdout
    assert '"object":"chat.completion"' in done.stdout, done.stdout
