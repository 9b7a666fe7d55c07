"""The one place that starts Helm, kubectl and crane; nothing here changes a cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference_stack.errors import StackError

SECONDS = 120

READING = (
    ("helm", "template"),
    ("helm", "get"),
    ("kubectl", "get"),
    ("kubectl", "version"),
    ("kubectl", "config"),
    ("crane", "digest"),
)
"""The only commands that are started, each of them read-only as it is used here."""


def run(program: str, words: Sequence[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of those commands to its end, whatever its code.

    Raises:
        StackError: the program is missing, or takes too long.
    """
    name = program if program in ("kubectl", "crane") else "helm"
    assert (name, words[0]) in READING, words
    try:
        return subprocess.run(
            [program, *words], input=stdin, text=True, capture_output=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise StackError(f"{program} is not on PATH.", f"Install {name} and try again.") from error
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{name} {words[0]} did not answer within {SECONDS} seconds.") from error


def helm() -> str:
    """The Helm that started this as its plugin, else the one on PATH."""
    return os.environ.get("HELM_BIN") or "helm"


@dataclass(frozen=True)
class Unreadable:
    """What could not be read, and why: `forbidden`, `missing` (no such object or kind), or `failed`."""

    kind: str
    message: str


class Kubectl:
    """One cluster, as the user's kubeconfig, or Helm, names it."""

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        self.options = [
            *(["--kubeconfig", kubeconfig] if kubeconfig else []),
            *(["--context", context] if context else []),
        ]

    def namespace(self) -> str:
        """The namespace of the context."""
        done = run("kubectl", ["config", "view", "--minify", "--output=jsonpath={..namespace}", *self.options])
        return done.stdout.strip() or "default"

    def get(self, *words: str, stdin: str | None = None) -> Any:
        """What `kubectl get` prints as JSON, or why it cannot."""
        done = run("kubectl", ["get", *words, "--output=json", *self.options], stdin)
        return _read(done)

    def raw(self, path: str) -> Any:
        """What the API server answers under a path."""
        return _read(run("kubectl", ["get", f"--raw={path}", *self.options]))

    def keys(self, kind: str, name: str, namespace: str) -> list[str] | Unreadable:
        """The keys of a Secret's or ConfigMap's data: never what is in them."""
        template = '{{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}'
        words = ["get", kind, name, f"--namespace={namespace}", f"--output=go-template={template}", *self.options]
        done = run("kubectl", words)
        return done.stdout.split("\n")[:-1] if done.returncode == 0 else _why(done.stderr)


def _read(done: subprocess.CompletedProcess[str]) -> Any:
    if done.returncode:
        return _why(done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {"items": []}


def _why(stderr: str) -> Unreadable:
    text = stderr.strip()
    if "Forbidden" in text or "forbidden" in text:
        return Unreadable("forbidden", text)
    missing = "NotFound" in text or "doesn't have a resource type" in text or "could not find the requested" in text
    return Unreadable("missing" if missing else "failed", text)
