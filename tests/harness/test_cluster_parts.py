"""The parts of the cluster in namespaces, each by itself; none of them needs root."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.cluster import binaries, cgroups, host, network, node_config, pki, processes, registry
from harness.cluster.node_config import Node
from harness.cluster.state import NAMESPACES, Record, State, started_by_us
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.run import CommandError, Completed
from harness.tools.pins import module_version

SUBNET = IPv4Network("10.77.3.0/24")
NODES = [Node(number, SUBNET) for number in (1, 2, 3)]
ADDRESS = NODES[0].address


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFERENCE_STACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# --- state


def test_a_record_is_read_as_it_was_written_in_a_directory_of_its_owner() -> None:
    nodes = [processes.Process(7, 8), processes.Process(9, 10)]
    record = Record(NAMESPACES, nodes, boot="b", subnet="10.77.0.0/24", programs="/p", ready=True)
    State("one").write(record)
    assert State("one").read() == record
    assert State("one").directory.stat().st_mode & 0o777 == 0o700  # there are private keys below it


@pytest.mark.parametrize("text", ["{", '{"provider": "namespaces", "pid": 7, "started": 8}'], ids=["cut", "older"])
def test_a_record_that_cannot_be_read_is_none_and_its_cluster_is_still_found(text: str) -> None:
    state = State("one")
    state.write(Record(NAMESPACES))
    (state.directory / "cluster.json").write_text(text)
    assert state.read() is None
    assert [cluster.name for cluster in started_by_us()] == ["one"]


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "../x", "a" * 41])
def test_a_name_that_would_not_do_for_a_file_and_a_control_group_is_refused(name: str) -> None:
    with pytest.raises(HarnessError, match="cannot name a cluster"):
        State(name)


def test_the_same_name_in_two_caches_is_two_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = State("one").id
    monkeypatch.setenv("INFERENCE_STACK_CACHE", str(tmp_path / "other"))
    assert State("one").id != here


# --- processes


def test_a_process_that_has_ended_has_no_start_time() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = processes.start_time(child.pid)
    assert started is not None
    assert processes.Process(child.pid, started).alive
    assert not processes.Process(child.pid, started - 1).alive  # another one, whose number this has now
    assert child.pid in processes.children(os.getpid())
    processes.kill(child.pid)
    processes.wait_until(lambda: processes.start_time(child.pid) is None, "the end")  # a zombie counts as ended
    child.communicate()
    processes.kill(child.pid)  # nobody there any more: no error


def test_waiting_ends() -> None:
    with pytest.raises(processes.NotInTimeError, match="the moon: not within 0 s"):
        processes.wait_until(lambda: False, "the moon", 0)


# --- control groups


def fake_v1(mount: Path) -> Path:
    for name in ("memory", "cpuset", "cpu,cpuacct"):
        (mount / name).mkdir(parents=True)
        (mount / name / "cgroup.procs").write_text("")
    (mount / "cpu").symlink_to("cpu,cpuacct")
    return mount


def test_version_1_has_a_group_in_each_hierarchy_once(tmp_path: Path) -> None:
    mount = fake_v1(tmp_path)
    (mount / "cpuset/cpuset.cpus").write_text("0-3")
    (mount / "cpuset/g").mkdir()
    (mount / "cpuset/g/cpuset.cpus").write_text("")  # as the kernel would
    groups = cgroups.create("g", mount)
    assert groups == [mount / "cpu,cpuacct/g", mount / "cpuset/g", mount / "memory/g"]
    assert (mount / "cpuset/g/cpuset.cpus").read_text() == "0-3"


def test_version_1_has_a_group_below_another_and_its_cpus(tmp_path: Path) -> None:
    mount = fake_v1(tmp_path)
    for group, cpus in (("", "0-3"), ("g", ""), ("g/node-1", "")):
        (mount / "cpuset" / group).mkdir(exist_ok=True)
        (mount / "cpuset" / group / "cpuset.cpus").write_text(cpus)  # as the kernel would
    groups = cgroups.create("g/node-1", mount)
    assert groups == [mount / each / "g/node-1" for each in ("cpu,cpuacct", "cpuset", "memory")]
    assert (mount / "cpuset/g/node-1/cpuset.cpus").read_text() == "0-3"


def test_version_2_has_one_group_and_hands_its_controllers_down(tmp_path: Path) -> None:
    for group in (tmp_path, tmp_path / "g"):
        group.mkdir(exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu memory\n")
        (group / "cgroup.subtree_control").write_text("")
    assert cgroups.create("g/node-1", tmp_path) == [tmp_path / "g/node-1"]
    assert [(group / "cgroup.subtree_control").read_text() for group in (tmp_path, tmp_path / "g")] == ["+memory"] * 2


def test_a_machine_without_control_groups_says_so(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="No control groups"):
        cgroups.hierarchies(tmp_path)


def test_a_group_is_removed_with_those_below_it_and_what_runs_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = fake_v1(tmp_path)
    for group in cgroups.create("g", mount):
        (group / "pods/one").mkdir(parents=True)
    procs = mount / "memory/g/pods/cgroup.procs"
    procs.write_text("4711\n0\n")
    killed: list[int] = []

    def kill(pid: int) -> None:
        killed.append(pid)
        procs.unlink()  # the kernel takes the file away with its directory

    monkeypatch.setattr(cgroups, "kill", kill)
    cgroups.remove("g", mount)
    assert killed == [4711]
    assert not list(mount.glob("*/g"))
    cgroups.remove("g", mount)  # again: nothing to do


# --- network


def test_a_network_that_overlaps_anything_is_not_taken() -> None:
    assert network.free_subnet([]) == IPv4Network("10.77.0.0/24")
    assert network.free_subnet([IPv4Network("10.77.0.0/25")]) == IPv4Network("10.77.1.0/24")
    assert network.free_subnet([IPv4Network("10.0.0.0/8")]) == IPv4Network("172.29.0.0/24")
    with pytest.raises(HarnessError, match="No free network"):
        network.free_subnet(network.POOLS)


def test_every_route_but_the_default_takes_its_network(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = '[{"dst":"default"},{"dst":"10.77.0.0/24"},{"type":"local","dst":"10.77.0.1"}]'
    monkeypatch.setattr(network, "run", lambda *_: Completed((), 0, routes, ""))
    assert network.taken() == [IPv4Network("10.77.0.0/24"), IPv4Network("10.77.0.1/32")]


def test_a_device_that_goes_by_itself_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(network, "DEVICES", tmp_path)
    network.disconnect("is-1")  # not there at all
    (tmp_path / "is-1").mkdir()

    def vanish(*_: object, **__: object) -> Completed:
        (tmp_path / "is-1").rmdir()
        return Completed((), 1, "", "Cannot find device")

    monkeypatch.setattr(network, "run", vanish)
    network.disconnect("is-1")
    (tmp_path / "is-1").mkdir()
    monkeypatch.setattr(network, "run", lambda *_, **__: Completed((), 1, "", "Operation not permitted"))
    with pytest.raises(CommandError, match="Operation not permitted"):
        network.disconnect("is-1")


def test_names_of_devices_fit_the_kernel() -> None:
    assert len(network._peer(f"is-{State('a' * 40).id}")) <= 15


def test_a_cable_between_two_nodes_is_in_neither_end_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(network, "run", calls.append)
    network.join(7, "node-2", 9)
    (words,) = calls
    link, peer = words[: words.index("peer")], words[words.index("peer") :]
    assert (link[link.index("add") + 1], link[link.index("netns") + 1]) == ("node-2", "7")
    assert (peer[peer.index("name") + 1], peer[peer.index("netns") + 1]) == ("eth0", "9")


def test_no_proxy_is_asked_for_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.delenv("no_proxy", raising=False)
    network.go_direct(ADDRESS)
    network.go_direct(ADDRESS)
    assert os.environ["NO_PROXY"] == f"example.org,{ADDRESS}"
    assert os.environ["no_proxy"] == str(ADDRESS)


# --- keys


def test_certificates_are_signed_for_those_who_use_them(tmp_path: Path) -> None:
    admin = yaml.safe_load(pki.write_all(tmp_path / "pki", ["node-1", "node-2"], ADDRESS, node_config.API_SERVICE))
    authority = x509.load_pem_x509_certificate((tmp_path / "pki/ca.crt").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "pki/apiserver.crt").read_bytes())
    server.verify_directly_issued_by(authority)
    called = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {ADDRESS, node_config.API_SERVICE} <= set(called.get_values_for_type(x509.IPAddress))
    assert "kubernetes.default.svc" in called.get_values_for_type(x509.DNSName)
    assert admin["clusters"][0]["cluster"]["server"] == f"https://{ADDRESS}:6443"
    kubelet = yaml.safe_load((tmp_path / "pki/kubelet-node-2.kubeconfig").read_text())
    certificate = x509.load_pem_x509_certificate(
        base64.b64decode(kubelet["users"][0]["user"]["client-certificate-data"])
    )
    certificate.verify_directly_issued_by(authority)
    subject = {each.oid: each.value for each in certificate.subject}
    assert subject[NameOID.COMMON_NAME] == "system:node:node-2"
    assert subject[NameOID.ORGANIZATION_NAME] == "system:nodes"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usage
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pki").iterdir()} == {0o600}


# --- configuration


@pytest.mark.parametrize("node", NODES[:2], ids=lambda node: node.name)
def test_the_configuration_can_be_read_and_names_no_path_of_the_host(tmp_path: Path, node: Node) -> None:
    node_config.write(tmp_path, node, NODES)
    assert yaml.safe_load((tmp_path / "kubelet.yaml").read_text())["clusterDNS"] == ["10.96.0.10"]
    assert yaml.safe_load((tmp_path / "kube-proxy.yaml").read_text())["mode"] == "nftables"
    assert f'[host."http://{ADDRESS}:5000"]' in (tmp_path / "registries/_default/hosts.toml").read_text()
    for script in (tmp_path / "services.sh", Path(node_config.__file__).with_name("init.sh")):
        subprocess.run(["bash", "-n", script], check=True)
    for toml in tmp_path.rglob("*.toml"):
        tomllib.loads(toml.read_text())
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and str(tmp_path) in path.read_text()]


def test_every_service_is_a_program_that_is_built() -> None:
    built = {program.file for program in binaries.programs()} | set(binaries.COMPONENTS)
    first, other = ({service.name for service in node_config.services(node)} for node in NODES[:2])
    assert first <= built
    assert first - other == {"etcd", "crane", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    assert not other - first


def test_nodes_have_addresses_zones_and_networks_of_their_own() -> None:
    assert [str(node.address) for node in NODES] == ["10.77.3.2", "10.77.3.3", "10.77.3.4"]
    assert {node.server for node in NODES} == {ADDRESS}
    assert len({node.zone for node in NODES}) == len({node.name for node in NODES}) == 3
    assert [str(node.pods) for node in NODES] == ["10.244.0.0/20", "10.244.16.0/20", "10.244.32.0/20"]
    assert all(node.pods.subnet_of(node_config.PODS) for node in NODES)


def test_a_node_reaches_the_pods_of_every_other_through_the_first() -> None:
    links = {node.name: node_config.links(node, NODES).splitlines() for node in NODES}
    alone = ["address add 10.77.3.2/24 dev eth0", "link set eth0 up", "route add 10.96.0.0/16 dev eth0"]
    assert node_config.links(NODES[0], NODES[:1]).splitlines() == alone
    assert links["node-1"][:3] == alone
    for node in NODES[1:]:
        assert f"address add 10.77.3.2 peer {node.address} dev {node.name}" in links["node-1"]
        assert f"route add {node.pods} via {node.address}" in links["node-1"]
        assert f"address add {node.address} peer 10.77.3.2 dev eth0" in links[node.name]
        routes = {line for line in links[node.name] if line.endswith(" via 10.77.3.2")}
        others = [SUBNET, *(each.pods for each in NODES if each != node)]
        assert routes == {f"route add {network} via 10.77.3.2" for network in others}


# --- what is output in several places


def test_manifests_and_sources_agree() -> None:
    documents = (each for file in binaries.MANIFESTS.glob("*.yaml") for each in yaml.safe_load_all(file.read_text()))
    by_name = {(each["kind"], each["metadata"]["name"]): each for each in documents}
    dns = by_name["DaemonSet", "coredns"]["spec"]["template"]["spec"]["containers"][0]
    assert dns["image"] == binaries.coredns_image()
    assert by_name["Service", "kube-dns"]["spec"]["clusterIP"] == str(node_config.DNS_SERVICE)
    volumes = (binaries.MODULE / "kube/volumes.go").read_text()
    assert f'= "{by_name["StorageClass", "standard"]["provisioner"]}"' in volumes


def test_every_component_is_one_the_program_knows() -> None:
    source = (binaries.MODULE / "kube/main.go").read_text()
    assert set(re.findall(r'^\t"([a-z-]+)":', source, re.MULTILINE)) | {"kubectl"} == set(binaries.COMPONENTS)


def test_kubernetes_reports_the_version_it_was_built_from() -> None:
    flags = next(program for program in binaries.programs() if program.file == "kube").ldflags
    assert f"version.gitVersion={module_version('k8s.io/kubernetes', binaries.MODULE)}" in flags
    with pytest.raises(KeyError):
        module_version("example.org/nothing", binaries.MODULE)


def test_a_changed_source_is_another_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kube").mkdir()
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_bytes((binaries.MODULE / name).read_bytes())
    monkeypatch.setattr(binaries, "MODULE", tmp_path)
    (tmp_path / "kube/main.go").write_text("package main")
    before = binaries.directory()
    (tmp_path / "kube/main.go").write_text("package main // changed")
    assert binaries.directory() != before


# --- the machine


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which every check passes."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(cgroups, "hierarchies", lambda: [Path("/")])
    monkeypatch.setattr(host, "apt_install", lambda _: None)
    monkeypatch.setattr(host, "require_space", lambda *_: None)
    monkeypatch.setattr(host, "run", lambda *_: Completed((), 0, "", ""))
    monkeypatch.setenv("PATH", "/usr/bin")


@pytest.mark.usefixtures("able")
def test_a_machine_that_can() -> None:
    host.check()
    assert os.environ["PATH"].endswith(":/usr/sbin:/sbin:/bin")


def refuse(*_: object) -> Completed:
    raise CommandError("unshare: Operation not permitted", "")


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize(
    ("replaced", "by", "message", "hint"),
    [
        ("os.geteuid", lambda: 1000, "needs root", "sudo"),
        ("platform.system", lambda: "Darwin", "needs Linux; this is Darwin", "start Docker and install kind"),
        ("harness.cluster.host.run", refuse, "may not make namespaces", "privileged container"),
    ],
)
def test_a_machine_that_cannot(
    monkeypatch: pytest.MonkeyPatch, replaced: str, by: Callable[..., object], message: str, hint: str
) -> None:
    monkeypatch.setattr(replaced, by)
    with pytest.raises(HarnessError, match=message) as raised:
        host.check()
    assert hint in raised.value.hint


def test_a_cache_that_the_node_would_cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "INSIDE", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(HarnessError, match="which a node covers"):
        host.check_place(tmp_path / "elsewhere")
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HarnessError, match="which a node covers"):
        host.check_place(link)


def test_too_little_space_names_the_place(tmp_path: Path) -> None:
    host.require_space([tmp_path / "not/yet/there"], 0.0)
    with pytest.raises(HarnessError, match="GiB free, 1000000 GiB needed") as raised:
        host.require_space([tmp_path], 1e6)
    assert "INFERENCE_STACK_CACHE" in raised.value.hint


# --- the registry


class FakeRegistry:
    """Answers in place of a registry and of crane."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self.pushes: list[str] = []

    def push(self, args: list[Any]) -> Completed:
        name = str(args[-1]).removeprefix("r:1/")
        self.pushes.append(name)
        self.digests[name] = f"sha256:{Path(args[-2]).name}"
        return Completed((), 0, f"r:1/{name}@{self.digests[name]}\n", "")

    def request(self, path: str) -> httpx.Response:
        digest = self.digests.get(path.replace("/manifests/", ":"))
        return httpx.Response(200, headers={"Docker-Content-Digest": digest}) if digest else httpx.Response(404)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    it = FakeRegistry()
    monkeypatch.setattr(registry, "run", it.push)
    monkeypatch.setattr(registry.Registry, "_request", lambda _, path: it.request(path))
    return it


def test_only_what_is_missing_is_pushed(fake: FakeRegistry, tmp_path: Path) -> None:
    it = registry.Registry("r:1", Path("crane"), tmp_path / "images.json")
    images = [ImageArchive(f"docker.io/x/{n}:1", tmp_path / f"{n}.tar") for n in ("a", "b")]
    it.load(images)
    it.load(images)
    assert sorted(fake.pushes) == ["x/a:1", "x/b:1"]
    it.load([ImageArchive("docker.io/x/a:1", tmp_path / "a2.tar")])  # the same name, another image
    fake.digests.clear()  # the registry has started again
    it.load(images)
    assert sorted(fake.pushes) == ["x/a:1"] * 3 + ["x/b:1"] * 2


@pytest.mark.usefixtures("fake")
def test_images_that_the_registry_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    it = registry.Registry("r:1", Path("crane"), tmp_path / "images.json")
    with pytest.raises(HarnessError, match="cannot both be loaded"):
        it.load([ImageArchive("docker.io/x/a:1", tmp_path), ImageArchive("ghcr.io/x/a:1", tmp_path)])


def test_a_registry_that_is_gone_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(registry.Registry, "_request", refuse)
    it = registry.Registry("r:1", Path("crane"), tmp_path / "images.json")
    assert not it.answers()
    (tmp_path / "images.json").write_text(f'{{"x/a:1": {{"archive": "{tmp_path}", "digest": "d"}}}}')
    with pytest.raises(HarnessError, match="does not answer"):
        it.load([ImageArchive("docker.io/x/a:1", tmp_path)])
