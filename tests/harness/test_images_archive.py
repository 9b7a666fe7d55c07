from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.images.archive import SEARCH_PATH, Directory, File, Files, Symlink, accounts, write_archive, write_layer


def opened(path: Path) -> tuple[dict[str, object], list[dict[str, tarfile.TarInfo]]]:
    """The configuration of an image archive, and the entries of each of its layers."""
    with tarfile.open(path) as tar:
        manifest = json.loads(_read(tar, "manifest.json"))[0]
        config = json.loads(_read(tar, manifest["Config"]))
        layers = []
        for name, diff_id in zip(manifest["Layers"], config["rootfs"]["diff_ids"], strict=True):
            plain = gzip.decompress(_read(tar, name))
            assert "sha256:" + hashlib.sha256(plain).hexdigest() == diff_id
            with tarfile.open(fileobj=io.BytesIO(plain)) as layer:
                members = layer.getmembers()
            assert len({m.name for m in members}) == len(members)
            layers.append({m.name: m for m in members})
        return {**config, "RepoTags": manifest["RepoTags"]}, layers


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    assert member is not None
    return member.read()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "tool").write_text("#!/bin/sh\n")
    (root / "bin" / "tool").chmod(0o700)
    (root / "bin" / "other").symlink_to("tool")
    (root / "data").write_text("x")
    (root / "data").chmod(0o600)
    root.chmod(0o700)
    return root


def test_modes_are_the_images_own(tree: Path, tmp_path: Path) -> None:
    directories = {"/root": Directory(0o700), "/home/vllm": Directory(0o775, 2000), "/tmp": Directory(0o1777)}
    files: Files = {"/": tree, **directories, "/etc/hosts": b"127.0.0.1\n"}
    image = write_archive(tmp_path / "i.tar", "example.com/a:1", files)
    _, (entries,) = opened(image.path)
    assert {name: entry.mode for name, entry in entries.items()} == {
        **{"bin": 0o755, "bin/tool": 0o755, "bin/other": 0o777, "data": 0o644, "root": 0o700, "tmp": 0o1777},
        **{"etc": 0o755, "etc/hosts": 0o644, "home": 0o755, "home/vllm": 0o775},
    }
    assert (entries["bin/other"].issym(), entries["bin/other"].linkname) == (True, "tool")
    assert (entries["home/vllm"].uid, entries["home/vllm"].gid) == (2000, 0)
    del entries["home/vllm"]
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}


def test_directories_stand_before_what_they_hold(tmp_path: Path) -> None:
    files: Files = {"/a-b/c": b"1", "/a/b/c": b"1", "/a": Directory(0o711)}
    image = write_archive(tmp_path / "i.tar", "example.com/a:1", files)
    _, (entries,) = opened(image.path)
    assert list(entries) == ["a", "a/b", "a/b/c", "a-b", "a-b/c"]
    assert entries["a"].mode == 0o711


def test_same_files_give_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    def image(name: str) -> bytes:
        files: Files = {"/opt": tree, "/link": Symlink("opt/data"), "/x": File(b"x", 0o600)}
        return write_archive(tmp_path / name, "example.com/a:1", files, entrypoint=["/x"]).path.read_bytes()

    first = image("1.tar")
    os.utime(tree / "data", (1, 1))
    (tree / "bin" / "other").unlink()
    (tree / "bin" / "other").symlink_to("tool")
    assert image("2.tar") == first


def test_a_base_layer_is_shared(tree: Path, tmp_path: Path) -> None:
    base = write_layer(tmp_path / "base.tar.gz", {"/opt": tree})
    one = write_archive(tmp_path / "1.tar", "example.com/a:1", {"/one": b"1"}, base=[base])
    two = write_archive(tmp_path / "2.tar", "example.com/b:1", {"/two": b"2"}, base=[base])
    config_one, layers_one = opened(one.path)
    config_two, layers_two = opened(two.path)
    assert layers_one[0].keys() == layers_two[0].keys()
    assert set(layers_one[1]) == {"one"}
    diff_ids = [config["rootfs"]["diff_ids"] for config in (config_one, config_two)]  # type: ignore[index]
    assert diff_ids[0][0] == diff_ids[1][0] == base.diff_id
    assert diff_ids[0][1] != diff_ids[1][1]


def test_configuration(tmp_path: Path) -> None:
    image = write_archive(
        tmp_path / "i.tar",
        "example.com/a:1",
        accounts(("ubuntu", 1000, 1000, "/home/ubuntu")),
        entrypoint=["/app"],
        cmd=["--help"],
        env={"A": "b"},
        user="ubuntu",
        workdir="/app",
    )
    config, (entries,) = opened(image.path)
    assert (config["RepoTags"], config["os"]) == (["example.com/a:1"], "linux")
    assert config["config"] == {
        "Env": [f"PATH={SEARCH_PATH}", "A=b"],
        "WorkingDir": "/app",
        "Entrypoint": ["/app"],
        "Cmd": ["--help"],
        "User": "ubuntu",
    }
    assert set(entries) == {"etc", "etc/passwd", "etc/group"}


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="not there"):
        write_archive(tmp_path / "i.tar", "example.com/a:1", {"/x": tmp_path / "missing"})
    assert list(tmp_path.iterdir()) == []
