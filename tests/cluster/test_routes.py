"""Changes of routes that are live without a rollout, and requests that wait for an engine."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness.kubectl import Kubectl
from harness.paths import ROOT
from harness.stack import Published
from tests.cluster.conftest import Install, Measured
from tests.cluster.load import ENGINE_ENV, LIVE_SECONDS, STREAM_SECONDS, loaded, node_port, settle

GATEWAY = "t-inference-stack-onwards"
ENGINE = "t-inference-stack-chat"
CHANGES = 5
HOLD_SECONDS = 60
ASLEEP_SECONDS = 20.0
REQUESTS = 32
QUICK = {"name": "STANDIN_LOAD_SECONDS", "value": "0"}


def group(**more: Any) -> dict[str, Any]:
    fields = {"enabled": True, "engine": "vllm", "modelName": "demo/chat", "modelAlias": ["chat"], **more}
    return {"modelGroups": {"chat": fields}}


def pods(kubectl: Kubectl) -> set[str]:
    return {pod["metadata"]["name"] for pod in kubectl.items("pods")}


def body(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2, **more}


def status(address: tuple[str, int], model: str) -> int:
    url = f"http://{address[0]}:{address[1]}/v1/chat/completions"
    return httpx.post(url, json=body(model), timeout=60).status_code


def live(address: tuple[str, int], model: str, expected: int) -> None:
    settle(lambda: status(address, model), expected)


def test_routes_change_under_load_without_a_rollout(install: Install, chart: Published, measured: Measured) -> None:
    """A second name of the engine, as a provider, so that the engine itself need not change."""

    def routed(alias: str) -> dict[str, Any]:
        upstream = {"url": f"http://{ENGINE}:8000/v1", "modelName": "chat", "modelAlias": [alias]}
        return {"externalProviders": {"second": upstream}}

    gateway = {"onwards": {"replicaCount": 2, "rollOnChange": False, "service": {"type": "NodePort"}}}
    installed = install({**gateway, **group(env=ENGINE_ENV), **routed("name-0")})
    kubectl, helm = installed.stack.kubectl, installed.stack.helm
    address = node_port(kubectl, GATEWAY)
    live(address, "name-0", 200)
    before = pods(kubectl)
    seconds = []
    with loaded(address) as load:
        time.sleep(STREAM_SECONDS / 2)
        for change in range(1, CHANGES + 1):
            begun = time.monotonic()
            layers = [*installed.values, routed(f"name-{change}")]
            helm.upgrade_install("t", chart.reference, version=chart.version, plain_http=True, values=layers)
            live(address, f"name-{change}", 200)
            live(address, f"name-{change - 1}", 404)
            seconds.append(round(time.monotonic() - begun, 1))
    measured("seconds from helm upgrade until every gateway pod has the route", seconds)
    measured("requests", len(load.outcomes))
    assert not load.failed(), load.failed()[:5]
    assert pods(kubectl) == before
    for pod in kubectl.items("pods", "app.kubernetes.io/component=onwards"):
        log = kubectl.logs(pod["metadata"]["name"], container="onwards")
        assert "Failed to" not in log, log  # it has never read half a configuration


def test_requests_wait_for_an_engine_that_is_not_there(install: Install, measured: Measured) -> None:
    hold = {"routes": {"chat": {"holdSeconds": HOLD_SECONDS}, "short": {"holdSeconds": 3}}}
    gateway = {"onwards": {"service": {"type": "NodePort"}}}
    groups = group(replicaCount=0, env=[QUICK])
    groups["modelGroups"]["nobody"] = {**groups["modelGroups"]["chat"], "modelAlias": ["short"]}
    installed = install({**gateway, **hold, **groups})
    kubectl = installed.stack.kubectl
    host, port = node_port(kubectl, GATEWAY)
    url = f"http://{host}:{port}/v1/chat/completions"

    def send(number: int) -> tuple[int, str]:
        answer = httpx.post(url, json=body("chat", stream=number % 2 == 0), timeout=HOLD_SECONDS + 60)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(REQUESTS) as pool:
        held = [pool.submit(send, number) for number in range(REQUESTS)]
        time.sleep(ASLEEP_SECONDS)
        assert not any(each.done() for each in held)
        with kubectl.port_forward(f"deployment/{GATEWAY}", "9090") as metrics:
            text = httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        (waiting,) = re.findall(r'onwards_model_inflight\{model="chat"\} (\d+)', text)
        measured("requests that are held, by onwards_model_inflight", waiting)
        assert int(waiting) == REQUESTS
        kubectl.run("scale", f"deployment/{ENGINE}", "--replicas=1")
        answers = [each.result() for each in held]
    assert {code for code, _ in answers} == {200}
    assert all('"finish_reason"' in text and '"error"' not in text for _, text in answers)

    begun = time.monotonic()
    given_up = httpx.post(url, json=body("short"), timeout=HOLD_SECONDS + 60)
    measured("seconds until a held request is given up, of 3", round(time.monotonic() - begun, 1))
    assert given_up.status_code == 502
    assert json.loads(given_up.text)["error"]["message"]


def test_a_gateway_container_that_was_restarted_alone_sends_nobody_away(install: Install) -> None:
    """What the preStop hook writes before a failed liveness probe ends the container is undone after it."""
    installed = install(group(env=[QUICK]))
    kubectl = installed.stack.kubectl
    folder = ROOT / "files" / "onwards"
    hook = "".join((folder / name).read_text() for name in ("config.sh", "send-clients-away.sh"))

    def connection() -> object:
        with kubectl.port_forward(installed.stack.gateway, "http") as port:
            answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body("chat"), timeout=60)
        assert answer.status_code == 200
        return answer.headers.get("connection")

    assert connection() is None
    kubectl.exec(f"deployment/{GATEWAY}", ["bash", "-c", hook])
    assert connection() == "close"
    until = time.monotonic() + LIVE_SECONDS
    while connection():
        assert time.monotonic() < until
        time.sleep(1)
