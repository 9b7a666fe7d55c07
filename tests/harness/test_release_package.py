"""The release's archive, its bill of materials and its steps; cosign is used where it has been built already."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import pytest
import yaml

from harness.errors import HarnessError
from harness.helm import Helm
from harness.manifests import load
from harness.paths import ROOT
from harness.presets import images
from harness.release import artifacthub, cosign, publication, rehearsal, sbom
from harness.release.package import Package, build, pack, sha256
from harness.release.publication import by_digest
from harness.release.source import Commit
from harness.run import Completed
from harness.stack import Published, loopback_registry
from harness.tools import ready

NEEDS_GIT = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a release is made from a git checkout")
REPOSITORY = "registry.example/charts/tiny"
EPOCH = 1_800_000_000


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A small chart."""
    directory = tmp_path / "chart"
    (directory / "templates").mkdir(parents=True)
    output = {"apiVersion": "v2", "name": "tiny", "version": "1.2.3"}
    (directory / "Chart.yaml").write_text(yaml.safe_dump(output))
    (directory / "values.yaml").write_text("a: 1\n")
    (directory / "templates" / "map.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    return directory


@pytest.fixture
def package(chart: Path, tmp_path: Path) -> Package:
    archive = pack(chart, tmp_path / "packed", EPOCH)
    images = ("docker.io/vllm/vllm-openai:v0.1.0", "ghcr.io/doublewordai/onwards:0.2.0")
    return Package(archive, "tiny", "1.2.3", Commit("ab" * 20, EPOCH, False), images)


def test_the_same_chart_is_the_same_bytes(chart: Path, package: Package, tmp_path: Path) -> None:
    for file in chart.rglob("*"):
        file.touch()
    again = pack(chart, tmp_path / "again", EPOCH)
    assert again.read_bytes() == package.archive.read_bytes()
    assert pack(chart, tmp_path / "later", EPOCH + 2).read_bytes() != package.archive.read_bytes()


@NEEDS_GIT
def test_the_commit_is_packaged_with_what_artifact_hub_reads(tmp_path: Path) -> None:
    made = build(tmp_path)
    output = load(Helm().run("show", "chart", made.archive).stdout)
    names = ("changes", "images", "prerelease", "containsSecurityUpdates")
    assert output["annotations"].keys() >= {f"artifacthub.io/{name}" for name in names}
    listed = yaml.safe_load(output["annotations"]["artifacthub.io/images"])
    assert [each["image"] for each in listed] == list(made.images)
    assert f"ghcr.io/doublewordai/onwards:{output['appVersion']}" in made.images
    assert {name.removeprefix("docker.io/") for name in made.images} >= set(map(str, images().values()))
    assert len({each["name"] for each in listed}) == len(listed)


class TestBill:
    def test_lists_files_and_images(self, package: Package) -> None:
        bill = json.loads(sbom.cyclonedx(package, REPOSITORY))
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        chart = bill["metadata"]["component"]
        assert chart["hashes"] == [{"alg": "SHA-256", "content": sha256(package.archive)}]
        assert [each["name"] for each in chart["components"]] == ["Chart.yaml", "templates/map.yaml", "values.yaml"]
        assert [each["purl"] for each in bill["components"]] == [
            "pkg:oci/vllm-openai?repository_url=docker.io/vllm/vllm-openai&tag=v0.1.0",
            "pkg:oci/onwards?repository_url=ghcr.io/doublewordai/onwards&tag=0.2.0",
        ]
        (depends,) = (each for each in bill["dependencies"] if each["ref"] == "chart")
        assert sorted(depends["dependsOn"]) == sorted(package.images)

    def test_is_the_same_for_the_same_archive(self, package: Package) -> None:
        assert sbom.cyclonedx(package, REPOSITORY) == sbom.cyclonedx(package, REPOSITORY)

    @pytest.mark.parametrize(
        ("file", "text"),
        [("values.yaml", "a: 2\n"), ("templates/more.yaml", "kind: Job\n"), ("templates/map.yaml", "")],
    )
    def test_a_changed_added_or_removed_file_is_named(
        self, chart: Path, package: Package, tmp_path: Path, file: str, text: str
    ) -> None:
        if text:
            (chart / file).write_text(text)
        else:
            (chart / file).unlink()
        changed = pack(chart, tmp_path / "changed", EPOCH)
        with pytest.raises(HarnessError, match=rf"(?s)bill of materials lists: {file}\nDo not install"):
            sbom.check(sbom.cyclonedx(package, REPOSITORY), changed)


def test_another_commit_in_the_provenance_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    materials = [{"digest": {"gitCommit": "ab" * 20}}]
    monkeypatch.setattr(cosign, "predicate", lambda *_: {"buildDefinition": {"resolvedDependencies": materials}})
    released = Published(f"oci://{REPOSITORY}", "1.2.3", "sha256:00")
    publication.check_origin(released, cosign.workflow(), "ab" * 20)
    with pytest.raises(HarnessError, match=f"names {'ab' * 20}, not {'cd' * 20}"):
        publication.check_origin(released, cosign.workflow(), "cd" * 20)


class TestAttestations:
    """What is made of cosign's answers."""

    @pytest.fixture
    def output(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The lines that cosign prints."""
        lines: list[str] = []
        monkeypatch.setattr(cosign, "cosign", lambda *words, **_: Completed(words, 0, "\n".join(lines), ""))
        return lines

    def statement(self, predicate: object) -> str:
        payload = base64.b64encode(json.dumps({"predicate": predicate}).encode()).decode()
        return json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": payload})

    def test_the_newest_counts(self, output: list[str]) -> None:
        output += ["Verified", self.statement({"a": 1}), self.statement({"a": 2})]
        assert cosign.predicate("r@sha256:0", cosign.workflow(), "cyclonedx") == {"a": 2}

    def test_none_is_a_refusal(self, output: list[str]) -> None:
        assert output == []
        with pytest.raises(HarnessError, match=r"(?s)no attestation of type cyclonedx.*Do not install"):
            cosign.predicate("r@sha256:0", cosign.workflow(), "cyclonedx")

    def test_a_chart_that_is_not_the_signed_one_is_refused(
        self, output: list[str], chart: Path, package: Package, tmp_path: Path
    ) -> None:
        released = Published(f"oci://{REPOSITORY}", "1.2.3", "sha256:00")
        output.append(self.statement(json.loads(sbom.cyclonedx(package, REPOSITORY))))
        publication.check_contents(released, cosign.workflow(), package.archive)
        (chart / "values.yaml").write_text("a: 2\n")
        with pytest.raises(HarnessError, match=r"lists: values\.yaml"):
            publication.check_contents(released, cosign.workflow(), pack(chart, tmp_path / "changed", EPOCH))


class TestRegistry:
    """What needs a registry, and no signature."""

    def test_pushed_twice_it_has_one_digest_and_comes_back_as_it_was(self, package: Package, tmp_path: Path) -> None:
        with loopback_registry() as registry:
            first, second = (publication.push(package, f"{registry}/{path}", plain_http=True) for path in "ab")
            assert first.digest == second.digest
            assert by_digest(first) == f"{registry}/a/tiny@{first.digest}"
            (tmp_path / "pulled").mkdir()
            pulled = Helm().pull(f"oci://{by_digest(first)}", tmp_path / "pulled", plain_http=True)
            publication.check_bytes(pulled, package)
            assert publication.render(pulled) == 1

    def test_other_bytes_than_the_commits_are_refused(self, chart: Path, package: Package, tmp_path: Path) -> None:
        (chart / "values.yaml").write_text("a: 2\n")
        with pytest.raises(HarnessError, match=f"is not what commit {'ab' * 20} packages into"):
            publication.check_bytes(pack(chart, tmp_path / "changed", EPOCH), package)

    def test_artifact_hub_reads_the_metadata(self) -> None:
        with loopback_registry() as registry:
            artifacthub.publish(ROOT / "artifacthub-repo.yml", f"{registry}/a/tiny")
            assert artifacthub.published(f"{registry}/a/tiny") == (ROOT / "artifacthub-repo.yml").read_text()


class TestRehearsal:
    def test_what_is_not_refused_is_a_failure(self) -> None:
        with pytest.raises(HarnessError, match="It was not refused"):
            rehearsal._refused("nothing", lambda: None)

    @NEEDS_GIT
    @pytest.mark.skipif(not ready("cosign"), reason="cosign takes minutes to build: `nox -s tools -- cosign`")
    def test_every_step(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv("DOCKER_CONFIG", "/mine")
        rehearsal.rehearse()
        out = capsys.readouterr().out
        assert out.count("✓ Refused") == 6
        for major in (4, 3):
            assert re.search(rf"✓ Installing the plugin into Helm {major}, .* llama \(vllm, \S+\): fits: ", out)
        assert "✗" not in out
        assert os.environ["DOCKER_CONFIG"] == "/mine"


def test_the_identity_that_signs_is_the_one_that_documents_name() -> None:
    assert len(cosign.workflow().verifying) == 4
    assert all(str(word) in (ROOT / "SECURITY.md").read_text() for word in cosign.workflow().verifying)
    assert (ROOT / ".github" / "workflows" / "release.yml").exists()
