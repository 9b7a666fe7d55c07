"""What `helm test` runs: the aliases it requests, the keys it uses, and how it judges the answers."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.manifests import Object, pod_spec
from harness.paths import ROOT
from harness.run import run
from tests.chart.accessors import FULLNAME, one
from tests.chart.config_volume import SHELLS, run_by
from tests.support import Render

SCRIPT = (ROOT / "files" / "test.sh").read_text().strip()
SERVED = {
    "chat": "/v1/chat/completions",
    "base": "/v1/completions",
    "embed": "/v1/embeddings",
    'q"ü$': "/v1/embeddings",
}
"""Aliases of the stand-in for the gateway, and the one path at which each answers."""
KEY = "made-up-key"
HANGS = 20
"""Seconds that the stand-in takes for the alias `hangs`."""


def job(render: Render, values: dict[str, Any]) -> Object:
    return render(values)["Job", f"{FULLNAME}-onwards-test"]


def requested(render: Render, values: dict[str, Any]) -> dict[str, str]:
    """The aliases that are requested, with the client whose key is used."""
    (only,) = pod_spec(job(render, values))["containers"]
    host, port, answer, total, *words = only["args"]
    assert (host, port, answer, total) == (f"{FULLNAME}-onwards", "80", "60", "270")
    return {json.loads(alias): client for alias, client in zip(words[::2], words[1::2], strict=True)}


def test_it_is_a_test_hook_and_can_run_again(render: Render) -> None:
    assert job(render, one())["metadata"]["annotations"] == {
        "helm.sh/hook": "test",
        "helm.sh/hook-delete-policy": "before-hook-creation",
        "helm.sh/hook-output-log-policy": "hook-succeeded,hook-failed",
    }
    spec = job(render, one())["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 330)


def test_helm_is_not_told_to_print_its_log_where_flux_runs_it(render: Render) -> None:
    quiet = job(render, {**one(), "tests": {"printLog": False}})["metadata"]["annotations"]
    assert quiet == {"helm.sh/hook": "test", "helm.sh/hook-delete-policy": "before-hook-creation"}


def test_its_script_is_the_file(render: Render) -> None:
    (only,) = pod_spec(job(render, one()))["containers"]
    command = [word.strip() for word in only["command"]]
    assert command == ["sh", "-c", SCRIPT, "test"]


def test_it_runs_as_the_gateway_does(render: Render) -> None:
    values = {
        **one(),
        "onwards": {
            "imagePullSecrets": ["registry"],
            "nodeSelector": {"disk": "ssd"},
            "replicaCount": 2,
        },
    }
    rendered = render(values)
    spec, gateway = (
        pod_spec(rendered["Job", f"{FULLNAME}-onwards-test"]),
        pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"]),
    )
    assert spec.pop("restartPolicy") == "Never"
    (only,) = spec.pop("containers")
    assert spec == {key: gateway[key] for key in spec}
    assert {
        "serviceAccountName",
        "automountServiceAccountToken",
        "imagePullSecrets",
        "securityContext",
        "nodeSelector",
    } <= spec.keys()
    first = gateway["initContainers"][0]
    shared = ("image", "imagePullPolicy", "securityContext")
    assert {key: only[key] for key in shared} == {key: first[key] for key in shared}
    assert only["resources"] == {
        "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi"},
        "limits": {"cpu": "500m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
    }


@pytest.mark.parametrize("engine", ["vllm", "sglang", "tensorrt-llm", "llama-cpp", "custom"])
def test_an_engine_with_openai_routes_is_tested(render: Render, engine: str) -> None:
    assert requested(render, one(engine=engine, image="x:1")) == {"m": ""}


def test_every_alias_is_tested(render: Render) -> None:
    values = {**one(modelAlias=["n", "m"]), "externalProviders": {"p": {"preset": "openai", "modelAlias": ["gpt"]}}}
    assert requested(render, values) == {"gpt": "", "m": "", "n": ""}
    assert "volumes" not in pod_spec(job(render, values))


def test_an_engine_without_openai_routes_is_not_tested(render: Render) -> None:
    assert requested(render, one(engine="triton")) == {}


def test_no_alias_is_expanded_by_the_kubelet(render: Render) -> None:
    values = one(modelAlias=["$(HOME)", "$$"])
    assert requested(render, values) == {"$$": "", "$(HOME)": ""}
    (only,) = pod_spec(job(render, values))["containers"]
    assert "$" not in "".join(only["args"])


def test_each_alias_is_requested_as_a_client_that_may_use_it(render: Render) -> None:
    clients = {
        "a-limited-one": {"apiKey": {"name": "s", "key": "limited"}, "requestsPerSecond": 1},
        "all": {"apiKey": {"name": "s", "key": "all"}},
        "some": {"apiKey": "by-value", "allowedAliases": ["n"]},
        "unused": {"apiKey": {"name": "s", "key": "unused"}},
    }
    values = {
        **one(modelAlias=["m", "n", "nobodys"]),
        "onwards": {"clientKeys": clients},
        "routes": {"n": {"allowedKeys": ["some"]}, "nobodys": {"allowedKeys": ["none"]}},
    }
    values["onwards"]["clientKeys"]["none"] = {"apiKey": {"name": "s", "key": "none"}, "allowedAliases": ["m"]}
    assert requested(render, values) == {"m": "all", "n": "some"}
    spec = pod_spec(job(render, values))
    assert [each["projected"]["sources"] for each in spec["volumes"]] == [
        [
            {"secret": {"name": "s", "items": [{"key": "all", "path": "all"}]}},
            {"secret": {"name": f"{FULLNAME}-onwards", "items": [{"key": "onwards.clientKeys.some", "path": "some"}]}},
        ]
    ]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "keys", "mountPath": "/etc/keys", "readOnly": True}]


def test_a_client_with_a_limit_is_used_where_there_is_no_other(render: Render) -> None:
    limited = {"apiKey": {"name": "s", "key": "limited"}, "requestsPerSecond": 1}
    assert requested(render, {**one(), "onwards": {"clientKeys": {"limited": limited}}}) == {"m": "limited"}


def test_keys_are_readable_by_the_group_alone(render: Render) -> None:
    values = {**one(), "onwards": {"clientKeys": {"c": {"apiKey": "sk"}}}}
    (volume,) = pod_spec(job(render, values))["volumes"]
    assert volume["projected"]["defaultMode"] == 0o440


def test_its_labels_are_its_own(render: Render) -> None:
    found = job(render, {**one(), "commonLabels": {"team": "ml"}})
    assert found["spec"]["template"]["metadata"]["labels"] == {
        "app.kubernetes.io/name": "inference-stack",
        "app.kubernetes.io/instance": "test-release",
        "app.kubernetes.io/component": "test",
        "team": "ml",
    }


def test_nothing_selects_its_pods(render: Render) -> None:
    rendered = render({**one(replicaCount=2), "onwards": {"replicaCount": 2}})
    labels = rendered["Job", f"{FULLNAME}-onwards-test"]["spec"]["template"]["metadata"]["labels"]
    services = [each["spec"]["selector"] for each in rendered.kind("Service")]
    budgets = [each["spec"]["selector"]["matchLabels"] for each in rendered.kind("PodDisruptionBudget")]
    policies = [
        each["spec"]["podSelector"]["matchLabels"]
        for each in rendered.kind("NetworkPolicy")
        if each["metadata"]["name"] != f"{FULLNAME}-onwards-test"
    ]
    assert len(services) == len(budgets) == len(policies) == 2
    assert not any(each.items() <= labels.items() for each in (*services, *budgets, *policies))


def test_its_pods_reach_the_gateway_alone_and_nobody_them(render: Render) -> None:
    rendered = render(one())
    spec = rendered["NetworkPolicy", f"{FULLNAME}-onwards-test"]["spec"]
    labels = rendered["Job", f"{FULLNAME}-onwards-test"]["spec"]["template"]["metadata"]["labels"]
    gateway = rendered["Deployment", f"{FULLNAME}-onwards"]["spec"]["selector"]["matchLabels"]
    assert spec == {
        "podSelector": {"matchLabels": labels},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [
            {"to": [{"podSelector": {"matchLabels": gateway}}], "ports": [{"port": "http", "protocol": "TCP"}]},
            {"ports": [{"port": port, "protocol": kind} for port in (53, 5353) for kind in ("UDP", "TCP")]},
        ],
    }


class Gateway(BaseHTTPRequestHandler):
    """A stand-in for the gateway."""

    protocol_version = "HTTP/1.1"
    key = ""

    def do_GET(self) -> None:
        self.answer(200, {"data": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["model"] == "hangs":
            time.sleep(HANGS)
        elif self.key and self.headers.get("Authorization") != f"Bearer {self.key}":
            self.answer(401, {"error": "no key"})
        elif SERVED.get(body["model"]) != self.path:
            self.answer(404, {"error": f"{body['model']} is not at {self.path}"})
        elif self.path == "/v1/chat/completions":
            assert body["stream"] is True
            self.answer(200, "data: {}\n\ndata: [DONE]\n\n")
        else:
            self.answer(200, {"data": []})

    def answer(self, status: int, body: object) -> None:
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(params=["", KEY], ids=["open", "keyed"])
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def port(key: str) -> Iterator[int]:
    handler = type("Keyed", (Gateway,), {"key": key})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def run_test(
    port: int, *aliases: str, keys: Path, client: str = "", shell: str = "sh", seconds: tuple[int, int] = (30, 50)
) -> tuple[int, str]:
    """The script's exit code and output."""
    script = SCRIPT.replace("/etc/keys", str(keys)).replace("sleep 3", "sleep 0")
    words = [word for alias in aliases for word in (json.dumps(alias, ensure_ascii=False), client)]
    arguments = ["test", "127.0.0.1", str(port), *map(str, seconds), *words]
    done = run(run_by(shell, script, *arguments), timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_every_kind_of_model_answers(port: int, key: str, tmp_path: Path, shell: str, end: str) -> None:
    (tmp_path / "someone").write_text(f"{key}{end}", newline="")
    code, output = run_test(port, *SERVED, keys=tmp_path, client="someone" if key else "", shell=shell)
    assert (code, output.splitlines()) == (
        0,
        [
            "ok      the gateway answers",
            'ok      "chat" chats',
            'ok      "base" completes',
            'ok      "embed" embeds',
            r'ok      "q\"ü$" embeds',
        ],
    )


@pytest.mark.parametrize("key", [""])
def test_one_alias_without_an_answer_fails_and_the_others_are_still_tested(port: int, tmp_path: Path) -> None:
    code, output = run_test(port, "gone", "chat", keys=tmp_path)
    assert code == 1
    assert 'FAILED  "gone": 404 {"error": "gone is not at /v1/chat/completions"}\nok      "chat" chats' in output


@pytest.mark.parametrize("key", [KEY])
def test_a_wrong_key_fails(port: int, tmp_path: Path) -> None:
    (tmp_path / "someone").write_text("wrong")
    code, output = run_test(port, "chat", keys=tmp_path, client="someone")
    assert code == 1
    assert 'FAILED  "chat": 401 {"error": "no key"}' in output


def test_an_unreachable_gateway_fails(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.server_close()
    code, output = run_test(server.server_port, "chat", keys=tmp_path)
    assert (code, output) == (
        1,
        f"FAILED  127.0.0.1:{server.server_port} answers nothing; look at its pods: kubectl get pods\n",
    )


@pytest.mark.parametrize("key", [""])
def test_an_alias_that_hangs_is_named_and_the_others_are_still_tested(port: int, tmp_path: Path) -> None:
    code, output = run_test(port, "hangs", "chat", keys=tmp_path, seconds=(2, 50))
    assert (code, output.splitlines()[1:]) == (
        1,
        ['FAILED  "hangs": no complete answer within 2 seconds', 'ok      "chat" chats'],
    )


@pytest.mark.parametrize("key", [""])
def test_it_ends_in_time_and_names_what_it_has_not_tested(port: int, tmp_path: Path) -> None:
    code, output = run_test(port, "hangs", "chat", keys=tmp_path, seconds=(30, 3))
    assert code == 1
    hung, untested = output.splitlines()[1:]
    assert re.fullmatch('FAILED  "hangs": no complete answer within [123] seconds', hung)
    assert untested == 'FAILED  "chat": not tested, because the test\'s 3 seconds are over'


def test_it_can_be_left_out(render: Render) -> None:
    rendered = render({**one(), "tests": {"enabled": False}})
    assert not [each for each in rendered if each["metadata"]["name"].endswith("-test")]
