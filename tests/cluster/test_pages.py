"""The commands of the pages on a release of their names, from its installation to the last trace of it.

As in the quick start's test, the chart comes from the tests' registry, namespace and ports are of the test, and a
port-forward that a reader leaves running runs in the background.
"""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path
from typing import Any

import yaml

from harness.bench.contained import free_port
from harness.cluster import Cluster
from harness.docs.markdown import blocks
from harness.paths import ROOT
from harness.stack import Published
from tests.cluster.shell import shell

ADDRESS = "oci://ghcr.io/doublewordai/inference-stack"
QUICK = [{"name": "STANDIN_LOAD_SECONDS", "value": "0"}]
ENGINE = {"enabled": True, "engine": "vllm", "drainSeconds": 5, "env": QUICK}
VALUES: dict[str, Any] = {
    "onwards": {"clientKeys": {"team-a": {"apiKey": {"name": "client-keys", "key": "team-a"}}}, "drainSeconds": 5},
    "modelGroups": {
        "chat": {
            **ENGINE,
            "modelAlias": ["chat"],
            "modelName": "org/chat",
            "apiKey": {"name": "engine-keys", "key": "chat"},
            "persistentVolumes": [{"name": "model-cache", "size": "1Gi", "mountPath": "/cache", "keep": True}],
        },
        "embed": {**ENGINE, "modelAlias": ["embed"], "modelName": "org/embed", "args": ["--runner", "pooling"]},
    },
}
UPGRADE = f"helm upgrade my-stack {ADDRESS} --reuse-values --wait --set onwards.podLabels.again="
"""A reader's change, which makes a revision."""
ROLLED = "kubectl rollout status deployment/my-stack-inference-stack-"
LIFE = [
    ("engine-keys", "# Engine keys", "", "secret/engine-keys created"),
    ("users", "## In a namespace with Pod Security `restricted`", "", "STATUS: deployed"),
    ("platforms", "# Platforms", f"{ROLLED}chat", "standard"),
    ("troubleshooting", "# Troubleshooting", "", "chats"),
    ("client-keys", "## Use the key", "", '"object":"chat.completion"'),
    ("embeddings", "## Embedding model", "", '"object":"embedding"'),
    ("client-keys", "## Rotate a client's key", "", "secret/client-keys patched"),
    ("engine-keys", "## Rotate an engine's key", "", "restarted"),
    ("tls", "## Private CA for an external provider", f"touch ca-bundle.pem; {ROLLED}onwards", "restarted"),
    ("monitoring", "## List the metrics of an engine", f"{ROLLED}chat", "# HELP vllm:num_requests_running"),
    ("gitops", "## Run the test", f"{ROLLED}chat", "chats"),
    ("upgrading", "# Upgrading", f"{UPGRADE}a", "my-stack"),
    ("upgrading", "## Rollback", f"{UPGRADE}b", "Rollback was a success"),
    ("updates", "## Rollback", "", "Rollback was a success"),
    ("uninstall", "## A pod stays Terminating", "", "deleted"),
    ("uninstall", "# Uninstall", "", "uninstalled"),
    ("uninstall", "## Remove kept claims", "", "my-stack-inference-stack-chat-model-cache"),
    ("uninstall", "## Remove everything", f"helm install my-stack {ADDRESS} -f my-values.yaml", "namespace"),
]
"""Page, heading, what a reader has done before, and what is printed: of each what stands up to the next heading."""
LEFT_OUT = re.compile(r"(?m)^(helm diff|curl https://inference\.example\.com|kubectl get certificate).*$")
"""Commands for what the tests' cluster lacks: others' plugins, certificates and names."""
PORT_FORWARD = re.compile(r"(?m)^(kubectl .*port-forward .*[^&\n])$")


def commands(page: str, heading: str) -> str:
    """The commands below a heading, up to the next."""
    text = re.sub(
        r"(?ms)^```.*?^```$", lambda block: block[0].replace("\n#", "\n\0"), (ROOT / f"docs/{page}.md").read_text()
    )
    below = re.split(r"(?m)^#+ ", text[text.index(f"{heading}\n") + len(heading) :])[0].replace("\0", "#")
    return "\n".join(block.text for block in blocks(below) if block.language == "bash")


GATEWAY = "kubectl port-forward service/my-stack-inference-stack-onwards 8080:80\n"
"""What a reader has running since the quick start."""


CURL = """
curl() {
  local key=()
  if [[ $* == *localhost* && $* != *Authorization* ]]; then
    key=(-H "Authorization: Bearer $(kubectl get secret client-keys -o jsonpath='{.data.team-a}' | base64 -d)")
  fi
  command curl --fail-with-body -sS --retry 20 --retry-connrefused "${key[@]}" "$@"
}
"""
"""A reader sends a request when the gateway is there, with the key where a page does not speak of it."""


class Reader:
    """One who types the pages' commands, with the release's namespace as the current one."""

    def __init__(self, cluster: Cluster, chart: Published, namespace: str, directory: Path) -> None:
        self.cluster = cluster
        self.directory = directory
        self.ports = {port: str(free_port()) for port in ("8080", "8000")}
        self.chart = f"{chart.reference} --plain-http"
        self.namespace = namespace
        shutil.copy(cluster.kubeconfig, directory / "kubeconfig")
        (directory / "my-values.yaml").write_text(yaml.safe_dump(VALUES))
        key = f"sk-{secrets.token_hex(12)}"
        self.types(f"kubectl config set-context --current --namespace={namespace}")
        self.types(f"kubectl create secret generic client-keys --from-literal=team-a={key}")

    def types(self, text: str) -> str:
        """What the commands print; each has to succeed, but for a `diff` that finds something."""
        for port, own in self.ports.items():
            text = text.replace(f"localhost:{port}", f"localhost:{own}")
            text = re.sub(rf"(port-forward .*){port}:", rf"\g<1>{own}:", text)
        text = re.sub(r"(namespace |-n )inference\b(?!-)", rf"\1{self.namespace}", text).replace(ADDRESS, self.chart)
        before = [
            f"cd {self.directory}; export KUBECONFIG={self.directory}/kubeconfig",
            "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT",
            CURL,
            'diff() { command diff "$@" || test $? = 1; }',
        ]
        script = "\n".join([*before, PORT_FORWARD.sub(r"\1 > /dev/null &", LEFT_OUT.sub("", text))])
        done = shell(self.cluster, script)
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout


def test_the_commands_of_the_pages_do_what_they_say(
    cluster: Cluster, chart: Published, namespace: str, tmp_path: Path
) -> None:
    reader = Reader(cluster, chart, namespace, tmp_path)
    for page, heading, before, printed in LIFE:
        typed = commands(page, heading)
        assert typed.strip(), f"{page}, {heading}"
        if before:
            reader.types(before)
        gateway = GATEWAY if "localhost:8080" in typed else ""
        assert printed in reader.types(f"{gateway}{typed}"), f"{page}, {heading}"
