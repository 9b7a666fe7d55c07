"""The commands, their options and exit codes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from inference_stack import chart, facts, known, lock, output, preflight
from inference_stack.checks import Release
from inference_stack.errors import StackError
from inference_stack.findings import FAIL, UNKNOWN
from inference_stack.images import images
from inference_stack.plan import Options, as_json, plan
from inference_stack.programs import Kubectl
from inference_stack.wanted import wanted

FINE, WRONG, UNCHECKED = 0, 1, 2
CODES = """
exit codes: 0 nothing is wrong; 1 something will not work; 2 something could not be checked, or the command is wrong
"""


class Parser(argparse.ArgumentParser):
    """Ends with code 2 on a wrong command line, as argparse does anyway; help ends in the exit codes."""

    def format_help(self) -> str:
        return f"{super().format_help()}{CODES}"


def values_options(parser: argparse.ArgumentParser) -> None:
    """Helm's options for values, and where the chart is."""
    parser.add_argument("-f", "--values", action="append", default=[], metavar="FILE", help="values file, as Helm's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a value, as Helm's")
    parser.add_argument("--set-string", action="append", default=[], metavar="KEY=VALUE", help="a text, as Helm's")
    parser.add_argument("--chart", default="", help="chart to render: a directory, an archive or oci://...")
    parser.add_argument("--version", default="", help="version of the chart, with oci://")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("-n", "--namespace", default=os.environ.get("HELM_NAMESPACE", ""), help="of the release")


def helm_options(arguments: argparse.Namespace) -> list[str]:
    """What is handed on to Helm."""
    words = [f"--values={each}" for each in arguments.values] + [f"--set={each}" for each in arguments.set]
    words += [f"--set-string={each}" for each in arguments.set_string]
    return words + ([f"--version={arguments.version}"] if arguments.version else [])


def parser() -> argparse.ArgumentParser:
    made = Parser(
        prog="inference-stack", description="What to know before an install; it changes nothing in a cluster."
    )
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    command = commands.add_parser("plan", help=run_plan.__doc__, description=run_plan.__doc__)
    command.set_defaults(function=run_plan)
    command.add_argument("release", nargs="?", default="my-stack", help="name of the release; default: my-stack")
    values_options(command)
    command.add_argument(
        "--gpu",
        action="append",
        default=[],
        metavar="[GROUP=]GPU",
        help=f"the devices, by name or GB: {', '.join(known.MEMORY)}, or 24",
    )
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a model's config.json or .gguf, or its directory",
    )
    command.add_argument("--hub", action="store_true", help="ask $HF_ENDPOINT, or Hugging Face, for unknown models")
    command.add_argument(
        "--price", action="append", default=[], metavar="RESOURCE=NUMBER", help="of one an hour: nvidia.com/gpu=2.5"
    )
    command = commands.add_parser("images", help=run_images.__doc__, description=run_images.__doc__)
    command.set_defaults(function=run_images)
    command.add_argument("release", nargs="?", default="my-stack", help="name of the release; default: my-stack")
    values_options(command)
    command.add_argument(
        "--lock", default="", metavar="FILE", help="write a values file with each image's digest, by crane"
    )
    command = commands.add_parser("preflight", help=run_preflight.__doc__, description=run_preflight.__doc__)
    command.set_defaults(function=run_preflight)
    command.add_argument("release", nargs="?", default="my-stack", help="name of the release; default: my-stack")
    values_options(command)
    command.add_argument("--kubeconfig", default="", help="default: as kubectl's")
    command.add_argument("--context", default=os.environ.get("HELM_KUBECONTEXT", ""), help="of the kubeconfig")
    command.add_argument(
        "--nodes-are-added", action="store_true", help="the cluster adds nodes: lack of room is only a warning"
    )
    return made


def gpu(text: str) -> tuple[str, tuple[float, str]]:
    """`chat=H100` or `24`: the group (`*` for all), its device's memory in GB, and what was said."""
    group, equals, name = text.rpartition("=")
    size = float(name) if name.replace(".", "", 1).isdigit() else known.memory(name)
    if not size:
        raise StackError(f"--gpu {text}: this device is not known.", "Give its memory in GB, such as --gpu 24.")
    return (group if equals else "*"), (float(size), f"--gpu {text}")


def pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise StackError(f"{option} {text}: NAME=VALUE is needed.")
    return name, value


def price(text: str) -> tuple[str, float]:
    name, value = pair("--price", text)
    try:
        return name, float(value)
    except ValueError:
        raise StackError(f"--price {text}: {value} is no number.") from None


def run_plan(arguments: argparse.Namespace) -> int:
    """Objects, pods, devices, start, drain, cost, and whether the models fit; needs no cluster."""
    models = dict(pair("--model", each) for each in arguments.model)
    options = Options(
        memory=dict(map(gpu, arguments.gpu)),
        models={name: Path(path) for name, path in models.items()},
        prices=dict(map(price, arguments.price)),
        hub=arguments.hub,
    )
    namespace = arguments.namespace or "default"
    objects = chart.rendered(arguments.release, namespace, helm_options(arguments), arguments.chart)
    made = plan(objects, options)
    print(json.dumps(as_json(made), indent=2) if arguments.output == "json" else output.plan_text(made), end="")
    if arguments.output == "json":
        print()
    if not made.fits:
        return WRONG
    asked = [each for each in made.verdicts if each.devices and {"*", each.group} & options.memory.keys()]
    return UNCHECKED if any(each.answer == "unknown" for each in asked) else FINE


def run_images(arguments: argparse.Namespace) -> int:
    """Every image that values use, one on a line, to be copied to a mirror; or a file of their digests."""
    namespace = arguments.namespace or "default"
    options = helm_options(arguments)
    if arguments.lock:
        options += ["--set=images.requireDigest=false,images.digests=null"]
    found = images(chart.rendered(arguments.release, namespace, options, arguments.chart))
    if arguments.lock:
        digests = lock.digests(found)
        lock.write(Path(arguments.lock), digests)
        print(f"{arguments.lock}: {len(digests)} digests; lay it over the values with -f {arguments.lock}")
        return FINE
    print(json.dumps(found, indent=2) if arguments.output == "json" else "\n".join(found))
    return FINE


def run_preflight(arguments: argparse.Namespace) -> int:
    """Whether the cluster has what a release needs: of values, or without any, of the release that is installed."""
    kubectl = Kubectl(arguments.kubeconfig, arguments.context)
    namespace = arguments.namespace or kubectl.namespace()
    there = [f"--kubeconfig={arguments.kubeconfig}"] if arguments.kubeconfig else []
    there += [f"--kube-context={arguments.context}"] if arguments.context else []
    installed = not (arguments.values or arguments.set or arguments.set_string)
    if installed:
        objects = chart.installed(arguments.release, namespace, there)
    else:
        options = helm_options(arguments)
        version = facts.version(kubectl)
        objects = chart.rendered(arguments.release, namespace, options, arguments.chart, version)
    needs = wanted(objects)
    release = Release(arguments.release, namespace, needs, installed, arguments.nodes_are_added)
    seen = facts.read(kubectl, needs, namespace)
    found = preflight.preflight(release, seen)
    if arguments.output == "json":
        print(json.dumps(preflight.as_json(release, seen, found), indent=2))
    else:
        print(output.findings_text(found), end="")
    levels = {each.level for each in found}
    return WRONG if FAIL in levels else UNCHECKED if UNKNOWN in levels else FINE


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    arguments = parser().parse_args(words)
    try:
        return int(arguments.function(arguments))
    except chart.RefusedError as error:
        print(error, file=sys.stderr)
        return WRONG
    except StackError as error:
        print(error, file=sys.stderr)
        return UNCHECKED
