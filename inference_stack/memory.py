"""Whether models fit into the memory of the devices that a cluster's nodes say they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inference_stack import known
from inference_stack.checks import Release
from inference_stack.facts import Facts
from inference_stack.findings import FAIL, Finding
from inference_stack.plan import GB, Options, serving, verdict
from inference_stack.programs import Unreadable
from inference_stack.schedule import Node, nodes, selects, tolerates
from inference_stack.workloads import Pods, devices

MEMORY, PRODUCT = "nvidia.com/gpu.memory", "nvidia.com/gpu.product"
"""Labels of GPU feature discovery: MiB of one GPU, and its name."""


def fit(release: Release, facts: Facts) -> Iterator[Finding]:
    """Groups whose model fits on no node; nothing is said where a node's memory or a model's sizes are not known."""
    found = facts.list("nodes")
    if isinstance(found, Unreadable):
        return
    for row in serving(release.wanted.rows):
        size, source = largest(row, nodes(found, ()))
        if not size:
            continue
        answer = verdict(row, Options(memory={row.group: (size, source)}))
        if answer.answer == "no":
            says = f"{answer.model} does not fit on the nodes' GPUs of {size:.0f} GB ({source}): {answer.why}"
            yield Finding(FAIL, "memory", row.title, says, "see each number: plan --gpu (docs/preflight.md)")


def largest(row: Pods, there: Sequence[Node]) -> tuple[float, str]:
    """The most memory in GB that a device of a node has on which the pods may run, and the label that says so."""
    sizes = []
    for each in there:
        has = all(each.whole.get(name, 0) for name in devices(row.requests()))
        if not has or not selects(row.spec, each) or not all(tolerates(row.spec, taint) for taint in each.taints):
            continue
        said, product = each.labels.get(MEMORY, ""), each.labels.get(PRODUCT, "")
        if said.isdigit():
            sizes.append((int(said) * 2**20 / GB, f"{MEMORY}: {said}"))
        elif known.memory(product):
            sizes.append((float(known.memory(product) or 0), f"{PRODUCT}: {product}"))
        else:
            return 0, ""  # it might have more than the others
    return max(sizes, default=(0, ""))
