"""The cable between this machine and the first node of a cluster: a veth pair with a /24 of its own.

Nothing is routed beyond it: the node has no default route, and this machine forwards nothing for it. Every other node
has a cable to the first, of which this machine sees nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from harness.errors import HarnessError
from harness.run import CommandError, run

POOLS = tuple(map(IPv4Network, ("10.77.0.0/16", "172.29.0.0/16", "198.18.0.0/15")))
"""Where a cluster's /24 is looked for; the last is set aside for tests of network devices (RFC 2544)."""

PREFIX = 24
DEVICES = Path("/sys/class/net")


def host_address(subnet: IPv4Network) -> IPv4Address:
    """The end that this machine has."""
    return subnet[1]


def node_address(subnet: IPv4Network, number: int = 1) -> IPv4Address:
    """A node's address; at the first's the API server and the registry listen."""
    return subnet[1 + number]


def taken() -> list[IPv4Network]:
    """Every IPv4 network this machine has a route to, its own addresses among them; the default route is left out."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout or "[]")
    return [IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]


def free_subnet(networks: Iterable[IPv4Network]) -> IPv4Network:
    """The first /24 of `POOLS` that overlaps none of `networks`.

    Raises:
        HarnessError: there is none.
    """
    occupied = list(networks)
    for pool in POOLS:
        for subnet in pool.subnets(new_prefix=PREFIX):
            if not any(subnet.overlaps(other) for other in occupied):
                return subnet
    raise HarnessError(
        f"No free network for a cluster: this machine has routes to all of {', '.join(map(str, POOLS))}",
        "End clusters you do not need (`python -m harness.cluster clean`), or remove a route (`ip route`).",
    )


def connect(device: str) -> IPv4Network:
    """Make the pair, give this machine's end the name `device` and its address, and return the network.

    The other end waits beside it until `give` takes it to a node.
    """
    # Two clusters must not see the same network free. The lock is on what they share, whatever their caches are.
    lock = os.open(DEVICES, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subnet = free_subnet(taken())
        run(["ip", "link", "add", device, "type", "veth", "peer", "name", _peer(device)])
        run(["ip", "address", "add", f"{host_address(subnet)}/{PREFIX}", "dev", device])
        run(["ip", "link", "set", device, "up"])  # only now there is a route, which the next one sees
    finally:
        os.close(lock)
    return subnet


def give(device: str, pid: int) -> None:
    """Take the other end of the pair into the network of process `pid`, as its `eth0`."""
    run(["ip", "link", "set", _peer(device), "netns", str(pid), "name", "eth0"])


def join(first: int, name: str, pid: int) -> None:
    """Make a pair between two nodes, given as processes: `name` in the first's network, `eth0` in the other's."""
    run(["ip", "link", "add", name, "netns", str(first), "type", "veth", "peer", "name", "eth0", "netns", str(pid)])


def disconnect(device: str) -> None:
    """Remove the pair, both ends; nothing happens if it is not there.

    Raises:
        CommandError: it cannot be removed.
    """
    if (DEVICES / device).exists():
        done = run(["ip", "link", "delete", device], check=False)
        # The kernel removes it, too, when the node's namespace ends, and may have been faster.
        if done.returncode != 0 and (DEVICES / device).exists():
            raise CommandError(f"{device} cannot be removed: {done.stderr.strip()}", "", done)


def go_direct(address: IPv4Address) -> None:
    """Keep every program started from here from asking a proxy for `address`, which no proxy could reach."""
    for variable in ("NO_PROXY", "no_proxy"):
        others = [part for part in os.environ.get(variable, "").split(",") if part]
        if str(address) not in others:
            os.environ[variable] = ",".join([*others, str(address)])


def _peer(device: str) -> str:
    return f"{device}-n"  # a device name has 15 letters at most
