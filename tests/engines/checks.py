"""What is asked of every real engine."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx

from harness.client import Client
from harness.cluster.processes import wait_until
from harness.images import real
from harness.kubectl import Kubectl
from harness.monitoring.vocabulary import MEANINGS, Gauge, Mean, Share
from harness.presets import presets
from tests.cluster.answers import ANSWER, QUESTION
from tests.cluster.conftest import Measured
from tests.engines import collector
from tests.engines.streams import REFUSED, TOKENS, open_streams

STREAMS = 4
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPANS_SECONDS = 60.0
SCHEMA = {
    "type": "object",
    "properties": {"place": {"enum": ["a cluster", "a machine"]}, "replicas": {"enum": [1, 2]}},
    "required": ["place", "replicas"],
    "additionalProperties": False,
}
"""Of answers that end soon, whatever a model says."""


def engine_pod(kubectl: Kubectl, group: str = "chat") -> dict[str, Any]:
    """The pod of the group that is not about to end."""
    pods = kubectl.items("pods", f"app.kubernetes.io/model-group={group}")
    (pod,) = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return dict(pod)


def check_restricted(kubectl: Kubectl, group: str = "chat") -> None:
    """The pod runs as no user of its image's, and cannot write to it."""
    pod = engine_pod(kubectl, group)
    assert pod["spec"]["securityContext"]["runAsUser"] == 10001
    container = next(each for each in pod["spec"]["containers"] if each["name"] == group)
    assert container["securityContext"]["readOnlyRootFilesystem"]


def check_answers(client: Client, alias: str) -> None:
    """The alias answers, whole and in pieces."""
    assert client.chat(alias, QUESTION).strip() == ANSWER
    pieces = list(client.stream(alias, QUESTION))
    assert len(pieces) > 1
    assert "".join(pieces).strip() == ANSWER


def check_key(door: str, key: str, path: str = "chat/completions") -> None:
    """The engine answers with its key only."""
    asked = {"input": QUESTION} if path == "embeddings" else {"messages": [{"role": "user", "content": QUESTION}]}
    body = {"model": "chat", "max_tokens": 4, **asked}
    answers = [
        httpx.post(f"{door}/v1/{path}", json=body, headers=headers, timeout=60).status_code
        for headers in ({}, {"Authorization": f"Bearer {key}"})
    ]
    assert answers == [401, 200]


def vocabulary(engine: str) -> set[str]:
    """Every name of the engine's metrics that is recorded, a histogram's without its suffix."""
    found: set[str] = set()
    for meaning in MEANINGS:
        match meaning.engines.get(engine):
            case str() as name:
                found.add(name.partition("{")[0])
            case tuple() as names:
                found.update(names)
            case Share(part, whole):
                found.update({part, *([whole] if isinstance(whole, str) else whole)})
            case Mean(total, count):
                found.update({total, count})
            case Gauge(gauge):
                found.add(gauge)
    return found


def check_metrics(door: str, engine: str, measured: Measured, key: str = "") -> None:
    """The page has every name that the chart reads of the engine: for a drain, to scale, and to record."""
    preset = presets()[engine]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    page = httpx.get(f"{door}{preset['metricsPath']}", headers=headers, timeout=10, follow_redirects=True).text
    names = {*preset["inFlight"]["gauges"], *preset["scaling"].values(), *vocabulary(engine)}
    measured("names of metrics that are read, each in the scrape", len(names))
    assert {name for name in names if not re.search(rf"^{name}(_bucket)?[{{ ]", page, re.MULTILINE)} == set()


def _message(client: Client, **asked: Any) -> dict[str, Any]:
    """What the alias chat says to a request that asks for more than words."""
    body = {"model": "chat", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 64, **asked}
    answer = httpx.post(f"{client.url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["choices"][0]["message"])


def _check_form(text: str) -> None:
    value = json.loads(text)
    assert value.keys() == SCHEMA["properties"].keys(), text  # type: ignore[attr-defined]
    assert (value["place"] in ("a cluster", "a machine"), value["replicas"] in (1, 2)) == (True, True), text


def check_json(client: Client) -> None:
    """An answer has the form of the schema that a request gives."""
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    _check_form(_message(client, response_format=form)["content"])


def check_tools(client: Client, **asked: Any) -> None:
    """A request that must call its one function gets a call of it, whose arguments have the form that it has."""
    function = {"name": "deploy", "description": "Deploys an application.", "strict": True, "parameters": SCHEMA}
    wanted = {"tools": [{"type": "function", "function": function}], "tool_choice": "required", "temperature": 0}
    message = _message(client, **{"max_tokens": 128, **wanted, **asked})
    assert message.get("tool_calls"), message
    (call,) = message["tool_calls"]
    assert call["function"]["name"] == "deploy"
    _check_form(call["function"]["arguments"])


def blanks() -> dict[str, int]:
    """A bias against the tokens that are blanks only: the tiny model begins its JSON with them, and goes on so."""
    tokenizer = json.loads((real.model() / "tiny" / "tokenizer.json").read_text())
    return {str(number): -100 for word, number in tokenizer["model"]["vocab"].items() if not word.strip("ĠĊĉč \n\t")}


def check_trace(client: Client, kubectl: Kubectl) -> None:
    """A request whose client samples it is one trace through gateway and engine, though the release samples nothing."""
    parent = "00f067aa0ba902b7"
    body = {"model": "chat", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 4}
    headers = {"traceparent": f"00-{TRACE}-{parent}-01"}
    httpx.post(f"{client.url}/v1/chat/completions", json=body, headers=headers, timeout=60).raise_for_status()
    services = {"t-inference-stack-onwards", "t-inference-stack-chat"}
    wait_until(
        lambda: {each["service"] for each in collector.spans(kubectl, TRACE)} == services, "all spans", SPANS_SECONDS
    )
    found = collector.spans(kubectl, TRACE)
    known = {parent, *(each["span"] for each in found)}
    assert all(each["parent"] in known for each in found)
    gateways = {each["span"] for each in found if each["service"] == "t-inference-stack-onwards"}
    assert any(each["parent"] in gateways for each in found if each["service"] == "t-inference-stack-chat")


def check_embeddings(client: Client, *aliases: str) -> None:
    """Every alias gives the same vector for the same text, and another for another."""
    vectors = [client.embed(alias, QUESTION) for alias in aliases]
    assert any(vectors[0])
    assert max(abs(a - b) for vector in vectors for a, b in zip(vectors[0], vector, strict=True)) < 1e-4
    other = client.embed(aliases[0], "Tell me a joke")
    assert max(abs(a - b) for a, b in zip(vectors[0], other, strict=True)) > 1e-3


def check_drain(kubectl: Kubectl, client: Client, measured: Measured, tokens: int = TOKENS) -> None:
    """A pod that is deleted finishes its open streams, and another takes its place."""
    name = engine_pod(kubectl)["metadata"]["name"]
    with open_streams(client.url, "chat", STREAMS, tokens, repeat=True) as streams:
        kubectl.run("delete", "pod", name, "--wait=false")
        began = time.monotonic()
    measured("seconds until the streams had ended", round(time.monotonic() - began, 1))
    assert any(each.began < began < each.ended for each in streams), "there was no stream to finish any more"
    assert {each.how for each in streams} <= {"length", REFUSED}
    kubectl.run("wait", "--for=delete", f"pod/{name}", "--timeout=180s", timeout=200)
    measured("seconds until the terminated engine was gone", round(time.monotonic() - began, 1))
    assert engine_pod(kubectl)["metadata"]["name"] != name
