"""The main job: a cluster, the chart from an OCI registry, and a request answered through the gateway.

Run as `python -m harness.demo`, or `nox -s demo -- <options>`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from openai import APIStatusError
from rich.table import Table

from harness.client import Client
from harness.cluster import Cluster, choose
from harness.cluster.given import Given
from harness.errors import HarnessError
from harness.helm import Values
from harness.manifests import Manifests
from harness.paths import ROOT, examples
from harness.progress import console, step
from harness.stack import Stack, aliases, chart_registry, gpus_of_a_pod, node_room, publish, render, without_sizes
from harness.tools import link

RELEASE = "demo"
GPUS = 8
QUESTION = "What is Kubernetes?"
OTHER_QUESTION = "Tell me a joke"
START_SECONDS = 300.0


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 if every request was answered as it should be."""
    options = _parser().parse_args(arguments)
    try:
        cluster = choose(options.name, kubeconfig=options.kubeconfig)
        if options.down:
            cluster.down()
            console.print("The demo has ended. What was built stays in the cache for the next time.")
        else:
            run(cluster, example(options.example))
    except HarnessError as error:
        # No markup: a refusal's YAML has brackets of its own. No wrapping: it is there to be copied.
        console.print(f"\n{error.message}", style="red", markup=False, soft_wrap=True)
        console.print(error.hint, style="bold", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. Start it again to continue, or end it: nox -s demo -- --down")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s demo --", description=__doc__)
    parser.add_argument("--example", default="laptop", help="one of examples/, or a values file (default: laptop)")
    parser.add_argument("--down", action="store_true", help="end the demo and remove its cluster")
    parser.add_argument("--kubeconfig", type=Path, help="use the cluster of this kubeconfig instead of one of our own")
    parser.add_argument("--name", default="inference-stack", help="name of the cluster (default: inference-stack)")
    return parser


def example(name: str) -> Path:
    """The values file of an example, by its name or its path.

    Raises:
        HarnessError: there is none.
    """
    for path in (ROOT / "examples" / f"{name}.yaml", Path(name)):
        if path.is_file():
            return path
    names = ", ".join(path.stem for path in examples())
    raise HarnessError(f"{name}: no such example or values file", f"There are: {names}.")


def run(cluster: Cluster, values_file: Path) -> None:
    """Everything from nothing to the last answer.

    Raises:
        HarnessError: a step failed, or a request was not answered as it should be.
    """
    values: list[Values] = [values_file]
    manifests = render(RELEASE, values)
    link(["helm", "kubectl"])
    cluster.up()
    requested = gpus_of_a_pod(manifests)
    if requested:
        cluster.advertise_gpus(requested if isinstance(cluster, Given) else GPUS)
    stack = Stack(cluster, RELEASE)
    sizes = without_sizes(values_file, manifests, node_room(stack.kubectl))
    if sizes:
        values.append(sizes)
        console.print("  [dim]left out: the groups' CPU, memory and disk sizes; this machine has less than that[/dim]")
    stack.load_images(manifests)
    with chart_registry(cluster) as registry:
        with step("Publishing the chart") as shown:
            chart = publish(stack.helm, registry)
            shown.detail(f"{chart.reference} {chart.version}")
        stack.make_up_secrets(manifests)
        with step(f"helm upgrade --install {RELEASE} {chart.reference} -f {values_file.name}") as shown:
            stack.install(chart, values, timeout=START_SECONDS, shown=shown)
            shown.detail("everything is available")
    with stack.kubectl.port_forward(stack.gateway, "http") as port:
        converse(Client(f"http://127.0.0.1:{port}", stack.client_key(manifests)), manifests)
    _what_next(cluster, stack, manifests, values_file.stem)


def converse(client: Client, manifests: Manifests) -> None:
    """Send the gateway a user's requests: its models, an answer from each, a stream, an unknown model.

    Raises:
        HarnessError: an answer is missing, or is not the one there should be.
    """
    client.settle()
    wanted = sorted(aliases(manifests))
    offered = sorted(client.models())
    if offered != wanted:
        raise HarnessError(f"/v1/models offers {offered}, but the routes are {wanted}.")
    table = Table("alias", "request", "answer", title="Through the gateway", title_justify="left")
    speakers = []
    for alias in offered:
        request, answer = ask(client, alias)
        table.add_row(alias, request, answer)
        if request == QUESTION:
            speakers.append(alias)
    console.print(table)
    if speakers:
        console.print(f"\n{speakers[0]}, streamed: {OTHER_QUESTION} → ", end="")
        for piece in client.stream(speakers[0], OTHER_QUESTION):
            console.print(piece, end="", markup=False)
        console.print()
    missing = "no-such-model"
    try:
        client.chat(missing, QUESTION)
    except APIStatusError as error:
        if error.status_code != 404:
            raise HarnessError(f"{missing} gave {error}, where 404 was due.") from error
        console.print(f"{missing}: HTTP 404, as it should be")
    else:
        raise HarnessError(f"{missing} was answered, where 404 was due.")


def ask(client: Client, alias: str) -> tuple[str, str]:
    """The request sent to an alias, and its response: a chat, or an embedding where the model gives only those.

    Raises:
        HarnessError: it answers neither.
    """
    try:
        return QUESTION, client.chat(alias, QUESTION)
    except APIStatusError as chat:
        try:
            return "embedding of a text", f"{len(client.embed(alias, QUESTION))} numbers"
        except APIStatusError:
            raise HarnessError(f"{alias} does not answer: {chat}", "Look at the logs of its group.") from chat


def _what_next(cluster: Cluster, stack: Stack, manifests: Manifests, shown: str) -> None:
    alias = min(aliases(manifests), default="llama")
    console.print(
        "\nThe tokens come from a demo model of three megabytes that knows about twenty answers (models/tiny)."
        "\nBehind the names of vLLM, SGLang and TensorRT-LLM stand programs that take their command lines and"
        "\nbehave like them; the gateway and llama.cpp are the real ones."
        "\n\n[bold]What next[/bold]",
        soft_wrap=True,
    )
    kubectl = f".tools/bin/kubectl --kubeconfig {cluster.kubeconfig}"
    body = f'{{"model": "{alias}", "messages": [{{"role": "user", "content": "What is Helm?"}}]}}'
    for title, command in (
        ("Look at it", f"{kubectl} get pods"),
        ("Reach it", f"{kubectl} port-forward {stack.gateway} 8080:http"),
        ("Ask it", f"curl http://127.0.0.1:8080/v1/chat/completions -H 'Content-Type: application/json' -d '{body}'"),
        ("Another example", f"nox -s demo -- --example {'laptop' if shown == 'multi-engine' else 'multi-engine'}"),
        ("End it", "nox -s demo -- --down"),
    ):
        console.print(f"  {title}:", markup=False)
        console.print(f"    {command}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
