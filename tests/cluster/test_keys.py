"""Clients' keys: what each may do, and how to rotate one under load."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from harness.cluster import Cluster
from harness.helm import HelmError
from harness.kubectl import Kubectl
from harness.stack import Published, Stack
from tests.cluster.conftest import AVAILABLE_SECONDS, Install, Installed, Measured
from tests.cluster.keyed import KEYS, SECRET, VALUES, install_keyed, put_keys
from tests.cluster.load import ENGINE_ENV, LIVE_SECONDS, loaded, node_port, settle

GATEWAY = "t-inference-stack-onwards"
EMBED = "t-inference-stack-embed"
TEST = "job/t-inference-stack-onwards-test"
ROTATIONS = 5

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}),
    "stream": (
        "chat/completions",
        {"model": "chat", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "stream": True},
    ),
    "embeddings": ("embeddings", {"model": "embed", "input": "Hi"}),
}
STATUSES = {"none": 401, "wrong": 403, "right": 200, "of another alias": 403}
MODELS = {
    "none": set[str](),
    "wrong": set[str](),
    "right": {"chat", "other", "embed"},
    "of another alias": {"other"},
    "over its limit": {"chat", "other", "embed"},
}
GIVEN = {
    "none": "",
    "wrong": "made-up-wrong",
    "right": KEYS["right"],
    "of another alias": KEYS["narrow"],
    "over its limit": KEYS["limited"],
}


@pytest.fixture(scope="module")
def kubectl(cluster: Cluster, namespace_for_all: str) -> Kubectl:
    return Kubectl(cluster.kubeconfig, namespace_for_all)


@pytest.fixture(scope="module")
def keyed(install_for_all: Install, kubectl: Kubectl) -> Installed:
    return install_keyed(install_for_all, kubectl)


def headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def test_each_key_grants_its_aliases(keyed: Installed) -> None:
    with keyed.stack.kubectl.port_forward(keyed.stack.gateway, "http") as port:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}/v1/", timeout=60)
        for kind, (path, body) in KINDS.items():
            statuses = {
                name: client.post(path, json=body, headers=headers(GIVEN[name])).status_code for name in STATUSES
            }
            assert statuses == STATUSES, kind
            with ThreadPoolExecutor(8) as pool:
                limited = headers(KEYS["limited"])
                sent = [pool.submit(client.post, path, json=body, headers=limited) for _ in range(8)]
                assert 429 in (got := {each.result().status_code for each in sent}) <= {200, 429}, (kind, got)
        for name, key in GIVEN.items():
            answer = client.get("models", headers=headers(key))
            assert answer.status_code == 200, name
            assert {model["id"] for model in answer.json()["data"]} == MODELS[name], name


def test_helm_test_tests_every_alias_with_an_allowed_key_and_names_a_broken_one(
    keyed: Installed, kubectl: Kubectl
) -> None:
    keyed.stack.helm.test("t")
    ok = ["ok      the gateway answers", 'ok      "chat" chats', 'ok      "embed" embeds', 'ok      "other" chats']
    assert kubectl.logs(TEST).splitlines() == ok
    kubectl.run("scale", f"deployment/{EMBED}", "--replicas=0")
    kubectl.run("wait", "pod", "--selector=app.kubernetes.io/model-group=embed", "--for=delete", "--timeout=120s")
    try:
        with pytest.raises(HelmError):
            keyed.stack.helm.test("t")
        lines = kubectl.logs(TEST).splitlines()
        assert [line[:16] for line in lines] == [
            "ok      the gate",
            'ok      "chat" c',
            'FAILED  "embed":',
            'ok      "other" ',
        ]
    finally:
        kubectl.run("scale", f"deployment/{EMBED}", "--replicas=1")
        kubectl.wait_available(EMBED)


def test_a_header_does_not_grant_a_key_another_alias(keyed: Installed) -> None:
    with keyed.stack.kubectl.port_forward(keyed.stack.gateway, "http") as port:
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        named = {**KINDS["chat"][1], "model": "other"}
        assert httpx.post(url, json=named, headers=headers(KEYS["narrow"])).status_code == 200
        override = {**headers(KEYS["narrow"]), "model-override": "chat"}
        assert httpx.post(url, json=named, headers=override).status_code == 403


@pytest.mark.parametrize(
    "reference",
    [{"name": "no-such-secret", "key": "key"}, {"name": SECRET, "key": "no-such-key"}],
    ids=["Secret", "key"],
)
def test_a_missing_key_stops_the_new_gateway_with_a_message_while_the_old_one_serves(
    reference: dict[str, str], keyed: Installed, kubectl: Kubectl, chart: Published
) -> None:
    stack = keyed.stack
    late = {"onwards": {"clientKeys": {"late": {"apiKey": reference}}}}
    before = set(gateway_pods(kubectl))
    stack.helm.upgrade_install("t", chart.reference, version=chart.version, plain_http=True, values=[VALUES, late])
    message = "The key of onwards.clientKeys.late is not there"
    until = time.monotonic() + AVAILABLE_SECONDS
    while not any(message in init_log(kubectl, pod) for pod in set(gateway_pods(kubectl)) - before):
        assert time.monotonic() < until
        time.sleep(1)
    assert chat(stack, KEYS["right"]) == 200
    stack.helm.rollback("t")
    kubectl.wait_available(GATEWAY)


def test_a_broken_key_leaves_the_last_good_configuration_and_is_reported(keyed: Installed, kubectl: Kubectl) -> None:
    """In the watcher's log, and by its liveness probe, which an alert can watch; nothing is restarted."""
    before = gateway_pods(kubectl)
    message = "The key of onwards.clientKeys.narrow is empty"
    put_keys(kubectl, {**KEYS, "narrow": "", "right": (other := new_key())})
    try:
        until = time.monotonic() + LIVE_SECONDS
        while not any(message in event.get("message", "") for event in kubectl.items("events")):
            assert time.monotonic() < until, [event.get("message") for event in kubectl.items("events")]
            time.sleep(1)
        assert f"{message}; put it into the Secret" in kubectl.logs(f"deployment/{GATEWAY}", container="watch-config")
        assert (chat(keyed.stack, KEYS["right"]), chat(keyed.stack, other)) == (200, 403)
    finally:
        put_keys(kubectl, KEYS)
    until = time.monotonic() + LIVE_SECONDS
    while "The changed configuration is live." not in kubectl.logs(f"deployment/{GATEWAY}", container="watch-config"):
        assert time.monotonic() < until
        time.sleep(1)
    assert gateway_pods(kubectl) == before


def gateway_pods(kubectl: Kubectl) -> dict[str, int]:
    """The gateway's pods, with the number of restarts of their containers."""
    return {
        pod["metadata"]["name"]: sum(each["restartCount"] for each in pod["status"].get("containerStatuses", ()))
        for pod in kubectl.items("pods", "app.kubernetes.io/component=onwards")
        if "deletionTimestamp" not in pod["metadata"]
    }


def init_log(kubectl: Kubectl, pod: str) -> str:
    """What the init container has printed; nothing before it has started."""
    return kubectl.run("logs", pod, "--container=assemble-config", check=False).stdout


def chat(stack: Stack, key: str) -> int:
    """The status of a chat request with a key."""
    path, body = KINDS["chat"]
    with stack.kubectl.port_forward(stack.gateway, "http") as port:
        return httpx.post(f"http://127.0.0.1:{port}/v1/{path}", json=body, headers=headers(key), timeout=60).status_code


def test_keys_are_rotated_under_load_by_changing_their_secret(
    install: Install, cluster: Cluster, namespace: str, measured: Measured
) -> None:
    """The rotating client has two keys and uses one: the other is changed, then the client switches to it."""
    kubectl = Kubectl(cluster.kubeconfig, namespace)
    slots = {"steady": new_key(), "blue": new_key(), "green": new_key()}
    put_keys(kubectl, slots)
    install(
        {
            "onwards": {
                "replicaCount": 2,
                "service": {"type": "NodePort"},
                "clientKeys": {slot: {"apiKey": {"name": SECRET, "key": slot}} for slot in slots},
            },
            "modelGroups": {
                "chat": {
                    "enabled": True,
                    "engine": "vllm",
                    "modelName": "demo/chat",
                    "modelAlias": ["chat"],
                    "env": ENGINE_ENV,
                }
            },
        }
    )
    address = node_port(kubectl, GATEWAY)
    in_use = "blue"
    live(address, slots[in_use], 200)
    before = gateway_pods(kubectl)
    seconds = []
    with (
        loaded(address, rate=20, streams=4, key=lambda: slots["steady"]) as steady,
        loaded(address, rate=20, streams=4, key=lambda: slots[in_use]) as rotating,
    ):
        for _ in range(ROTATIONS):
            spare = "green" if in_use == "blue" else "blue"
            old, new = slots[spare], new_key()
            begun = time.monotonic()
            put_keys(kubectl, {**slots, spare: new})
            live(address, new, 200)
            live(address, old, 403)
            seconds.append(round(time.monotonic() - begun, 1))
            slots[spare] = new
            in_use = spare
            time.sleep(2)  # some requests with the new key
    measured("seconds from a changed Secret until every gateway pod has the key", seconds)
    assert gateway_pods(kubectl) == before
    for load in (steady, rotating):
        assert {each.stream for each in load.outcomes} == {True, False}
        assert not load.failed(), load.failed()[:5]


def new_key() -> str:
    return f"made-up-{secrets.token_hex(12)}"


def live(address: tuple[str, int], key: str, expected: int) -> None:
    path, body = KINDS["chat"]
    url = f"http://{address[0]}:{address[1]}/v1/{path}"
    settle(lambda: httpx.post(url, json=body, headers=headers(key), timeout=60).status_code, expected)
