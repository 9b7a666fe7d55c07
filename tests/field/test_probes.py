"""Probes of servers of which the chart knows nothing, and of ports that have another name here."""

from __future__ import annotations

from typing import Any

import pytest

from harness.presets import images
from harness.stack import routes
from tests.chart.accessors import bare, command_line, engine, one, ports
from tests.support import Render, Say

TRITON = str(images()["triton"])
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
TCP = {"tcpSocket": {"port": "http"}}
READY = {"httpGet": {"path": "/readyz", "port": 8080}}
LIVE = {"exec": {"command": ["/alive"]}}


def handlers(rendered: Any) -> list[dict[str, Any]]:
    """What the startup, the readiness and the liveness probe ask."""
    container = engine(rendered)
    return [{key: container[name][key] for key in HANDLERS if key in container[name]} for name in PROBES]


IMAGES = ["localai/localai:v3.8.0", "mine:1"]


@pytest.mark.parametrize("image", IMAGES)
def test_an_unknown_server_is_only_asked_whether_its_port_opens(render: Render, image: str) -> None:
    assert handlers(render(bare(image=image, containerPort=11434))) == [TCP, TCP, TCP]


AUTHORS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "both": ({"readinessProbe": READY, "livenessProbe": LIVE}, [READY, READY, LIVE]),
    "readiness": ({"readinessProbe": READY}, [READY, READY, TCP]),
    "liveness": ({"livenessProbe": READY}, [READY, TCP, READY]),
    "startup": ({"startupProbe": LIVE, "readinessProbe": READY}, [LIVE, READY, TCP]),
    "startup-by-type": ({"startupProbe": {"type": "tcp"}, "readinessProbe": READY}, [TCP, READY, TCP]),
    "path": (
        {"readinessProbe": {"path": "/ready"}},
        [{"httpGet": {"path": "/ready", "port": "http"}}, {"httpGet": {"path": "/ready", "port": "http"}}, TCP],
    ),
    "type": (
        {"livenessProbe": {"type": "http"}},
        [{"httpGet": {"path": "/", "port": "http"}}, TCP, {"httpGet": {"path": "/", "port": "http"}}],
    ),
    "startup-numbers": ({"startupProbe": {"failureThreshold": 90}, "readinessProbe": READY}, [READY, READY, TCP]),
    "numbers-only": ({"readinessProbe": {"periodSeconds": 20}}, [TCP, TCP, TCP]),
}


@pytest.mark.parametrize(("fields", "right"), AUTHORS.values(), ids=AUTHORS)
def test_the_authors_own_probe_decides_when_the_server_has_started(
    render: Render, fields: dict[str, Any], right: list[dict[str, Any]]
) -> None:
    assert handlers(render(bare(image="localai/localai:v3.8.0", containerPort=8080, **fields))) == right


def test_a_slow_readiness_probe_has_its_time_at_start_too(render: Render) -> None:
    container = engine(
        render(bare(image="mine:1", readinessProbe={**READY, "timeoutSeconds": 30, "periodSeconds": 60}))
    )
    assert (container["startupProbe"]["timeoutSeconds"], container["startupProbe"]["periodSeconds"]) == (30, 10)


def test_a_probe_that_is_off_is_not_followed(render: Render) -> None:
    container = engine(render(bare(image="mine:1", readinessProbe={**READY, "enabled": False})))
    assert "readinessProbe" not in container
    assert "tcpSocket" in container["startupProbe"]


def test_a_known_engine_keeps_its_own_startup_probe(render: Render) -> None:
    (startup, *_) = handlers(render(one(readinessProbe=READY)))
    assert startup == {"httpGet": {"path": "/health", "port": "http"}}


NAMED: dict[str, tuple[dict[str, Any], str]] = {
    "startup": ({"startupProbe": {"tcpSocket": {"port": "main"}}}, "startupProbe.tcpSocket.port"),
    "readiness": ({"readinessProbe": {"httpGet": {"path": "/", "port": "web"}}}, "readinessProbe.httpGet.port"),
    "hook": ({"lifecycle": {"postStart": {"httpGet": {"port": "web"}}}}, "lifecycle.postStart.httpGet.port"),
}


@pytest.mark.parametrize(("fields", "path"), NAMED.values(), ids=NAMED)
def test_a_port_name_that_the_group_does_not_have_is_refused_with_those_it_has(
    refusal: Say, fields: dict[str, Any], path: str
) -> None:
    more = [{"name": "grpc", "containerPort": 9000}]
    text = refusal(bare(image="openmmlab/lmdeploy:v0.10.0", additionalPorts=more, **fields))
    assert f"modelGroups.a.{path}: this group has no port" in text
    assert "it has http, grpc." in text


def test_a_port_of_the_author_keeps_its_name(render: Render) -> None:
    probe = {"tcpSocket": {"port": "main"}}
    fields = {"additionalPorts": [{"name": "main", "containerPort": 23333}], "readinessProbe": probe}
    assert handlers(render(bare(image="mine:1", **fields)))[:2] == [probe, probe]


FRONTENDS = [
    "python3 /opt/tritonserver/python/openai/openai_frontend/main.py --model-repository /models --tokenizer org/m",
    "python3 openai_frontend/main.py --model-repository=/models",
]


@pytest.mark.parametrize("line", FRONTENDS)
def test_the_openai_frontend_of_triton_is_not_tritonserver(render: Render, line: str) -> None:
    rendered = render(bare(image=TRITON, command=line.split()))
    assert command_line(rendered) == [*line.split(), "--host", "0.0.0.0", "--openai-port", "8000"]
    assert ports(rendered) == {"http": 8000}
    ready = {"httpGet": {"path": "/health/ready", "port": "http"}}
    assert handlers(rendered) == [ready, ready, TCP]


def test_a_model_of_its_repository_is_asked_for_by_the_alias(render: Render) -> None:
    """Each directory in it is a model, so the repository's own name is none."""
    fields = {"engine": "triton-openai", "image": TRITON, "modelName": "/repository", "modelAlias": ["demo-model"]}
    (provider,) = routes(render(one(**fields)))["targets"]["demo-model"]["providers"]
    assert "onwards_model" not in provider
    named = routes(render(one(**{**fields, "modelName": "other"})))["targets"]["demo-model"]["providers"]
    assert [each["onwards_model"] for each in named] == ["other"]


def test_the_frontends_own_port_is_followed(render: Render) -> None:
    line = [*FRONTENDS[0].split(), "--openai-port", "9000"]
    assert ports(render(bare(image=TRITON, command=line))) == {"http": 9000}


@pytest.mark.parametrize("program", ["tritonserver", "/opt/tritonserver/bin/tritonserver"])
def test_tritonserver_is_still_recognised(render: Render, program: str) -> None:
    rendered = render(bare(image="mine:1", command=[program, "--model-repository=/models"]))
    assert ports(rendered) == {"http": 8000, "grpc": 8001, "metrics": 8002}
