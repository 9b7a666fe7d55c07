"""A cluster of nodes made of this machine's own namespaces: real Kubernetes, no Docker, no virtual machine.

Everything a node is hangs on its PID 1: when that ends, the kernel ends every process in its namespaces and drops its
mounts, interfaces and firewall rules with them. What lies outside is three things with names of their own (a control
group, a veth device, a directory of state), however many nodes there are, so that whoever comes next can remove them,
whatever has happened.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from ipaddress import IPv4Network
from pathlib import Path

from harness.cluster import Cluster, binaries, cgroups, host, network, node_config, pki
from harness.cluster.node_config import Node
from harness.cluster.processes import NotInTimeError, Process, boot_id, children, kill, start_time, wait_until
from harness.cluster.registry import Registry
from harness.cluster.state import NAMESPACES, Record, State
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.kubectl import Kubectl
from harness.manifests import holds
from harness.paths import cache_dir
from harness.progress import step
from harness.run import CommandError, tail
from harness.tools.store import advice, locked

INIT = Path(__file__).with_name("init.sh")
ENTER = 'set -e; while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
"""Bash: enter the control groups named before `--`, then become the program behind it."""

READY_SECONDS = 180.0  # on two busy cores a node takes 20
LOG_LINES = 8


class Namespaces(Cluster):
    """One cluster; the name tells several on one machine apart."""

    def __init__(self, name: str, nodes: int = 1) -> None:
        self._state = State(name)
        super().__init__(name, self._state.kubeconfig, nodes)
        self._group = f"inference-stack-{name.removeprefix('inference-stack-')}-{self._state.id}"
        self._device = f"is-{self._state.id}"
        self._outer: list[subprocess.Popen[bytes]] = []  # the parents of the PID 1s that this object has started

    @property
    def kubectl(self) -> Kubectl:
        """The one that was built for the node.

        Raises:
            HarnessError: the cluster is not up.
        """
        return self._kubectl(self._running())

    @property
    def registry(self) -> str | None:
        record = self._record()
        return _registry_address(record) if record and record.subnet else None

    @property
    def logs(self) -> Path:
        """A directory for each node with a file for each program, which stay until the next cluster of this name."""
        return cache_dir("logs", self.name)

    def up(self) -> None:
        """Start the nodes, unless they run and answer. What is left of earlier ones that broke is removed first.

        Raises:
            HarnessError: this machine cannot run them, or they did not become ready; nothing of them is left then.
        """
        with self._locked():
            if self._healthy():
                self.check_nodes()
                return
            host.check()
            self._remove()
            programs = binaries.build()
            try:
                self._start(programs)
            except OSError as error:  # a full disk, mostly
                self._remove()
                raise HarnessError(f"A node cannot be started: {error}", advice(str(error))) from error
            except BaseException:  # Ctrl-C, too
                self._remove()
                raise

    def down(self) -> None:
        with self._locked():
            if self._state.exists():
                host.require_root()
                with step(f"Ending the cluster {self.name}"):
                    self._remove()

    def load(self, images: Sequence[ImageArchive]) -> None:
        """Push the images into the cluster's registry, where nodes find them under the names they have everywhere.

        Raises:
            HarnessError: the cluster is not up, or a push failed.
        """
        self._registry(self._running()).load(images)

    # --- starting

    def _start(self, programs: Path) -> None:
        record = Record(NAMESPACES, boot=boot_id(), programs=str(programs))
        self._state.write(record)
        subnet = network.connect(self._device)
        record.subnet = str(subnet)
        nodes = [Node(number, subnet) for number in range(1, self.nodes + 1)]
        network.go_direct(nodes[0].address)
        self._configure(nodes)
        registry, kubectl = self._registry(record), self._kubectl(record)
        with step(f"Starting {', '.join(f'{node.name} {node.address}' for node in nodes)}"):
            self._start_nodes(record, nodes)
            self._await(record, registry.answers, "crane")
        registry.load(binaries.node_images())
        system = Kubectl(self.kubeconfig, "kube-system", kubectl.binary)
        with step("Waiting for the API server"):
            self._await(record, kubectl.ready, "kube-apiserver")
            # The API server makes the namespace on its own, a moment later.
            self._await(record, lambda: kubectl.exists("namespace", system.namespace), "kube-apiserver")
            for manifest in sorted(binaries.MANIFESTS.glob("*.yaml")):
                system.apply(manifest.read_text(), server_side=True)
        with step("Waiting for all nodes"):
            self._await(record, lambda: _nodes_ready(kubectl) == self.nodes, "kubelet")
        with step("Waiting for DNS"):
            self._await(record, lambda: _dns_ready(system) == self.nodes, "kubelet")
            # Pods of the default namespace need its service account, which is made a moment after the namespace.
            self._await(record, lambda: kubectl.exists("serviceaccount", "default"), "kube-controller-manager")
        record.ready = True
        self._state.write(record)

    def _configure(self, nodes: Sequence[Node]) -> None:
        directory, names = self._state.directory, [node.name for node in nodes]
        kubeconfig = pki.write_all(directory / "pki", names, nodes[0].address, node_config.API_SERVICE)
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_bytes(kubeconfig)
        for node in nodes:
            node_config.write(directory / node.name / "config", node, nodes)
        # A copy: bash reads a script while it runs it, and the checkout may change or be removed meanwhile.
        (directory / INIT.name).write_text(INIT.read_text())
        shutil.rmtree(self.logs)

    def _start_nodes(self, record: Record, nodes: Sequence[Node]) -> None:
        """Start PID 1 of each node, and let them go on when all are written down and connected.

        Each waits for a line on its standard input before it does anything. So it is either written down, or it reads
        the end of the pipe and ends: a `kill -9` of this process cannot leave a node that nobody knows of.
        """
        for node in nodes:
            record.nodes.append(self._start_init(record, node))
            self._state.write(record)
        first, *others = record.nodes
        network.give(self._device, first.pid)
        for node, process in zip(nodes[1:], others, strict=True):
            network.join(first.pid, node.name, process.pid)
        for outer in self._outer:
            assert outer.stdin is not None
            with outer.stdin as go:
                go.write(b"go\n")

    def _start_init(self, record: Record, node: Node) -> Process:
        """PID 1 of a node, inside the control group from its first instruction."""
        groups = cgroups.create(f"{self._group}/{node.name}")
        directory, logs = self._state.directory, cache_dir("logs", self.name, node.name)
        init = directory / INIT.name
        # A fresh environment: a proxy of this machine, for one, would be the wrong one in the node.
        environment = {
            "PATH": f"{node_config.BIN}:{host.node_path()}",
            "HOME": "/mnt/home",
            "NODE": node.name,
            "STATE": str(directory / node.name),
            "PKI": str(directory / "pki"),
            "PROGRAMS": record.programs,
            "LOGS": str(logs),
        }
        with (logs / "init.log").open("wb") as log:
            # Popen, because the node lives on when this process ends; a session of its own keeps Ctrl-C from it.
            outer = subprocess.Popen(
                ["bash", "-c", ENTER, "bash", *groups, "--", "unshare", *host.NAMESPACES, "bash", init],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._outer.append(outer)
        wait_until(lambda: bool(children(outer.pid)) or outer.poll() is not None, "Making the namespaces")
        if outer.poll() is not None:
            raise HarnessError(f"{node.name} did not start.\n{self._last_words('init')}")
        (pid,) = children(outer.pid)
        return Process(pid, start_time(pid) or 0)

    def _await(self, record: Record, done: Callable[[], bool], program: str) -> None:
        """Wait until `done`; shows the end of the program's logs if that does not come, or if a node ends before."""

        def settled() -> bool:
            if not _alive(record):
                raise HarnessError(f"A node has ended.\n{self._last_words('init')}", f"Its logs are in {self.logs}")
            try:
                return done()
            except CommandError:  # kubectl, while the API server is still busy with itself
                return False

        try:
            wait_until(settled, f"Waiting for {program}", READY_SECONDS)
        except NotInTimeError as error:
            output = self._last_words(program)
            raise HarnessError(f"{error.message}\n{output}", f"The nodes' logs are in {self.logs}") from error

    def _last_words(self, program: str) -> str:
        logs = sorted(self.logs.glob(f"*/{program}.log"))
        return "\n".join(filter(None, (tail(log.read_text(errors="replace"), LOG_LINES) for log in logs)))

    # --- what it is made of

    def _healthy(self) -> bool:
        """Whether an earlier `up` was complete and the cluster still answers."""
        record = self._record()
        return record is not None and record.ready and _alive(record) and self._kubectl(record).ready()

    def _remove(self) -> None:
        """End everything of this cluster and remove what is left; in this order it can be interrupted and repeated."""
        record = self._state.read()
        running = [each for each in record.nodes if each.alive] if record and record.boot == boot_id() else []
        for each in running:
            kill(each.pid)
        wait_until(lambda: not any(each.alive for each in running), "Ending the nodes")
        cgroups.remove(self._group)
        while self._outer:
            self._outer[-1].communicate()  # they were in the group, too
            self._outer.pop()
        network.disconnect(self._device)
        self._state.remove()

    def _locked(self) -> AbstractContextManager[None]:
        return locked(f"cluster-{self.name}", f"the cluster {self.name}")

    def _record(self) -> Record | None:
        """The record; programs started from here on reach its first node without a proxy."""
        record = self._state.read()
        if record is not None and record.subnet:
            network.go_direct(network.node_address(IPv4Network(record.subnet)))
        return record

    def _running(self) -> Record:
        record = self._record()
        if record is None or not _alive(record):
            raise HarnessError(
                f"The cluster {self.name} does not run.", f"Start it: python -m harness.cluster up --name {self.name}"
            )
        return record

    def _kubectl(self, record: Record) -> Kubectl:
        return Kubectl(self.kubeconfig, binary=Path(record.programs, "kubectl"))

    def _registry(self, record: Record) -> Registry:
        crane = Path(record.programs, "crane")
        return Registry(_registry_address(record), crane, self._state.directory / "images.json")


def _registry_address(record: Record) -> str:
    return f"{network.node_address(IPv4Network(record.subnet))}:{node_config.REGISTRY_PORT}"


def _alive(record: Record) -> bool:
    """Whether the record's processes are there, and are those processes."""
    return bool(record.nodes) and record.boot == boot_id() and all(each.alive for each in record.nodes)


def _nodes_ready(kubectl: Kubectl) -> int:
    return sum(holds(node, "Ready") for node in kubectl.items("nodes"))


def _dns_ready(system: Kubectl) -> int:
    """On how many nodes it is."""
    return int(system.get("daemonset", "coredns").get("status", {}).get("numberAvailable", 0))
