"""What UPGRADING.md shows: it renders, and its two values files are one stack."""

from __future__ import annotations

import re
import textwrap

import pytest

from harness.manifests import Manifests, Object, environment, load, pod_spec
from harness.paths import ROOT
from tests.support import Render

TEXT = (ROOT / "UPGRADING.md").read_text()
BLOCKS = [
    load(textwrap.dedent(block)) for block in re.findall(r"^ *```yaml\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)
]
GROUP = {"enabled": True, "modelAlias": ["chat"], "modelName": "m", "image": "vllm/vllm-openai", "tag": "v1"}
CHAT = "test-release-inference-stack-chat"


@pytest.mark.parametrize("values", BLOCKS)
def test_each_fragment_renders_on_a_group(render: Render, values: Object) -> None:
    chat = GROUP | values.get("modelGroups", {}).get("chat", {})
    assert render({**values, "modelGroups": {"chat": chat}})["Deployment", CHAT]


def test_before_and_after_are_one_stack(render: Render) -> None:
    before, after = (essence(render(values)) for values in BLOCKS[-2:])
    assert before == after


def essence(manifests: Manifests) -> dict[str, object]:
    """What a user of the stack would notice: names, image, command, cache, volumes, GPUs."""
    spec = pod_spec(manifests["Deployment", CHAT])
    (engine,) = spec["containers"]
    line = [*engine["command"], *engine.get("args", [])]
    return {
        "objects": sorted((each["kind"], each["metadata"]["name"]) for each in manifests),
        "image": engine["image"],
        "flags": sorted(line),
        "cache": environment(engine)["HF_HOME"],
        "mounts": sorted((mount["name"], mount["mountPath"]) for mount in engine["volumeMounts"]),
        "volumes": sorted(spec["volumes"], key=lambda volume: str(volume["name"])),
        "gpus": {kind: int(engine["resources"][kind]["nvidia.com/gpu"]) for kind in ("limits", "requests")},
        "user": spec["securityContext"]["runAsUser"],
    }
