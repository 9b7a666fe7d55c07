"""Checks that every alias of an installed release answers requests through the gateway."""

from __future__ import annotations

from collections.abc import Callable

from openai import APIError, APIStatusError

from harness.client import Client
from harness.manifests import Manifests, Object, pod_spec
from harness.stack import aliases
from tests.cluster.conftest import NO_GROUP, NO_OPENAI_ROUTES, NOT_STREAMED, Installed, Row

QUESTION = "What is Kubernetes?"
ANSWER = "Kubernetes runs containers on a cluster of machines."


def check_every_alias(installed: Installed, name: str, record: Callable[[Row], None]) -> None:
    """Request chats, streamed and not, or embeddings from each alias; add a row to the table for each.

    Tritonserver has no OpenAI routes: its aliases must return 404 and do not count as answered.
    """
    routes = aliases(installed.manifests)
    wrong = []
    if not routes:
        record((name, "", "", NO_GROUP, ""))
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        client = Client(f"http://127.0.0.1:{port}", installed.stack.client_key(installed.manifests))
        client.settle()
        assert sorted(client.models()) == sorted(routes)
        for alias, services in routes.items():
            container = _container(_workload(installed.manifests, services[0]))
            engine = container["image"].rpartition(":")[0]
            complete, streamed = _answers(client, alias, [*container.get("command", ()), *container.get("args", ())])
            record((name, alias, engine, complete, streamed))
            if (complete, streamed) not in (
                ("yes", "yes"),
                ("yes", NOT_STREAMED),
                (NO_OPENAI_ROUTES, NO_OPENAI_ROUTES),
            ):
                wrong.append((alias, complete, streamed))
    assert not wrong


def _answers(client: Client, alias: str, words: list[str]) -> tuple[str, str]:
    """Whether the alias answers as its engine's command line implies: `yes`, or the error."""
    if "pooling" in words:
        return _result(lambda: len(client.embed(alias, QUESTION)) > 0), NOT_STREAMED
    complete = _result(lambda: client.chat(alias, QUESTION).strip() == ANSWER)
    streamed = _result(lambda: _is_streamed(client, alias))
    if "tritonserver" in words and complete.startswith("404") and streamed.startswith("404"):
        return NO_OPENAI_ROUTES, NO_OPENAI_ROUTES
    return complete, streamed


def _is_streamed(client: Client, alias: str) -> bool:
    pieces = list(client.stream(alias, QUESTION))
    return len(pieces) > 1 and "".join(pieces).strip() == ANSWER


def _result(right: Callable[[], bool]) -> str:
    try:
        return "yes" if right() else "wrong answer"
    except APIError as error:  # an error in the middle of a stream has no status
        status = error.status_code if isinstance(error, APIStatusError) else "broken off"
        return f"{status}: {error.message[:80]}"


def _workload(manifests: Manifests, service: str) -> Object:
    """What runs behind a group's Service."""
    found = (("Deployment", service), ("LeaderWorkerSet", f"{service}-nodes"))
    return next(manifests[key] for key in found if key in manifests)


def _container(workload: Object) -> Object:
    container: Object = pod_spec(workload)["containers"][0]
    return container
