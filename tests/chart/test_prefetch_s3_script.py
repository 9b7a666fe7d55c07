"""files/prefetch-s3.py as the init container runs it, against SeaweedFS on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cluster.processes import wait_until
from harness.paths import ROOT
from tests.object_store import Store, object_store, way

SCRIPT = ROOT / "files/prefetch-s3.py"
WEIGHTS = bytes(range(256)) * 4096 * 24
"""24 MiB, uploaded in one."""
MODEL = {"config.json": b'{"model_type": "llama"}', "tokenizer/vocab.txt": b"a b c", "model.safetensors": WEIGHTS}
ADDRESS = "s3://models/org/tiny"
PART = ".model.safetensors.*.incomplete"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with object_store(tmp_path_factory.mktemp("store")) as running:
        running.put("models", {f"org/tiny/{name}": content for name, content in MODEL.items()} | {"org/tiny2/x": b"x"})
        yield running


def start(store: Store, directory: Path, address: str = ADDRESS, **environment: str) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(directory.parent), "NO_PROXY": "*", **store.environment()}
    command = [sys.executable, "-c", SCRIPT.read_text(), address, str(directory)]
    return subprocess.Popen(
        command, env={**env, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def run(store: Store, directory: Path, address: str = ADDRESS, **environment: str) -> tuple[int, str]:
    process = start(store, directory, address, **environment)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def files(directory: Path) -> dict[str, bytes]:
    found = [path for path in directory.rglob("*") if path.is_file() and not path.name.startswith(".prefetch")]
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def kill_half_way(store: Store, directory: Path) -> Path:
    """Start a download, kill it when some of the weights are written; what there is of them."""
    with way(store, len(WEIGHTS) * 2 // 3) as only:
        process = start(replace(store, url=only.url), directory)
        assert only.stopped.wait(60)
        wait_until(lambda: any(path.stat().st_size for path in directory.glob(PART)), "a piece on the disk", 60)
        process.kill()
        process.wait()
    (part,) = directory.glob(PART)
    assert 0 < part.stat().st_size < len(WEIGHTS)
    return part


def test_everything_under_the_address_is_fetched(store: Store, tmp_path: Path) -> None:
    code, said = run(store, tmp_path / "m")
    assert (code, said.splitlines()[-1]) == (0, f"{ADDRESS} is complete")
    assert files(tmp_path / "m") == MODEL


def test_what_is_there_asks_nothing_of_the_store(store: Store, tmp_path: Path) -> None:
    assert run(store, tmp_path / "m")[0] == 0
    nowhere = replace(store, url="http://127.0.0.1:1")
    assert run(nowhere, tmp_path / "m") == (0, f"{ADDRESS} is there\n")


def test_a_download_that_is_killed_goes_on_where_it_stopped(store: Store, tmp_path: Path) -> None:
    had = kill_half_way(store, tmp_path / "m").stat().st_size
    with way(store, 10 * len(WEIGHTS)) as second:
        code, said = run(replace(store, url=second.url), tmp_path / "m")
        assert (code, files(tmp_path / "m")) == (0, MODEL), said
        assert second.passed < len(WEIGHTS) - had + 2**20


def test_what_a_crash_damaged_is_fetched_anew(store: Store, tmp_path: Path) -> None:
    part = kill_half_way(store, tmp_path / "m")
    part.write_bytes(bytes(part.stat().st_size))
    code, said = run(store, tmp_path / "m")
    assert (code, "came damaged" in said) == (1, True)
    assert run(store, tmp_path / "m")[0] == 0
    assert files(tmp_path / "m") == MODEL


def test_ten_at_once_download_once(store: Store, tmp_path: Path) -> None:
    with way(store, 20 * len(WEIGHTS)) as only:
        processes = [start(replace(store, url=only.url), tmp_path / "m") for _ in range(10)]
        said = [process.communicate(timeout=180)[0].splitlines()[-1] for process in processes]
        assert sorted(said) == [f"{ADDRESS} is complete"] + [f"{ADDRESS} is there"] * 9
        assert len(WEIGHTS) < only.passed < 1.5 * len(WEIGHTS)
    assert files(tmp_path / "m") == MODEL


@pytest.mark.parametrize(
    ("address", "environment", "said"),
    [
        ("s3://models/org/none", {}, "404: nothing is under s3://models/org/none: correct modelName"),
        ("s3://none/org/tiny", {}, "404: the store of s3://none/org/tiny has no such bucket: correct modelName"),
        (ADDRESS, {"AWS_SECRET_ACCESS_KEY": "made-up-and-wrong"}, f"403: the store of {ADDRESS} refuses the keys"),
        (ADDRESS, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, f"403: {ADDRESS} has no keys: set AWS_"),
        (ADDRESS, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, f"error: {ADDRESS} cannot be read"),
    ],
    ids=["prefix", "bucket", "keys", "no-keys", "network"],
)
def test_what_cannot_be_fetched_is_said_in_one_line(
    store: Store, tmp_path: Path, address: str, environment: dict[str, str], said: str
) -> None:
    code, printed = run(store, tmp_path / "m", address, **environment)
    assert code == 1
    assert printed.splitlines()[-1].startswith(said), printed


def test_space_is_looked_at_before(store: Store, tmp_path: Path) -> None:
    script = SCRIPT.read_text().replace("shutil.disk_usage(directory).free", "0")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "*", **store.environment()}
    done = subprocess.run(
        [sys.executable, "-c", script, ADDRESS, tmp_path / "m"], env=env, text=True, capture_output=True
    )
    assert done.returncode == 1
    assert f"{ADDRESS} needs 0.0 GiB, 0.0 GiB are free on {tmp_path}/m" in done.stderr
    assert files(tmp_path / "m") == {}


def test_another_model_in_the_same_place_replaces_the_first(store: Store, tmp_path: Path) -> None:
    assert run(store, tmp_path / "m")[0] == 0
    assert run(store, tmp_path / "m", "s3://models/org/tiny2")[0] == 0
    assert json.loads((tmp_path / "m/.prefetch.json").read_text())["address"] == "s3://models/org/tiny2"


def test_an_image_without_boto3_says_so(tmp_path: Path) -> None:
    script = f"import sys; sys.modules['boto3'] = None\n{SCRIPT.read_text()}"
    done = subprocess.run([sys.executable, "-c", script, ADDRESS, tmp_path], text=True, capture_output=True)
    assert done.returncode == 1
    assert "the image has no boto3" in done.stderr
