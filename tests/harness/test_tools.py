from __future__ import annotations

import errno
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness import tools
from harness.errors import HarnessError
from harness.progress import Step
from harness.run import Completed, run
from harness.tools import apt, on_path, wheels
from harness.tools.golang import digest, modfile
from harness.tools.pins import GO_WHEEL, PINS, Pin, module_version, parse_version
from harness.tools.store import advice, make_once


def program(path: Path, script: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "output", "good"),
    [
        ("helm", "v4.3.1+gc0d08d0", True),
        ("helm", "v4.1.4+g1234567", False),
        ("helm", "v3.22.0", False),
        ("helm3", "v3.22.0", True),
        ("helm3", "v3.17.3+ge4da497", False),
        ("helm3", "v4.3.1", False),
        ("helm-floor", "v3.13.0+g825e86f", True),
        ("helm-floor", "v3.12.3+g3a31588", False),
        ("helm-floor", "v3.14.0+g3fc9f4b", False),
        ("kubectl", "Client Version: v1.37.1\nKustomize Version: v5.8.1", True),
        ("kubectl", "Client Version: v1.38.0", True),
        ("kubectl", "Client Version: v1.32.4-dispatcher", False),
        ("kubectl", "Client Version: v1.39.0", False),
        ("go", "go version go1.26.8 linux/amd64", True),
        ("go", "go version go1.25.3 darwin/arm64", False),
        ("go", "go version devel", False),
        ("cargo", "cargo 1.95.0 (f2d3ce0bd 2026-03-21)", True),
        ("cargo", "cargo 1.87.0", False),
        ("node", "v24.19.0", True),
        ("node", "v20.20.2", False),
    ],
)
def test_version_on_path_is_good_enough_or_not(name: str, output: str, good: bool) -> None:
    assert PINS[name].accepts(parse_version(output)) is good


def test_good_one_is_found_behind_an_old_one_of_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "helm", "echo v4.3.1")
    wanted = program(tmp_path / "helm3", "echo v3.20.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert on_path(PINS["helm3"]) == wanted
    assert on_path(PINS["helm"]) == tmp_path / "helm"


@pytest.mark.parametrize("script", ["exit 1", "echo usage", "echo v1.0 >&2"])
def test_one_that_fails_or_is_old_is_not_taken(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "thing", script)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert on_path(Pin("thing", ("thing",), ("version",), (2, 0))) is None


def test_versions_come_from_the_module() -> None:
    assert module_version("helm.sh/helm/v3").startswith("v3.")
    assert "k8sVersionMinor=37" in PINS["helm-unittest"].ldflags
    for pin in PINS.values():
        assert not pin.package or pin.package in (pin.module / "go.mod").read_text().split()


@pytest.mark.parametrize(("asked", "found"), [("1.26.0", True), ("1.26.9", False), ("1.27", False)])
def test_a_module_is_built_by_a_go_that_is_new_enough(
    asked: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = program(tmp_path / "bin" / "go", "echo go version go1.26.8 linux/amd64")
    monkeypatch.setenv("PATH", f"{theirs.parent}:/usr/bin:/bin")
    monkeypatch.setitem(PINS, "go", replace(PINS["go"], places=()))
    monkeypatch.setattr(tools, "from_wheel", lambda wheel, *_: tmp_path / wheel)
    (tmp_path / "go.mod").write_text(f"module a\n\ngo {asked}\n")
    assert tools._go(tmp_path) == (theirs if found else tmp_path / GO_WHEEL / "bin" / "go")


def test_digest_changes_with_flags_and_module(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module a")
    (tmp_path / "go.sum").write_text("")
    first = digest(tmp_path, "-X a=1")
    assert first == digest(tmp_path, "-X a=1") != digest(tmp_path, "-X a=2")
    (tmp_path / "go.sum").write_text("b")
    assert digest(tmp_path, "-X a=1") != first


def test_a_module_is_built_without_its_replacement_by_a_directory_that_it_lacks(tmp_path: Path) -> None:
    written = "module example.com/a\n\ngo 1.26\n\nreplace example.com/a/api => ./api\n\nreplace b => c v1.0.0\n"
    (tmp_path / "go.mod").write_text(written)
    (tmp_path / "go.sum").write_text("sums\n")
    go = tools.tool("go")
    with modfile(go, tmp_path, ["example.com/a/api"]) as options:
        copied = Path(options[1].removeprefix("-modfile="))
        assert options[0] == "-mod=mod"
        assert "./api" not in copied.read_text()
        assert "b => c v1.0.0" in copied.read_text()
        assert copied.with_name("go.sum").read_text() == "sums\n"
    assert (tmp_path / "go.mod").read_text() == written
    with modfile(go, tmp_path, []) as options:
        assert options == []


def test_links_lead_to_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = program(tmp_path / "cache" / "helm", "echo v4.3.1")
    monkeypatch.setattr(tools, "ROOT", tmp_path)
    monkeypatch.setattr(tools, "tool", lambda _: found)
    for _ in range(2):
        directory = tools.link(["helm"])
        assert [p.name for p in directory.iterdir()] == ["helm"]
        assert (directory / "helm").resolve() == found


class TestMakeOnce:
    def test_makes_it_once_without_what_a_killed_run_left(self, tmp_path: Path) -> None:
        (tmp_path / ".thing.part").mkdir()
        (tmp_path / ".thing.part" / "half").touch()
        calls: list[Path] = []

        def make(directory: Path, _: Step) -> None:
            calls.append(directory)
            (directory / "file").touch()

        for _ in range(2):
            made = make_once(tmp_path / "thing", "Making", make)
            assert [p.name for p in made.iterdir()] == ["file"]
        assert len(calls) == 1
        assert [p.name for p in tmp_path.iterdir()] == ["thing"]

    def test_failure_leaves_nothing_and_the_next_run_makes_it(self, tmp_path: Path) -> None:
        def fail(directory: Path, _: Step) -> None:
            (directory / "half").touch()
            raise HarnessError("broken")

        with pytest.raises(HarnessError, match="broken"):
            make_once(tmp_path / "thing", "Making", fail)
        assert list(tmp_path.iterdir()) == []
        assert make_once(tmp_path / "thing", "Making", lambda d, _: (d / "file").touch()).exists()

    def test_two_at_once_make_it_once(self, tmp_path: Path) -> None:
        started, calls = threading.Event(), 0

        def make(_directory: Path, _step: Step) -> None:
            nonlocal calls
            calls += 1
            started.set()
            second.join(0.2)  # the second waits for the lock meanwhile

        def other() -> None:
            started.wait(5)
            make_once(tmp_path / "thing", "Making", make)

        second = threading.Thread(target=other)
        second.start()
        make_once(tmp_path / "thing", "Making", make)
        second.join(5)
        assert calls == 1

    def test_full_disk_says_what_to_do(self, tmp_path: Path) -> None:
        def fill(_directory: Path, _step: Step) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with pytest.raises(HarnessError, match=r"(?s)No space left.*INFERENCE_STACK_CACHE"):
            make_once(tmp_path / "thing", "Making", fill)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("dial tcp: lookup proxy.golang.org: no such host", "network"),
        ("WARNING: Retrying: Failed to establish a new connection", "network"),
        ("write /tmp/x: no space left on device", "disk is full"),
        ("undefined: foo", "otherwise"),
    ],
)
def test_advice_follows_the_output(output: str, expected: str) -> None:
    assert expected in advice(output, "otherwise")


def test_wheel_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(args: list[str], **_: object) -> Completed:
        (Path(args[args.index("--dest") + 1]) / "a-1-py3-none-any.whl").write_text("not it")
        return Completed(tuple(args), 0, "", "")

    monkeypatch.setattr(wheels, "run", pip)
    with pytest.raises(HarnessError, match="not the pinned 00ff"), wheels.fetched("a==1", tmp_path, "00ff"):
        pass
    assert list(tmp_path.iterdir()) == []


class TestApt:
    @pytest.fixture
    def calls(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A PATH with an apt-get that notes its calls, fails to install until the lists are fresh, and ours only."""
        log = tmp_path / "calls"
        program(
            tmp_path / "bin" / "apt-get",
            f'for word in "$@"; do case $word in install|update) echo $word >> {log};; esac; done\n'
            f'case "$*" in *install*) grep -q update {log};; esac',
        )
        monkeypatch.setattr(apt, "SYSTEM_DIRECTORIES", ())
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return log

    def test_nothing_is_done_where_all_is_there(self, calls: Path) -> None:
        apt.apt_install({"sh": "dash"})
        assert not calls.exists()

    def test_lists_are_refreshed_only_when_the_first_try_fails(self, calls: Path) -> None:
        apt.apt_install({"no-such-program": "no-such-package"})
        assert calls.read_text().split() == ["install", "update", "install"]
        calls.write_text("update\n")
        apt.apt_install({"no-such-program": "no-such-package"})
        assert calls.read_text().split() == ["update", "install"]

    def test_without_root_the_command_is_named(self, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(HarnessError, match=r"(?s)no-such-program.*sudo apt-get install -y b-package") as caught:
            apt.apt_install({"no-such-program": "b-package", "sh": "dash"})
        assert "dash" not in str(caught.value)
        assert not calls.exists()

    def test_without_apt_the_packages_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(apt, "SYSTEM_DIRECTORIES", ())
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(HarnessError, match=r"(?s)no-such-program.*package manager.*a-package"):
            apt.apt_install({"no-such-program": "a-package"})

    @pytest.fixture
    def bare(self, tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A machine without Rust, whose apt-get installs a Cargo."""
        cargo = tmp_path / "bin" / "cargo"
        for name in ("dash", "grep", "chmod", "env"):
            found = shutil.which(name)
            assert found
            (tmp_path / "bin" / name).symlink_to(found)
        program(
            tmp_path / "bin" / "apt-get",
            f'echo "$*" >> {calls}; printf "#!/bin/sh\\necho cargo 1.96.0\\n" > {cargo}; chmod 755 {cargo}',
        )
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setenv("HOME", str(tmp_path))
        tools.tool.cache_clear()
        return cargo

    def test_a_machine_without_rust_gets_debians_newer_one(self, bare: Path, calls: Path) -> None:
        assert tools.tool("cargo") == bare
        assert "cargo-web" in calls.read_text()
        tools.tool.cache_clear()

    @pytest.mark.usefixtures("bare")
    @pytest.mark.parametrize("place", ["bin", ".cargo/bin"])
    def test_an_old_rust_is_left_to_its_owner(self, place: str, calls: Path, tmp_path: Path) -> None:
        program(tmp_path / place / "cargo", "echo cargo 1.63.0")
        with pytest.raises(HarnessError, match=r"(?s)cargo .*1\.88.*rustup update"):
            tools.tool("cargo")
        assert not calls.exists()

    @pytest.mark.usefixtures("bare")
    def test_a_user_who_is_not_root_is_told_of_rustup(self, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(HarnessError, match=r"rustup\.rs"):
            tools.tool("cargo")
        assert not calls.exists()


def test_pinned_programs_say_their_version() -> None:
    for name in ("helm", "helm3", "helm-floor", "kubectl"):
        pin = PINS[name]
        assert pin.accepts(parse_version(run([tools.tool(name), *pin.query]).stdout)), pin.wanted
