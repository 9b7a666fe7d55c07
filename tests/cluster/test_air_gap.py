"""An installation whose images come from a mirror alone, by their digests, as docs/air-gap.md says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.cluster import Cluster
from harness.image_name import ImageName
from harness.run import run
from harness.tools import tool
from inference_stack import cli
from tests.cluster.conftest import Install
from tests.cluster.tiny import TINY, gateway

MIRROR = "registry.example.com/mirror"
"""Where the node finds it: its registry answers for every host."""


def test_a_release_takes_its_images_from_a_mirror_alone(
    cluster: Cluster,
    install: Install,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = cluster.registry
    if registry is None:
        pytest.skip("this cluster's nodes ask no registry of the tests'")
    values = {"modelGroups": {"tiny": TINY}}
    file = tmp_path / "my-values.yaml"
    file.write_text(yaml.safe_dump(values))
    monkeypatch.setenv("HELM_BIN", str(tool("helm")))
    assert cli.main(["images", "-f", str(file)]) == 0
    listed = capsys.readouterr().out.split()
    assert len(listed) == 2

    digests = {}
    for each in listed:
        copy = f"{registry}/mirror/{each}"
        run([tool("crane"), "copy", "--insecure", f"{registry}/{ImageName.parse(each).path}", copy])
        digests[each] = run([tool("crane"), "digest", "--insecure", copy]).stdout.strip()
    images = {"requireDigest": True, "digests": digests}
    installed = install({**values, "global": {"imageRegistry": MIRROR}, "images": images})

    print(installed.stack.helm.test("t"))
    with gateway(installed) as client:
        assert client.chat("tiny", "What is a pod?", max_tokens=8)
    pods = installed.stack.kubectl.items("pods")
    used = {each["image"] for pod in pods for each in pod["spec"]["containers"]}
    assert used == {f"{MIRROR}/{name}@{digest}" for name, digest in digests.items()}
