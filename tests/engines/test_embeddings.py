"""vLLM and SGLang themselves with the demo model as one for embeddings, in pods as the chart renders them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster
from harness.images import build
from tests.cluster.conftest import Install, Installed
from tests.engines import test_sglang, test_vllm
from tests.engines.checks import check_embeddings

SGLANG: dict[str, Any] = test_sglang.VALUES["modelGroups"]["chat"]
VALUES: dict[str, Any] = {
    "vllm": {
        **test_vllm.ENGINE,
        "modelAlias": ["embed", "embed-too"],
        "args": [*test_vllm.OPTIONS, "--runner", "pooling", "--convert", "embed"],
    },
    "sglang": {
        **{key: value for key, value in SGLANG.items() if key != "apiKey"},
        "modelAlias": ["embed", "embed-too"],
        "args": [*test_sglang.OPTIONS, "--is-embedding"],
    },
}


@pytest.fixture(scope="module", params=["vllm", "sglang"])
def installed(request: pytest.FixtureRequest, cluster: Cluster, install_restricted: Install) -> Installed:
    """One after the other in the same release: each needs some four GB."""
    values = VALUES[request.param]
    cluster.load(build([f"{values['image']}:{values['tag']}"]))
    others = {name: {"enabled": False} for name in VALUES if name != request.param}
    return install_restricted({"modelGroups": {request.param: values, **others}})


def test_an_alias_gives_embeddings(client: Client) -> None:
    check_embeddings(client, "embed", "embed-too")
