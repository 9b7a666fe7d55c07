from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.errors import HarnessError
from harness.kubectl import Kubectl, pod_state, rolled_out


def fake(tmp_path: Path, script: str) -> Kubectl:
    """A kubectl that is this Python script."""
    binary = tmp_path / "kubectl"
    binary.write_text(f"#!{sys.executable}\nimport json, sys\nargs = sys.argv[1:]\n{script}\n")
    binary.chmod(0o755)
    return Kubectl(tmp_path / "kubeconfig", "here", binary)


def deployment(**status: int) -> dict[str, Any]:
    full = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, **status}
    return {"metadata": {"name": "engine", "generation": 2}, "spec": {"replicas": 2}, "status": full}


@pytest.mark.parametrize(
    ("status", "done"),
    [
        ({}, True),
        ({"availableReplicas": 1}, False),
        ({"updatedReplicas": 1}, False),
        ({"replicas": 3}, False),  # an old pod is still there
        ({"observedGeneration": 1}, False),
    ],
)
def test_rolled_out(status: dict[str, int], done: bool) -> None:
    assert rolled_out(deployment(**status)) is done


def test_no_replicas_wanted_are_rolled_out() -> None:
    stopped = deployment(replicas=0, updatedReplicas=0, availableReplicas=0)
    stopped["spec"]["replicas"] = 0
    assert rolled_out(stopped)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"conditions": [{"type": "Ready", "status": "True"}]}, "Ready"),
        ({"phase": "Succeeded"}, "Ready"),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "Insufficient nvidia.com/gpu."}]},
            "Pending: Insufficient nvidia.com/gpu.",
        ),
        (
            {"containerStatuses": [{"name": "a", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]},
            "ErrImagePull no",
        ),
        (
            {"initContainerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]},
            "a ended with code 3 (Error)",
        ),
        ({"phase": "Pending"}, "starting"),
        ({"phase": "Running"}, "running, not ready yet"),
    ],
)
def test_pod_state_says_why(status: dict[str, Any], state: str) -> None:
    assert pod_state({"metadata": {"name": "p"}, "status": status}) == state
    assert pod_state({"metadata": {"name": "p", "deletionTimestamp": "now"}, "status": status}) == "Terminating"


def test_cluster_and_namespace_are_always_named(tmp_path: Path) -> None:
    kubectl = fake(tmp_path, "print(json.dumps({'items': [args]}))")
    (words,) = kubectl.items("pods", "a=b")
    assert " ".join(map(str, words)) == (
        f"--kubeconfig {tmp_path}/kubeconfig --namespace here get pods --selector a=b --output json"
    )


def test_waiting_ends_when_all_is_available(tmp_path: Path) -> None:
    flag = tmp_path / "called"
    script = f"""
import pathlib
flag = pathlib.Path({str(flag)!r})
found = {{"metadata": {{"name": "engine-1"}}, "status": {{"phase": "Pending"}}}}
if "deployments" in args:
    found = {deployment()!r} if flag.exists() else {deployment(availableReplicas=0)!r}
    flag.touch()
print(json.dumps({{"items": [found]}}))
"""
    details: list[str] = []
    fake(tmp_path, script).wait_available("engine", timeout=20, detail=details.append)
    assert details == ["engine-1 starting"]


def test_waiting_in_vain_shows_the_pods_and_their_last_words(tmp_path: Path) -> None:
    script = f"""
if "deployments" in args:
    print(json.dumps({{"items": [{deployment(availableReplicas=0)!r}]}}))
elif "pods" in args:
    print(json.dumps({{"items": [{{"metadata": {{"name": "engine-1"}}, "status": {{"phase": "Running"}}}}]}}))
else:
    print("CUDA is not here")
"""
    with pytest.raises(HarnessError, match=r"(?s)engine\nengine-1: running, not ready yet\n    CUDA is not here"):
        fake(tmp_path, script).wait_available("engine", timeout=0)


def test_port_forward_lives_as_long_as_the_body(tmp_path: Path) -> None:
    script = f"""
import http.server, os, pathlib
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
assert args[-2:] == ["service/x", ":80"]
print(f"Forwarding from 127.0.0.1:{{server.server_port}} -> 80", flush=True)
server.serve_forever()
"""
    with fake(tmp_path, script).port_forward("service/x", 80) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_port_forward_that_fails_says_why(tmp_path: Path) -> None:
    kubectl = fake(tmp_path, "sys.exit('error: services \"x\" not found')")
    with pytest.raises(HarnessError, match='services "x" not found'), kubectl.port_forward("service/x", 80):
        pass


def test_watch_reports_each_change_while_the_body_runs(tmp_path: Path) -> None:
    script = """
import time
assert args[args.index("get") + 1] == "pods" and args[args.index("--selector") + 1] == "app=x"
for event in ("ADDED", "MODIFIED", "DELETED"):
    print(event, json.dumps({"metadata": {"name": "a b"}}), flush=True)
time.sleep(60)
"""
    seen: list[tuple[str, str]] = []
    complete = threading.Event()

    def on_event(event: str, pod: dict[str, Any]) -> None:
        seen.append((event, pod["metadata"]["name"]))
        if event == "DELETED":
            complete.set()

    with fake(tmp_path, script).watch("pods", "app=x", on_event):
        assert complete.wait(30)
    assert seen == [("ADDED", "a b"), ("MODIFIED", "a b"), ("DELETED", "a b")]
