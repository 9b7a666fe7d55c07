"""OpenAI's own clients, unmodified, for Python and JavaScript: each kind of request, and the type of each error."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import openai
import pytest

from harness.cluster import Cluster
from harness.kubectl import Kubectl
from harness.paths import cache_dir
from harness.progress import Step
from harness.run import run
from harness.tools import tool
from harness.tools.store import make_once
from tests.cluster.conftest import Install, Installed
from tests.cluster.keyed import ANSWER, KEYS, install_keyed

JAVASCRIPT = Path(__file__).parent / "clients"
EXPECTED = {
    "chat": f"{ANSWER} " * 4,
    "stream": f"{ANSWER} " * 4,
    "embedding": True,
    "models": ["chat", "embed", "other"],
    "no key": "AuthenticationError",
    "wrong key": "PermissionDeniedError",
    "another alias": "PermissionDeniedError",
    "no model": "NotFoundError",
    "over the limit": "RateLimitError",
}


@pytest.fixture(scope="module")
def installed(install_for_all: Install, namespace_for_all: str, cluster: Cluster) -> Installed:
    return install_keyed(install_for_all, Kubectl(cluster.kubeconfig, namespace_for_all))


def test_the_client_for_python(installed: Installed) -> None:
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        assert asyncio.run(results_of_python(f"http://127.0.0.1:{port}/v1")) == EXPECTED


def test_the_client_for_javascript(installed: Installed, tmp_path: Path) -> None:
    # The program must be beside the packages it imports, which npm installs outside the checkout.
    (tmp_path / "node_modules").symlink_to(packages() / "node_modules")
    shutil.copy(JAVASCRIPT / "client.mjs", tmp_path)
    with installed.stack.kubectl.port_forward(installed.stack.gateway, "http") as port:
        url = f"http://127.0.0.1:{port}/v1"
        done = run([tool("node"), tmp_path / "client.mjs", url, json.dumps(KEYS)])
    assert json.loads(done.stdout) == EXPECTED


async def results_of_python(url: str) -> dict[str, Any]:
    """Results of the client for Python with a gateway."""

    def client_with(key: str) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0)

    async def chat(client: openai.AsyncOpenAI, model: str = "chat", **more: Any) -> Any:
        return await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hi"}], max_tokens=4, **more
        )

    client = client_with(KEYS["right"])
    stream = await client.chat.completions.create(
        model="chat", messages=[{"role": "user", "content": "Hi"}], max_tokens=4, stream=True
    )
    complete = await chat(client)
    embedding = await client.embeddings.create(model="embed", input="Hi")
    crowd = asyncio.gather(*(chat(client_with(KEYS["limited"])) for _ in range(8)))
    return {
        "chat": complete.choices[0].message.content,
        "stream": "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]),
        "embedding": all(isinstance(number, float) for number in embedding.data[0].embedding),
        "models": sorted([model.id async for model in client.models.list()]),
        "no key": await error_of(chat(client, extra_headers={"Authorization": openai.Omit()})),
        "wrong key": await error_of(chat(client_with("made-up"))),
        "another alias": await error_of(chat(client_with(KEYS["narrow"]))),
        "no model": await error_of(chat(client, "no-such-model")),
        "over the limit": await error_of(crowd),
    }


async def error_of(answer: Awaitable[Any]) -> str:
    """The type of the exception that a request raises."""
    try:
        await answer
    except openai.OpenAIError as error:
        return type(error).__name__
    return "none"


def packages() -> Path:
    """The packages of package-lock.json, installed once for each version of it."""
    node = tool("node")
    npm = node.resolve().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    lock = JAVASCRIPT / "package-lock.json"

    def make(directory: Path, _: Step) -> None:
        for file in (lock, JAVASCRIPT / "package.json"):
            shutil.copy(file, directory)
        run([node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory)

    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    return make_once(cache_dir("npm") / f"openai-{digest}", "Fetching OpenAI's client for JavaScript", make)
