"""files/prefetch.py as the init container runs it, against a small hub on loopback."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.paths import ROOT
from tests.hub import COMMIT, MIB, REPO, Hub

SCRIPT = ROOT / "files/prefetch.py"
WEIGHTS = bytes(range(256)) * 4096 * 25  # 25 MiB: huggingface_hub writes 10 MiB at once
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer/vocab.txt": b"a b c",
    "model.safetensors": WEIGHTS,
}
OTHERS = {  # the weights again
    "pytorch_model.bin": b"bin",
    "model.gguf": b"gguf",
    "original/consolidated.00.pth": b"pth",
    "consolidated.safetensors": b"consolidated",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(FILES) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


class Volume:
    """A volume with HF_HOME, and processes that fill it."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.home, self.hub = home, hub
        self.repo = home / "hub/models--org--model"
        self.snapshot = self.repo / "snapshots" / COMMIT

    def start(self, *arguments: str, script: str | None = None, **environment: str) -> subprocess.Popen[str]:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "HF_HOME": str(self.home),
            "HF_ENDPOINT": self.hub.url,
            "NO_PROXY": "*",
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        }
        command = [sys.executable, "-c", script or SCRIPT.read_text(encoding="utf-8"), *arguments]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def prefetch(self, repo: str = REPO, revision: str = "", **environment: str) -> str:
        """What it prints; it has to succeed."""
        process = self.start(repo, revision, **environment)
        out, error = process.communicate()
        assert (process.returncode, error) == (0, ""), out + error
        return out

    def fail(self, repo: str = REPO, revision: str = "", **environment: str) -> str:
        """The one line that it fails with."""
        process = self.start(repo, revision, **environment)
        out, error = process.communicate()
        assert process.returncode == 1, out + error
        assert error.count("\n") == 1, error
        assert not self.markers(), "no marker after a failure"
        return error.strip()

    def markers(self) -> list[Path]:
        return list(self.home.glob(".prefetch/*.json"))

    def complete(self) -> None:
        found = {name: (self.snapshot / name).read_bytes() for name in FILES}
        assert found == FILES
        assert len(self.markers()) == 1


@pytest.fixture
def volume(tmp_path: Path, hub: Hub) -> Volume:
    return Volume(tmp_path / "models/huggingface", hub)


def offline(volume: Volume, call: str) -> str:
    """What an engine finds that may not ask the hub."""
    script = f"import huggingface_hub\nprint(huggingface_hub.{call})"
    process = volume.start(script=script, HF_HUB_OFFLINE="1", HF_ENDPOINT="http://127.0.0.1:1")
    out, error = process.communicate()
    assert process.returncode == 0, error
    return out.strip()


def test_an_argument_of_a_container() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert "$" not in text, "Kubernetes replaces references to variables"
    assert len(text.splitlines()) <= 150
    assert len(text) < 128 * 1024, "the longest argument that Linux takes"


def test_a_whole_model_and_its_branch(volume: Volume, hub: Hub) -> None:
    assert f"{REPO} is complete" in volume.prefetch()
    volume.complete()
    assert (volume.repo / "refs/main").read_text() == COMMIT
    assert not list(volume.home.rglob("*.incomplete"))
    assert hub.sent == {name: len(body) for name, body in FILES.items()}


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1"])
def test_another_revision_gets_its_own_ref(volume: Volume, revision: str) -> None:
    volume.prefetch(revision=revision)
    assert (volume.repo / "refs" / revision).read_text() == COMMIT
    assert not (volume.repo / "refs/main").exists()


def test_a_commit_needs_no_ref(volume: Volume) -> None:
    volume.prefetch(revision=COMMIT)
    volume.complete()
    assert not (volume.repo / "refs").exists()


def test_what_the_engine_may_not_do_is_allowed_here(volume: Volume) -> None:
    volume.prefetch(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_ENABLE_HF_TRANSFER="1")
    volume.complete()


def test_without_a_token(volume: Volume, hub: Hub) -> None:
    hub.token = "right"
    line = volume.fail()
    assert line.startswith(f"401: {hub.url}/{REPO} asks for a token")
    assert "hub.token" in line


def test_with_a_wrong_token(volume: Volume, hub: Hub) -> None:
    hub.token = "right"
    line = volume.fail(HF_TOKEN="hf_wrong")
    assert line.startswith(f"401: {hub.url}/{REPO} refuses the token")
    assert "hf_wrong" not in line


@pytest.mark.parametrize("way", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"])
def test_with_the_right_token(volume: Volume, hub: Hub, tmp_path: Path, way: str) -> None:
    hub.token = "right"
    path = tmp_path / "token"
    path.write_text("right\n", encoding="utf-8")
    volume.prefetch(**{way: str(path) if way == "HF_TOKEN_PATH" else "right"})
    volume.complete()
    assert not hub.leaked, "the token is the hub's only"


@pytest.mark.parametrize("kind", ["info", "file"])  # the real hub shows everybody what a gated repository has
def test_gated(volume: Volume, hub: Hub, kind: str) -> None:
    hub.refused[kind] = (403, "GatedRepo", "Access to model org/model is restricted")
    line = volume.fail(HF_TOKEN="hf_other")
    assert line.startswith(f"403: {hub.url}/{REPO} is gated")
    assert "hub.token" in line


def test_gated_without_a_token(volume: Volume, hub: Hub) -> None:
    hub.refused["file"] = (401, "GatedRepo", "Access to model org/model is restricted")
    assert volume.fail().startswith(f"401: {hub.url}/{REPO} asks for a token")


def test_no_such_model(volume: Volume, hub: Hub) -> None:
    assert volume.fail("org/modle").startswith(f"404: {hub.url}/org/modle does not exist")


def test_no_name_of_a_model(volume: Volume) -> None:
    assert "the name of the model" in volume.fail("https://huggingface.co/org/model")


def test_no_such_revision(volume: Volume, hub: Hub) -> None:
    assert volume.fail(revision="gone").startswith(f"404: {hub.url}/{REPO} has no revision gone")


def test_a_hub_that_is_broken(volume: Volume, hub: Hub) -> None:
    hub.refused["info"] = (500, "", "Internal error")
    assert volume.fail().startswith(f"500: {hub.url}/{REPO} cannot be read (")


def test_no_hub(volume: Volume) -> None:
    assert volume.fail(HF_ENDPOINT="http://127.0.0.1:1").startswith(
        f"error: http://127.0.0.1:1/{REPO} cannot be read ("
    )


def test_more_than_the_volume_has(volume: Volume, hub: Hub) -> None:
    hub.sizes["model.safetensors"] = 10**18
    line = volume.fail()
    assert re.search(rf"needs 931322574\.\d GiB, [\d.]+ GiB are free on {volume.home}", line), line
    assert not hub.sent


def test_a_volume_that_fills_up_meanwhile(volume: Volume) -> None:
    partial = volume.repo / "blobs" / f"{hashlib.sha256(WEIGHTS).hexdigest()}.prefetch.incomplete"
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")  # every write to it finds no space
    assert volume.fail().startswith(f"{volume.home} is full: ")


def test_what_is_there_needs_no_space(volume: Volume, hub: Hub) -> None:
    volume.prefetch()
    volume.markers()[0].unlink()
    assert "GiB, 99 %\n" in volume.prefetch()  # all but the small files
    assert hub.sent["model.safetensors"] == len(WEIGHTS)


def test_killed_half_way_it_goes_on(volume: Volume, hub: Hub) -> None:
    hub.stall_after = 24 * MIB
    process = volume.start(REPO, "")
    assert hub.stalled.wait(120)
    partial = volume.repo / "blobs" / f"{hashlib.sha256(WEIGHTS).hexdigest()}.prefetch.incomplete"
    while partial.stat().st_size < 10 * MIB:
        assert process.poll() is None
    process.kill()
    process.communicate()
    had = partial.stat().st_size
    hub.go_on.set()
    hub.sent.clear()
    assert not volume.markers()
    volume.prefetch()
    volume.complete()
    assert hub.ranges == [f"bytes={had}-"]
    assert hub.sent["model.safetensors"] == len(WEIGHTS) - had


def test_a_partial_file_with_holes_is_not_taken(volume: Volume, hub: Hub) -> None:
    partial = volume.repo / "blobs" / f"{hashlib.sha256(WEIGHTS).hexdigest()}.prefetch.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(MIB))
    assert "model.safetensors" in volume.fail()
    volume.prefetch()
    volume.complete()
    assert hub.ranges == [f"bytes={MIB}-"]


def test_a_file_of_another_size_is_fetched_anew(volume: Volume) -> None:
    blob = volume.repo / "blobs" / hashlib.sha256(WEIGHTS).hexdigest()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"cut")
    assert f"{REPO} has files of other sizes than the hub says" in volume.fail()
    volume.prefetch()
    volume.complete()


def test_ten_pods_download_once(volume: Volume, hub: Hub) -> None:
    processes = [volume.start(REPO, "") for _ in range(10)]
    ends = [(*process.communicate(), process.returncode) for process in processes]
    assert all((error, code) == ("", 0) for _, error, code in ends), ends
    assert sum(f"{REPO} is complete" in out for out, _, _ in ends) == 1
    assert sum(f"{REPO} is there" in out for out, _, _ in ends) == 9
    assert hub.sent == {name: len(body) for name, body in FILES.items()}
    volume.complete()


def test_another_pod_waits(volume: Volume, hub: Hub) -> None:
    hub.stall_after = MIB
    first = volume.start(REPO, "")
    assert hub.stalled.wait(120)
    second = volume.start(REPO, "")
    assert second.stdout
    assert second.stdout.readline() == f"another pod downloads {REPO}: waiting\n"
    first.kill()
    first.communicate()
    hub.go_on.set()
    out, error = second.communicate()
    assert (error, second.returncode) == ("", 0)
    assert f"{REPO} is complete" in out


def test_sigterm_ends_it(volume: Volume, hub: Hub) -> None:
    hub.stall_after = MIB
    process = volume.start(REPO, "")
    assert hub.stalled.wait(120)
    process.terminate()
    process.communicate()
    assert process.returncode == 143


def test_half_a_snapshot_without_the_hub_fails(volume: Volume) -> None:
    volume.prefetch()
    (volume.snapshot / "model.safetensors").unlink()
    process = volume.start(REPO, "", HF_ENDPOINT=volume.hub.url)
    process.communicate()
    assert process.returncode == 0, "with the hub it is completed"
    (volume.snapshot / "model.safetensors").unlink()
    volume.hub.refused["info"] = (503, "", "down")
    process = volume.start(REPO, "")
    _, error = process.communicate()
    assert process.returncode == 1
    assert error.startswith("503: ")
    volume.markers()[0].unlink()
    assert volume.fail(HF_ENDPOINT="http://127.0.0.1:1").startswith(
        f"error: http://127.0.0.1:1/{REPO} cannot be read ("
    )


def test_after_that_no_network_is_asked_for(volume: Volume, hub: Hub) -> None:
    hub.files |= OTHERS
    volume.prefetch()
    asked = len(hub.requests)
    hub.refused = dict.fromkeys(("info", "tree", "file"), (503, "", "down"))
    assert volume.prefetch() == f"{REPO} is there\n"
    assert len(hub.requests) == asked
    found = str(volume.snapshot)
    assert offline(volume, f"snapshot_download({REPO!r})") == found
    both = "allow_patterns=['*.safetensors', '*.bin']"
    assert offline(volume, f"snapshot_download({REPO!r}, revision='main', {both})") == found
    assert offline(volume, f"hf_hub_download({REPO!r}, 'config.json')") == f"{found}/config.json"


def test_a_lost_ref_comes_back_without_network(volume: Volume, hub: Hub) -> None:
    volume.prefetch()
    (volume.repo / "refs/main").unlink()
    asked = len(hub.requests)
    volume.prefetch()
    assert len(hub.requests) == asked
    assert (volume.repo / "refs/main").read_text() == COMMIT


def test_the_weights_again_are_left_out(volume: Volume, hub: Hub) -> None:
    hub.files |= OTHERS
    assert f"{REPO} at {COMMIT}, left out: {', '.join(sorted(OTHERS))}\n" in volume.prefetch()
    volume.complete()
    assert not any((volume.snapshot / name).exists() for name in OTHERS)
    assert set(hub.sent) == set(FILES)


@pytest.mark.parametrize(
    "files",
    [
        ("config.json", "pytorch_model.bin"),
        ("params.json", "consolidated.safetensors"),
        ("model.gguf",),
        ("model.safetensors", "2_Dense/pytorch_model.bin"),
        ("pytorch_model.bin", "2_Dense/model.safetensors"),
    ],
)
def test_the_only_weights_are_fetched(volume: Volume, hub: Hub, files: tuple[str, ...]) -> None:
    hub.files = {name: name.encode() for name in files}
    assert "left out" not in volume.prefetch()
    assert {name: (volume.snapshot / name).read_bytes() for name in files} == hub.files
