"""A cluster of one node made of this machine's own namespaces: real Kubernetes, no Docker, no virtual machine.

Everything the node is hangs on its PID 1: when that ends, the kernel ends every process in its namespaces and drops its
mounts, interfaces and firewall rules with them. What lies outside is three things with names of their own (a control
group, a veth device, a directory of state), so that whoever comes next can remove them, whatever has happened.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from harness.cluster import Cluster, binaries, cgroups, host, network, node_config, pki
from harness.cluster.processes import NotInTimeError, boot_id, children, kill, start_time, wait_until
from harness.cluster.registry import Registry
from harness.cluster.state import NAMESPACES, Record, State
from harness.errors import HarnessError
from harness.images.archive import ImageArchive
from harness.kubectl import Kubectl
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

    def __init__(self, name: str) -> None:
        self._state = State(name)
        super().__init__(name, self._state.kubeconfig)
        self._group = f"inference-stack-{name.removeprefix('inference-stack-')}-{self._state.id}"
        self._device = f"is-{self._state.id}"
        self._outer: subprocess.Popen[bytes] | None = None  # if this object started it: the parent of the node's PID 1

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
        """A file for each program of the node; they stay when the cluster ends, until the next one of this name."""
        return cache_dir("logs", self.name)

    def up(self) -> None:
        """Start the node, unless it runs and answers. What is left of an earlier one that broke is removed first.

        Raises:
            HarnessError: this machine cannot run it, or it did not become ready; nothing of it is left then.
        """
        with self._locked():
            if self._healthy():
                return
            host.check()
            self._remove()
            programs = binaries.build()
            try:
                self._start(programs)
            except OSError as error:  # a full disk, mostly
                self._remove()
                raise HarnessError(f"The node cannot be started: {error}", advice(str(error))) from error
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
        """Push the images into the node's registry, where it finds them under the names they have everywhere.

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
        address = network.node_address(subnet)
        network.go_direct(address)
        self._configure(address)
        registry, kubectl = self._registry(record), self._kubectl(record)
        with step(f"Starting the node {address}"):
            self._start_init(record)
            self._await(record, registry.answers, "crane")
        registry.load(binaries.node_images())
        system = Kubectl(self.kubeconfig, "kube-system", kubectl.binary)
        with step("Waiting for the API server"):
            self._await(record, kubectl.ready, "kube-apiserver")
            # The API server makes the namespace on its own, a moment later.
            self._await(record, lambda: kubectl.exists("namespace", system.namespace), "kube-apiserver")
            for manifest in sorted(binaries.MANIFESTS.glob("*.yaml")):
                system.apply(manifest.read_text(), server_side=True)
        with step("Waiting for the node"):
            self._await(record, lambda: _nodes_ready(kubectl), "kubelet")
        with step("Waiting for DNS") as shown:
            system.wait_available("coredns", timeout=READY_SECONDS, detail=shown.detail)
            shown.detail("")
            # Pods of the default namespace need its service account, which is made a moment after the namespace.
            self._await(record, lambda: kubectl.exists("serviceaccount", "default"), "kube-controller-manager")
        record.ready = True
        self._state.write(record)

    def _configure(self, address: IPv4Address) -> None:
        directory = self._state.directory
        kubeconfig = pki.write_all(directory / "pki", node_config.NODE, address, node_config.API_SERVICE)
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_bytes(kubeconfig)
        node_config.write(directory / "config", address)
        # A copy: bash reads a script while it runs it, and the checkout may change or be removed meanwhile.
        (directory / INIT.name).write_text(INIT.read_text())
        for old in self.logs.glob("*.log"):
            old.unlink()

    def _start_init(self, record: Record) -> None:
        """Start PID 1 of the node, inside the control group from its first instruction.

        It waits for a line on its standard input before it does anything. So it is either written down, or it reads the
        end of the pipe and ends: a `kill -9` of this process cannot leave a node that nobody knows of.
        """
        groups = cgroups.create(self._group)
        init = self._state.directory / INIT.name
        subnet = IPv4Network(record.subnet)
        # A fresh environment: a proxy of this machine, for one, would be the wrong one in the node.
        environment = {
            "PATH": f"{node_config.BIN}:{host.node_path()}",
            "HOME": "/mnt/home",
            "NODE": node_config.NODE,
            "NODE_ADDRESS": f"{network.node_address(subnet)}/{subnet.prefixlen}",
            "SERVICES": str(node_config.SERVICES),
            "STATE": str(self._state.directory),
            "PROGRAMS": record.programs,
            "LOGS": str(self.logs),
        }
        with (self.logs / "init.log").open("wb") as log:
            # Popen, because the node lives on when this process ends; a session of its own keeps Ctrl-C from it.
            self._outer = outer = subprocess.Popen(
                ["bash", "-c", ENTER, "bash", *groups, "--", "unshare", *host.NAMESPACES, "bash", init],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        assert outer.stdin is not None
        with outer.stdin as go:
            wait_until(lambda: bool(children(outer.pid)) or outer.poll() is not None, "Making the namespaces")
            if outer.poll() is not None:
                raise HarnessError(f"The node did not start.\n{self._last_words('init')}")
            record.pid = children(outer.pid)[0]
            record.started = start_time(record.pid) or 0
            self._state.write(record)
            network.give(self._device, record.pid)
            go.write(b"go\n")

    def _await(self, record: Record, done: Callable[[], bool], program: str) -> None:
        """Wait until `done`; shows the end of the program's log if that does not come, or if the node ends before."""

        def settled() -> bool:
            if not _alive(record):
                raise HarnessError(f"The node has ended.\n{self._last_words('init')}", f"Its logs are in {self.logs}")
            try:
                return done()
            except CommandError:  # kubectl, while the API server is still busy with itself
                return False

        try:
            wait_until(settled, f"Waiting for {program}", READY_SECONDS)
        except NotInTimeError as error:
            output = self._last_words(program)
            raise HarnessError(f"{error.message}\n{output}", f"The node's logs are in {self.logs}") from error

    def _last_words(self, program: str) -> str:
        log = self.logs / f"{program}.log"
        return tail(log.read_text(errors="replace"), LOG_LINES) if log.exists() else ""

    # --- what it is made of

    def _healthy(self) -> bool:
        """Whether an earlier `up` was complete and the cluster still answers."""
        record = self._record()
        return record is not None and record.ready and _alive(record) and self._kubectl(record).ready()

    def _remove(self) -> None:
        """End everything of this cluster and remove what is left; in this order it can be interrupted and repeated."""
        record = self._state.read()
        if record is not None and _alive(record):
            kill(record.pid)
            wait_until(lambda: not _alive(record), f"Ending process {record.pid}")
        cgroups.remove(self._group)
        if self._outer is not None:
            self._outer.wait()  # it was in the group, too
            self._outer = None
        network.disconnect(self._device)
        self._state.remove()

    def _locked(self) -> AbstractContextManager[None]:
        return locked(f"cluster-{self.name}", f"the cluster {self.name}")

    def _record(self) -> Record | None:
        """The record; programs started from here on reach its node without a proxy."""
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
    """Whether the record's process is there, and is that process."""
    return record.pid > 0 and record.boot == boot_id() and start_time(record.pid) == record.started


def _nodes_ready(kubectl: Kubectl) -> bool:
    nodes = kubectl.items("nodes")
    return bool(nodes) and all(
        any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", ()))
        for node in nodes
    )
