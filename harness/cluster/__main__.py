"""`python -m harness.cluster`: start and end the cluster of the tests and the demo, or ask about it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cluster import DEFAULT_NAME, KUBECONFIG_VARIABLE, Cluster, choose
from harness.cluster.state import started_by_us
from harness.errors import HarnessError
from harness.progress import console

MOST_NODES = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 1 when it failed, or when `status` finds nothing running."""
    options = _parser().parse_args(arguments)
    # SIGTERM is handled like Ctrl-C: what has been half started is taken down again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if options.command == "clean":
            for each in started_by_us():
                each.down()
        else:
            _run(options.command, choose(options.name, kubeconfig=options.kubeconfig, nodes=options.nodes), options)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _run(command: str, cluster: Cluster, options: argparse.Namespace) -> None:
    if command == "up":
        cluster.up()
        if options.gpus is not None:
            cluster.advertise_gpus(options.gpus)
        console.print(f"export KUBECONFIG={cluster.kubeconfig}", soft_wrap=True)
    elif command == "down":
        cluster.down()
    elif command == "status":
        print(f"{cluster.name}: {cluster.status()} ({cluster.kubeconfig})")
    else:
        print(cluster.kubeconfig)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "start the cluster, or leave it alone if it runs"),
        ("down", "end it and remove everything it has made"),
        ("status", "say whether it runs and what is in it"),
        ("kubeconfig", "print the path of its kubeconfig"),
        ("clean", "end every cluster that was started from here, crashed ones too"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        if name != "clean":
            command.add_argument("--name", default=DEFAULT_NAME, help="which cluster (default: %(default)s)")
            use = f"use this cluster instead (or set {KUBECONFIG_VARIABLE})"
            command.add_argument("--kubeconfig", type=Path, help=use)
        command.set_defaults(nodes=1)
        if name == "up":
            numbers = range(1, MOST_NODES + 1)
            command.add_argument("--nodes", type=int, choices=numbers, help="nodes of a new cluster (default: 1)")
            command.add_argument(
                "--gpus", type=_count, default=None, help="GPUs that each node advertises, which are not there"
            )
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("cannot be negative")
    return number


if __name__ == "__main__":
    sys.exit(main())
