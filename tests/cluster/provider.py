"""A stand-in for an OpenAI endpoint outside the cluster, which the tests run in a separate pod.

It requires the bearer token in `KEY`. The model's name selects the answer: `status-429` returns that status and
`Retry-After: 7`, any other name a chat completion with the content `The provider answers.`
"""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = "The provider answers."
PORT = 8080


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = body["model"]
        if self.headers.get("Authorization") != f"Bearer {os.environ['KEY']}":
            self._answer(401, {"error": {"message": "wrong key", "type": "invalid_request_error"}})
        elif self.path != "/v1/chat/completions":
            self._answer(404, {"error": {"message": self.path, "type": "invalid_request_error"}})
        elif model.startswith("status-"):
            self._answer(int(model.removeprefix("status-")), {"error": {"message": model, "type": "as_requested"}})
        else:
            message = {"role": "assistant", "content": ANSWER}
            self._answer(
                200,
                {
                    "id": "provider",
                    "object": "chat.completion",
                    "created": 1,
                    "model": model,
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                },
            )

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status >= 400:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()
