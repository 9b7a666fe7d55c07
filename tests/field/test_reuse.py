"""`helm upgrade --reuse-values` keeps what a release's values took away, and gives one of 0.4 what it had not.

Helm itself upgrades a release that it is told of, without a cluster: the server below only says that it is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from harness.helm import KUBE_VERSION
from harness.manifests import Manifests
from harness.paths import ROOT
from harness.run import run
from harness.tools import tool
from tests.chart.accessors import FULLNAME, engine, gateway, one
from tests.chart.test_values_0_4 import STORED

ANSWERS: dict[str, Any] = {
    "/version": {"major": "1", "minor": KUBE_VERSION.split(".")[1], "gitVersion": f"v{KUBE_VERSION}"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
}


class Server(BaseHTTPRequestHandler):
    """A stand-in for an API server that has nothing."""

    def do_GET(self) -> None:
        found = ANSWERS.get(self.path.partition("?")[0])
        body = json.dumps(found or {}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        config = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {}}],
            "current-context": "c",
        }
        path = tmp_path_factory.mktemp("kube") / "config"
        path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **config}))
        path.chmod(0o600)
        yield path
        server.shutdown()


Upgrade = Callable[[str, dict[str, Any], dict[str, Any]], Manifests]


@pytest.fixture
def upgrade(kubeconfig: Path, tmp_path: Path) -> Upgrade:
    """The objects after an upgrade with a Helm, from a chart with these default values and a release with its own."""

    def upgraded(binary: str, defaults: dict[str, Any], own: dict[str, Any]) -> Manifests:
        when = "2026-01-01T00:00:00Z"
        release = {
            "name": "test-release",
            "namespace": "default",
            "version": 1,
            "info": {"status": "deployed", "first_deployed": when, "last_deployed": when},
            "chart": {"metadata": {"apiVersion": "v2", "name": ROOT.name, "version": "0.4.4"}, "values": defaults},
            "config": own,
            "manifest": "",
        }
        stored = tmp_path / "releases.yaml"
        stored.write_text(yaml.safe_dump([release]))
        environment = {"KUBECONFIG": str(kubeconfig), "HELM_DRIVER": "memory", "HELM_MEMORY_DRIVER_DATA": str(stored)}
        words: list[str | Path] = [tool(binary), "upgrade", "test-release", ROOT, "--reuse-values", "--dry-run=client"]
        text = run(words, env=environment).stdout
        return Manifests.parse(text.partition("\nMANIFEST:\n")[2].partition("\nNOTES:\n")[0])

    return upgraded


@pytest.mark.parametrize("binary", ["helm", "helm3"])
def test_a_release_of_this_chart_keeps_what_it_left_out(upgrade: Upgrade, binary: str) -> None:
    onwards = {"resources": {"limits": {"cpu": None}}, "securityContext": None}
    quick = {"enabled": True, "env": [{"name": "A", "value": "b"}]}
    route = {"enabled": True, "parentRefs": [{"name": "internal"}], "timeouts": None}
    own = {"onwards": onwards, "httpRoute": route, "modelGroups": {"vllm-llama": quick}}
    rendered = upgrade(binary, yaml.safe_load((ROOT / "values.yaml").read_text()), own)
    assert gateway(rendered)["resources"]["limits"] == {"memory": "1Gi", "ephemeral-storage": "512Mi"}
    assert not gateway(rendered).get("securityContext")
    assert "timeouts" not in rendered["HTTPRoute", FULLNAME]["spec"]["rules"][0]
    assert [each["name"] for each in engine(rendered, "vllm-llama")["env"]][-2:] == ["HF_TOKEN", "A"]


@pytest.mark.parametrize("binary", ["helm", "helm3"])
def test_a_release_of_0_4_gets_what_it_had_not(upgrade: Upgrade, binary: str) -> None:
    """Keys that its values lack were not set to null: there were none."""
    own = {**one(), "onwards": {"resources": {"limits": {"cpu": None}}}}
    rendered = upgrade(binary, STORED, own)
    assert gateway(rendered)["resources"]["limits"] == {"memory": "256Mi", "ephemeral-storage": "512Mi"}
    assert "preStop" in gateway(rendered)["lifecycle"]
    assert "preStop" in engine(rendered)["lifecycle"]
    assert engine(rendered)["livenessProbe"]
