"""The real gateway starts with what the chart renders for it: its configuration, its options, ready by its own probe.

From generated values, and from those of every example, snippet, warning, and what a refusal advises. No cluster is
needed for it, only the gateway's program, on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

from harness.bench.contained import free_port
from harness.cluster.processes import wait_until
from harness.docs.cases import REFUSALS, WARNINGS
from harness.helm import HelmError, Render
from harness.images import onwards
from harness.manifests import Manifests, Object, container
from harness.paths import ROOT, examples
from harness.run import background
from harness.stack import routes
from tests.cluster.ready import READY_SECONDS, is_ready
from tests.properties.checks import LIBRARY
from tests.properties.conftest import COMMON
from tests.properties.strategies import values
from tests.snippets import SNIPPETS
from tests.support import objects, split

Values = Path | Mapping[str, Any]
SETS = 80
"""How many generated sets of values; some of them are refused."""

KEYS = ("key", "onwards_key", "keys", "global_keys")
"""The fields of the configuration that have placeholders, or lists of them."""
MADE_UP = "made-up-key"


def documented() -> Iterator[tuple[str, Values]]:
    """Values that the project shows or tests by name."""
    yield from ((f"example {path.stem}", path) for path in examples())
    yield from ((f"snippet {name}", snippet.values) for name, snippet in SNIPPETS.items())
    yield from ((f"warning {name}", case.values) for name, case in WARNINGS.items())
    yield from ((f"advice {name}", case.accepted) for name, case in REFUSALS.items())


def rendered(given: Values, skip_schema: bool = True) -> Manifests | None:
    """The objects, or nothing if the values are refused; reading the schema takes more than a render's time."""
    try:
        texts = LIBRARY.render(Render(ROOT, values=[given], skip_schema=skip_schema))
    except HelmError:
        return None
    documents = (part for name, text in texts.items() if name.endswith(".yaml") for part in split(text))
    return Manifests(each for document in documents for each in objects(document))


def component(of: Object) -> str:
    return str(of["metadata"]["labels"]["app.kubernetes.io/component"])


def with_keys(node: Any, field: str = "") -> Any:
    """A configuration with a key for each placeholder."""
    if isinstance(node, dict):
        return {name: with_keys(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [with_keys(value, field) for value in node]
    return MADE_UP if field in KEYS else node


def start(manifests: Manifests, directory: Path) -> str:
    """Start the gateway as its container would; why it does not get ready, or nothing."""
    gateways = (each for each in manifests.kind("Deployment") if component(each) == "onwards")
    command = container(next(gateways), "onwards")
    config = directory / "config.json"
    config.write_text(json.dumps(with_keys(routes(manifests))))
    port, metrics = free_port(), free_port()
    here = {"--targets": str(config), "--port": str(port), "--metrics-port": str(metrics)}
    args = [here.get(before, word) for before, word in zip(("", *command["args"]), command["args"], strict=False)]
    log = directory / "log"
    with log.open("w") as output, background([onwards.binary(), *args], stdout=output, stderr=output) as process:
        wait_until(lambda: process.poll() is not None or is_ready(metrics), "the gateway", READY_SECONDS)
        return log.read_text() if process.poll() is not None else _wrong(port, manifests)


def _wrong(port: int, manifests: Manifests) -> str:
    """Whether it lists other aliases than it was given; with keys for clients, it lists none to a stranger."""
    listed = httpx.get(f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": f"Bearer {MADE_UP}"})
    found = {model["id"] for model in listed.json()["data"]}
    given = set(routes(manifests)["targets"])
    return "" if found <= given and (found or not given) else f"lists {sorted(found)} of {sorted(given)}"


def test_with_every_documented_configuration(tmp_path: Path, measured: Any) -> None:
    seen: set[str] = set()
    wrong = {}
    for name, given_values in documented():
        manifests = rendered(given_values)
        if manifests is None or (text := json.dumps(routes(manifests), sort_keys=True)) in seen:
            continue
        seen.add(text)
        if fault := start(manifests, tmp_path):
            wrong[name] = fault
    measured("configurations", len(seen))
    assert not wrong
    assert len(seen) > 60


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@settings(COMMON, max_examples=SETS)
@given(values())
def test_with_generated_configurations(directory: Path, drawn: Mapping[str, Any]) -> None:
    manifests = rendered(drawn)
    if manifests is not None and (fault := start(manifests, directory)):
        assert rendered(drawn, skip_schema=False) is None, fault
