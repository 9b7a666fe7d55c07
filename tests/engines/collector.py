"""A collector of spans in a pod, by what the images of the real vLLM and SGLang have: a line of JSON for each span."""

from __future__ import annotations

import json
from typing import Any

from harness.kubectl import Kubectl

PORT = 4318
ADDRESS = f"http://collector:{PORT}"
PROGRAM = f"""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for of in sent.resource_spans:
            names = [each.value.string_value for each in of.resource.attributes if each.key == "service.name"]
            for span in (span for scope in of.scope_spans for span in scope.spans):
                ids = {{"trace": span.trace_id.hex(), "span": span.span_id.hex(), "parent": span.parent_span_id.hex()}}
                print(json.dumps({{"service": names[0], "name": span.name, **ids}}), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("", {PORT}), Handler).serve_forever()
"""


def start(kubectl: Kubectl, image: str) -> None:
    """Start it in kubectl's namespace, which takes restricted pods only."""
    metadata = {"name": "collector", "labels": {"app": "collector"}}
    container = {
        "name": "collector",
        "image": image,
        "command": ["python3", "-c", PROGRAM],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"securityContext": security, "containers": [container]}
    kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
    service = {"selector": metadata["labels"], "ports": [{"port": PORT}]}
    kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}))
    kubectl.run("wait", "pod/collector", "--for=condition=Ready", "--timeout=120s")


def spans(kubectl: Kubectl, trace: str) -> list[dict[str, Any]]:
    """What it was sent of a trace: service, name, span and parent of each."""
    found = [json.loads(line) for line in kubectl.logs("collector").splitlines()]
    return [each for each in found if each["trace"] == trace]
