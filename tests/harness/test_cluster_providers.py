"""Which cluster is taken, and what each of them does; with the programs they start replaced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import cluster
from harness.cluster import Cluster, __main__, binaries, cgroups, choose, host, kind, namespaces, network, processes
from harness.cluster.given import Given
from harness.cluster.kind import Kind
from harness.cluster.namespaces import Namespaces
from harness.cluster.processes import Process
from harness.cluster.state import NAMESPACES, Record, State, started_by_us
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.kubectl import Kubectl
from harness.run import CommandError, Completed


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFERENCE_STACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(cluster.KUBECONFIG_VARIABLE, raising=False)
    return tmp_path / "cache"


# --- choosing


def machine(monkeypatch: pytest.MonkeyPatch, *, docker: bool, kind: bool, root: bool) -> None:
    monkeypatch.setattr(cluster, "docker_answers", lambda: docker)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if kind else None)
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)


@pytest.mark.parametrize(
    ("docker", "has_kind", "root", "expected"),
    [
        (True, True, True, Kind),
        (True, True, False, Kind),
        (True, False, True, Namespaces),
        (True, False, False, Kind),  # it says that kind must be installed
        (False, True, True, Namespaces),
        (False, False, False, Namespaces),  # it says that root is needed
    ],
)
def test_without_a_kubeconfig(
    monkeypatch: pytest.MonkeyPatch, docker: bool, has_kind: bool, root: bool, expected: type
) -> None:
    machine(monkeypatch, docker=docker, kind=has_kind, root=root)
    assert type(choose()) is expected


def test_a_kubeconfig_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine(monkeypatch, docker=True, kind=True, root=True)
    file = tmp_path / "config"
    file.touch()
    assert choose(kubeconfig=file).kubeconfig == file
    monkeypatch.setenv(cluster.KUBECONFIG_VARIABLE, str(file))
    assert isinstance(choose(), Given)
    file.unlink()
    with pytest.raises(HarnessError, match="no such file"):
        choose()


def test_docker_that_hangs_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> Completed:
        raise CommandError("docker info: still running after 10 s", "")

    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(cluster, "run", hang)
    assert not cluster.docker_answers()


# --- the user's own


class FakeKubectl:
    answer = Completed((), 0, '{"gitVersion": "v1.37.2"}', "")

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def ready(self) -> bool:
        return True

    def items(self, _: str) -> list[dict[str, Any]]:
        sizes = ({"nvidia.com/gpu": "2", "cpu": "2"}, {"amd.com/gpu": "1"})
        return [{"metadata": {"name": "n"}, "status": {"allocatable": each}} for each in sizes] + [{"status": {}}]

    def run(self, *_: object, **__: object) -> Completed:
        return self.answer


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Given:
    monkeypatch.setattr(cluster, "Kubectl", FakeKubectl)
    return Given("mine", Path("config"))


def test_the_status_counts_gpus_of_every_make(own: Given) -> None:
    assert own.status() == "Kubernetes v1.37.2, 3 node(s), 3 GPU(s)"


def test_a_cluster_that_does_not_answer(own: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Completed:
        raise CommandError("kubectl: ended with code 1\nconnection refused", "")

    monkeypatch.setattr(FakeKubectl, "run", refuse)
    with pytest.raises(HarnessError, match="does not answer: connection refused"):
        own.up()


def test_its_gpus_are_never_made_up(own: Given) -> None:
    own.advertise_gpus(2)
    with pytest.raises(HarnessError, match=r"No node of this cluster offers 8 nvidia.com/gpu \(the most is 2\)"):
        own.advertise_gpus(8)
    with pytest.raises(HarnessError, match="amd"):
        own.advertise_gpus(2, "amd.com/gpu")


@pytest.mark.usefixtures("own")
def test_its_nodes_are_never_made_up() -> None:
    Given("mine", Path("config"), 3).up()
    with pytest.raises(HarnessError, match=r"has 3 node\(s\), not 4"):
        Given("mine", Path("config"), 4).up()


def test_it_is_told_what_it_must_pull(own: Given, capsys: pytest.CaptureFixture[str]) -> None:
    own.load([])
    assert not capsys.readouterr().out
    own.load([ImageArchive("docker.io/x/a:1", Path("a"))])
    assert "docker.io/x/a:1" in capsys.readouterr().out
    own.down()
    assert own.registry is None


# --- kind


class FakeKind:
    """Docker's side: which clusters there are."""

    def __init__(self) -> None:
        self.clusters: set[str] = set()
        self.calls: list[str] = []
        self.roles: list[str] = []
        self.zones: list[str] = []
        self.fails = False

    def run(self, args: Sequence[object], stdin: str | None = None, **_: object) -> Completed:
        words = [str(a) for a in args]
        self.calls.append(" ".join(words[1:3]))
        if words[1:3] == ["create", "cluster"]:
            self.clusters.add(words[-1])
            nodes = json.loads(stdin or "")["nodes"]
            self.roles = [each["role"] for each in nodes]
            self.zones = [each.get("labels", {}).get("topology.kubernetes.io/zone", "") for each in nodes]
            if self.fails:
                raise CommandError("no space", "")
            Path(words[words.index("--kubeconfig") + 1]).touch()
        if words[1:3] == ["delete", "cluster"]:
            self.clusters.discard(words[-1])
        return Completed((), 0, "\n".join(self.clusters), "")


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> FakeKind:
    fake = FakeKind()
    monkeypatch.setattr(kind, "run", fake.run)
    monkeypatch.setattr(cluster, "Kubectl", FakeKubectl)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/kind")
    return fake


def test_kind_is_created_once_and_deleted(docker: FakeKind) -> None:
    it = Kind("one")
    it.up()
    it.up()
    assert docker.calls.count("create cluster") == 1
    assert docker.roles == ["control-plane"]
    assert [type(found) for found in started_by_us()] == [Kind]
    it.load([ImageArchive("docker.io/x/a:1", Path("a"))])
    assert docker.calls[-1] == "load image-archive"
    it.down()
    it.down()
    assert docker.calls.count("delete cluster") == 1
    assert not docker.clusters
    assert not State("one").exists()


def test_a_kind_cluster_of_several_nodes_has_them_as_workers_in_zones_of_their_own(docker: FakeKind) -> None:
    Kind("one", 2).up()
    assert docker.roles == ["control-plane", "worker", "worker"]
    assert docker.zones == ["", "zone-1", "zone-2"]


def test_a_kind_cluster_that_fails_to_start_is_deleted(docker: FakeKind) -> None:
    docker.fails = True
    with pytest.raises(CommandError, match="no space"):
        Kind("one").up()
    assert not docker.clusters
    assert not State("one").exists()


def test_somebody_elses_kind_cluster_is_left_alone(docker: FakeKind) -> None:
    docker.clusters.add("one")
    with pytest.raises(HarnessError, match="not made from here"):
        Kind("one").up()
    Kind("one").down()
    assert docker.clusters == {"one"}


@pytest.mark.usefixtures("docker")
def test_kind_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(HarnessError, match="kind is not installed"):
        Kind("one").up()


# --- namespaces


class Machine:
    """What a cluster in namespaces leaves on a machine; the parts are replaced by notes of their calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.killed: list[int] = []
        self.removed: list[str] = []
        self.running: dict[int, int] = {}
        part = monkeypatch.setattr
        part(namespaces, "boot_id", lambda: "now")
        part(processes, "start_time", self.running.get)
        part(namespaces, "kill", self.kill)
        part(host, "check", lambda: None)
        part(host, "require_root", lambda: None)
        part(binaries, "build", lambda: Path("/programs"))
        part(cgroups, "remove", self.removed.append)
        part(network, "disconnect", self.removed.append)

    def kill(self, pid: int) -> None:
        self.killed.append(pid)
        del self.running[pid]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), HarnessError("no"), SystemExit(143)])
def test_a_start_that_is_broken_off_leaves_nothing(
    here: Machine, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def start(it: Namespaces, _: Path) -> None:
        here.running.update({9: 99, 10: 100})
        it._state.write(Record(NAMESPACES, [Process(9, 99), Process(10, 100)], boot="now"))
        raise failure

    monkeypatch.setattr(Namespaces, "_start", start)
    with pytest.raises(type(failure)):
        Namespaces("one", 2).up()
    assert here.killed == [9, 10]
    assert here.removed[-2:] == [f"inference-stack-one-{State('one').id}", f"is-{State('one').id}"]
    assert not State("one").exists()


def test_a_full_disk_is_said_to_be_one(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Namespaces, "_start", start)
    with pytest.raises(HarnessError, match="No space left") as raised:
        Namespaces("one").up()
    assert "The disk is full" in raised.value.hint
    assert here.removed


@pytest.mark.parametrize("record", [{"nodes": [Process(9, 1)]}, {"boot": "before"}, {"nodes": []}])
def test_a_process_that_is_not_the_one_we_started_is_not_ended(here: Machine, record: dict[str, Any]) -> None:
    here.running[9] = 99
    State("one").write(Record(NAMESPACES, **{"nodes": [Process(9, 99)], "boot": "now", **record}))
    with pytest.raises(HarnessError, match="does not run"):
        Namespaces("one").status()
    Namespaces("one").down()
    assert here.running == {9: 99}
    assert here.removed
    assert not State("one").exists()


def test_one_that_runs_is_left_alone(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    running(here, 2)
    monkeypatch.setattr(Kubectl, "ready", lambda _: True)
    monkeypatch.setattr(Kubectl, "items", lambda *_: [{}, {}])
    monkeypatch.setenv("NO_PROXY", "")
    Namespaces("one").up()
    Namespaces("one", 2).up()
    with pytest.raises(HarnessError, match=r"has 2 node\(s\), not 3") as raised:
        Namespaces("one", 3).up()
    assert "down --name one" in raised.value.hint
    assert not here.killed
    assert not here.removed
    assert Namespaces("one").registry == "10.77.5.2:5000"
    assert "10.77.5.2" in os.environ["NO_PROXY"]


def running(here: Machine, nodes: int, *, ready: bool = True) -> None:
    """A cluster `one` whose nodes run."""
    started = [Process(9 + number, 99) for number in range(nodes)]
    here.running.update({each.pid: each.started for each in started})
    State("one").write(Record(NAMESPACES, started, "now", "10.77.5.0/24", "/programs", ready=ready))


@pytest.mark.parametrize(("ready", "answers", "nodes"), [(True, False, 1), (False, True, 1), (True, True, 2)])
def test_one_that_is_half_started_or_broken_is_started_anew(
    here: Machine, monkeypatch: pytest.MonkeyPatch, ready: bool, answers: bool, nodes: int
) -> None:
    running(here, nodes, ready=ready)
    here.running.pop(10, None)  # the second node has ended
    started: list[Path] = []
    monkeypatch.setattr(Kubectl, "ready", lambda _: answers)
    monkeypatch.setattr(Namespaces, "_start", lambda _, programs: started.append(programs))
    Namespaces("one").up()
    assert here.killed == [9]
    assert started == [Path("/programs")]


def test_what_needs_a_running_cluster_says_so() -> None:
    calls: list[Callable[[Cluster], None]] = [lambda c: c.load([]), lambda c: c.advertise_gpus(1)]
    for call in calls:
        with pytest.raises(HarnessError, match="does not run") as raised:
            call(Namespaces("one"))
        assert "--name one" in raised.value.hint
    assert Namespaces("one").registry is None


def test_down_without_root_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    State("one").write(Record(NAMESPACES))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(HarnessError, match="needs root"):
        Namespaces("one").down()
    assert State("one").exists()


# --- the command line


class FakeCluster(Cluster):
    def __init__(self) -> None:
        super().__init__("one", Path("/k"))
        self.calls: list[object] = []

    def up(self) -> None:
        self.calls.append("up")

    def down(self) -> None:
        self.calls.append("down")

    def status(self) -> str:
        raise HarnessError("It does not run.", "Start it.")

    def load(self, images: Sequence[ImageArchive]) -> None: ...

    def advertise_gpus(self, count: int, resource: str = "nvidia.com/gpu") -> None:
        self.calls.append((count, resource))


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    it = FakeCluster()
    monkeypatch.setattr(__main__, "choose", lambda *_, **__: it)
    monkeypatch.setattr(__main__, "started_by_us", lambda: [it, it])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return it


def test_up_with_gpus(chosen: FakeCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["up", "--gpus", "8"]) == 0
    assert chosen.calls == ["up", (8, "nvidia.com/gpu")]
    assert "export KUBECONFIG=/k" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        __main__.main(["up", "--gpus", "-1"])


def test_up_with_nodes(chosen: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def choose(*_: object, nodes: int, **__: object) -> Cluster:
        asked.append(nodes)
        return chosen

    monkeypatch.setattr(__main__, "choose", choose)
    assert [__main__.main(words) for words in (["up"], ["up", "--nodes", "2"], ["down"])] == [0, 0, 0]
    assert asked == [1, 2, 1]
    with pytest.raises(SystemExit):
        __main__.main(["up", "--nodes", "0"])


def test_down_clean_and_kubeconfig(chosen: FakeCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert [__main__.main([command]) for command in ("down", "clean", "kubeconfig")] == [0, 0, 0]
    assert chosen.calls == ["down"] * 3
    assert capsys.readouterr().out.endswith("/k\n")


def test_status_of_a_cluster_that_does_not_run_fails_in_two_lines(
    chosen: FakeCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["status"]) == 1
    assert capsys.readouterr().err == "error: It does not run.\nStart it.\n"
    monkeypatch.setattr(chosen, "status", lambda: "Kubernetes v1.37.2, 1 node(s), 8 GPU(s)")
    assert __main__.main(["status"]) == 0
    assert capsys.readouterr().out == "one: Kubernetes v1.37.2, 1 node(s), 8 GPU(s) (/k)\n"
