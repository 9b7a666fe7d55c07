"""Talking to a cluster through kubectl."""

from __future__ import annotations

import ctypes
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from harness.errors import HarnessError
from harness.run import CommandError, Completed, background, run, tail
from harness.tools import tool

FORWARD_SECONDS = 20.0
READY_SECONDS = 10.0
POLL_SECONDS = 0.5

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Kubectl:
    """One cluster, and the namespace that is meant when none is named."""

    def __init__(self, kubeconfig: Path, namespace: str = "default", binary: Path | None = None) -> None:
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.binary = binary or tool("kubectl")

    def command(self, *args: str | Path) -> list[str | Path]:
        """The words of a kubectl call for this cluster and namespace."""
        return [self.binary, "--kubeconfig", self.kubeconfig, "--namespace", self.namespace, *args]

    def run(
        self, *args: str | Path, check: bool = True, stdin: str | None = None, timeout: float | None = None
    ) -> Completed:
        """Any kubectl command.

        Raises:
            CommandError: it ended with another code than 0 (with `check`), or ran longer than `timeout` seconds.
        """
        return run(self.command(*args), check=check, stdin=stdin, timeout=timeout)

    def ready(self) -> bool:
        """Whether the API server says that it is ready, within some seconds."""
        try:
            return self.run("get", "--raw=/readyz", check=False, timeout=READY_SECONDS).returncode == 0
        except CommandError:
            return False

    def get(self, kind: str, name: str | None = None, selector: str | None = None) -> dict[str, Any]:
        """One object, or the List of a kind (of those with the labels of `selector`).

        Raises:
            CommandError: there is no such object or kind.
        """
        words = [kind, *([name] if name else []), *(["--selector", selector] if selector else [])]
        found: dict[str, Any] = json.loads(self.run("get", *words, "--output", "json").stdout)
        return found

    def items(self, kind: str, selector: str | None = None) -> list[dict[str, Any]]:
        """The objects of a kind."""
        return list(self.get(kind, selector=selector)["items"])

    def exists(self, kind: str, name: str) -> bool:
        """Whether the object is there."""
        return bool(self.run("get", kind, name, "--ignore-not-found", "--output", "name").stdout.strip())

    def apply(self, text: str, dry_run: Literal["none", "server"] = "none", server_side: bool = False) -> str:
        """Apply manifests; one line an object is returned.

        Raises:
            CommandError: the API server refuses one; unknown fields are refused, too.
        """
        options = [f"--dry-run={dry_run}", "--validate=strict", *(["--server-side"] if server_side else [])]
        return self.run("apply", *options, "--filename", "-", stdin=text).stdout

    def delete(self, kind: str, name: str) -> None:
        """Delete an object where it is there, and wait until it is removed."""
        self.run("delete", kind, name, "--ignore-not-found", "--timeout=120s")

    def logs(self, target: str, container: str | None = None, lines: int = -1) -> str:
        """The log of `pod-name` or `kind/name`: its last lines, or all (-1)."""
        options = ["--container", container] if container else ["--all-containers"]
        return self.run("logs", target, f"--tail={lines}", *options).stdout

    def exec(self, target: str, command: Sequence[str]) -> str:
        """What a command in the target's first container prints."""
        return self.run("exec", target, "--", *command).stdout

    def wait_available(
        self,
        *deployments: str,
        timeout: float = 300,
        selector: str | None = None,
        detail: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Until the Deployments (named, or all with `selector`) have rolled out and all their pods are available.

        `detail` is called with what is still missing, as it changes.

        Raises:
            HarnessError: not within `timeout` seconds; with each pod's state and the end of its log.
        """
        until = time.monotonic() + timeout
        while True:
            found = {d["metadata"]["name"]: d for d in self.items("deployments", selector)}
            names = deployments or tuple(found)
            missing = [n for n in names if n not in found or not rolled_out(found[n])] if names else ["any Deployment"]
            if not missing:
                return
            pods = {p["metadata"]["name"]: pod_state(p) for p in self.items("pods", selector)}
            open_ = [f"{name} {state}" for name, state in pods.items() if state != "Ready"]
            detail(", ".join(open_) or f"waiting for {', '.join(missing)}")
            if time.monotonic() > until:
                output = [
                    f"{name}: {state}{self._last_words(name)}" for name, state in pods.items() if state != "Ready"
                ]
                raise HarnessError(
                    f"Not available after {timeout:.0f} s: {', '.join(missing)}\n" + "\n".join(output),
                    f"Look closer: kubectl --kubeconfig {self.kubeconfig} -n {self.namespace} describe pods",
                )
            time.sleep(POLL_SECONDS)

    def _last_words(self, pod: str) -> str:
        """The end of a pod's log, set off; nothing if it has none."""
        try:
            output = tail(self.logs(pod, lines=10), 10)
        except CommandError:
            return ""
        return "".join(f"\n    {line}" for line in output.splitlines())

    @contextmanager
    def watch(self, kind: str, selector: str, on_event: Callable[[str, dict[str, Any]], None]) -> Iterator[None]:
        """Call `on_event` while the body runs, in another thread, with each event's type and the object.

        The type is ADDED (also for those already there), MODIFIED or DELETED. It is reported immediately.
        """
        events = ["--watch", "--output-watch-events", "--output", "jsonpath={.type} {.object}{'\\n'}"]
        words = self.command("get", kind, "--selector", selector, *events)
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}

        def read(lines: IO[str]) -> None:
            for line in lines:
                event, _, found = line.partition(" ")
                on_event(event, json.loads(found))

        with background(words, **pipes, preexec_fn=_end_with_parent) as process:
            reader = threading.Thread(target=read, args=[process.stdout], name=f"watch {kind}")
            reader.start()
            yield
        reader.join()

    @contextmanager
    def port_forward(self, target: str, port: int | str) -> Iterator[int]:
        """Forward a free port of 127.0.0.1 to `port` of `kind/name` while the body runs; the local port.

        It is terminated with the body, and on Linux with this process.

        Raises:
            HarnessError: it does not become ready, with kubectl's output.
        """
        words = self.command("port-forward", "--address", "127.0.0.1", target, f":{port}")
        with (
            tempfile.NamedTemporaryFile() as output,  # not a pipe: nothing would read it
            background(words, stdout=output, stderr=subprocess.STDOUT, preexec_fn=_end_with_parent) as process,
        ):
            yield _forwarded(process, Path(output.name), target)


def _forwarded(process: subprocess.Popen[bytes], log: Path, target: str) -> int:
    """The local port, once kubectl listens on it."""
    until = time.monotonic() + FORWARD_SECONDS
    while True:
        ended = process.poll() is not None
        text = log.read_text()
        found = re.search(r"Forwarding from 127\.0\.0\.1:(\d+)", text)
        if found:
            return int(found.group(1))
        if ended or time.monotonic() > until:
            raise HarnessError(f"No port-forward to {target}: {text.strip() or 'kubectl printed nothing'}")
        time.sleep(0.05)


def _end_with_parent() -> None:
    """In the child, before kubectl starts: have Linux end it when this process ends, kill -9 included."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def rolled_out(deployment: dict[str, Any]) -> bool:
    """Whether the newest revision runs alone and with all its pods available, as `kubectl rollout status` sees it."""
    wanted: int = deployment["spec"].get("replicas", 1)
    status: dict[str, int] = deployment.get("status", {})
    generation: int = deployment["metadata"]["generation"]
    return (
        status.get("observedGeneration", 0) >= generation
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )


def pod_state(pod: dict[str, Any]) -> str:
    """A pod's state in a few words: `Ready`, or why it is not."""
    status = pod.get("status", {})
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    conditions = {c["type"]: c for c in status.get("conditions", ())}
    if conditions.get("Ready", {}).get("status") == "True" or status.get("phase") == "Succeeded":
        return "Ready"
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return f"Pending: {scheduled.get('message', 'not scheduled')}"
    for each in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = each.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
            return " ".join(filter(None, (waiting.get("reason", "waiting"), waiting.get("message", ""))))
        ended = each.get("state", {}).get("terminated") or {}
        if ended.get("exitCode"):
            return f"{each['name']} ended with code {ended['exitCode']} ({ended.get('reason', '')})"
    return "starting" if status.get("phase") == "Pending" else "running, not ready yet"
