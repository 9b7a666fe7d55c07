"""`plan`: what an installation would make and take, and whether its models fit; without a cluster."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from inference_stack import gguf_files, known, llama_cpp, lookup, sizing
from inference_stack.documents import Object
from inference_stack.engines import Told, told
from inference_stack.errors import StackError
from inference_stack.models import Model
from inference_stack.quantity import amount
from inference_stack.workloads import Pods, devices, drain_seconds, pods, start_seconds

GB = 10**9
HOURS = 730
"""Of a month, as clouds count them."""

PRODUCTS = re.compile(r"product|accelerator|gpu-name|gpu\.model|gpu-type")
"""Labels of nodes that have a device's name as their value."""

SLICE = re.compile(r"mig-\d+g\.(\d+)gb")
WHOLE = re.compile(r"gpu$|gaudi$")
"""Resources of which one is one whole device."""

NOTHING = Decimal()
UNKNOWN_DEVICE = "the device's memory is not known: --gpu NAME, or --gpu 24 for one with 24 GB"


@dataclass(frozen=True)
class Options:
    """What the user says beside the values: devices by group (`*` for all) in GB, models' files, prices, the hub."""

    memory: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    models: Mapping[str, Path] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    hub: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a group's model fits: `yes`, `no`, or why that is not known; with each number."""

    group: str
    engine: str
    model: str
    answer: str
    why: str
    figures: Mapping[str, sizing.Figure] = field(default_factory=dict)
    notes: Sequence[str] = ()
    devices: bool = True


@dataclass(frozen=True)
class Plan:
    """What an installation makes: objects by kind, pods, volumes, and for each group whether its model fits."""

    objects: Mapping[str, int]
    rows: Sequence[Pods]
    disk: Mapping[str, Decimal]
    verdicts: Sequence[Verdict]
    costs: Mapping[str, float]

    @property
    def fits(self) -> bool:
        return all(each.answer != "no" for each in self.verdicts)


def plan(objects: Sequence[Object], options: Options) -> Plan:
    """The plan of these objects."""
    rows = pods(objects)
    disk: dict[str, Decimal] = {}
    for each in objects:
        if each["kind"] == "PersistentVolumeClaim":
            group = (each["metadata"].get("labels") or {}).get("app.kubernetes.io/model-group", "")
            disk[group] = disk.get(group, NOTHING) + amount(each["spec"]["resources"]["requests"]["storage"])
    for workload in objects:
        for claim in (workload.get("spec") or {}).get("volumeClaimTemplates") or ():
            group = (workload["metadata"].get("labels") or {}).get("app.kubernetes.io/model-group", "")
            size = amount(claim["spec"]["resources"]["requests"]["storage"])
            disk[group] = disk.get(group, NOTHING) + size * int(workload["spec"].get("replicas", 1))
    verdicts = [verdict(each, options) for each in serving(rows)]
    return Plan(Counter(each["kind"] for each in objects), rows, disk, verdicts, costs(rows, options.prices))


def serving(rows: Sequence[Pods]) -> list[Pods]:
    """Of each group, the pods that serve: the leaders of several nodes, and no Job that fetches."""
    found: dict[str, Pods] = {}
    for each in rows:
        if each.group not in ("", "gateway") and each.kind != "Job":
            found.setdefault(each.group, each)
    return list(found.values())


def costs(rows: Sequence[Pods], prices: Mapping[str, float]) -> dict[str, float]:
    """The price of an hour of each group's devices, of the resources that have a price."""
    found: dict[str, float] = {}
    for each in rows:
        for name, many in devices(each.requests()).items():
            if name in prices and each.kind != "Job":
                found[each.group] = found.get(each.group, 0) + many * each.count * prices[name]
    return found


def device(row: Pods, options: Options) -> tuple[float, str]:
    """The memory of one device of a pod in GB, and where that is from; 0 if it is not known."""
    given = options.memory.get(row.group) or options.memory.get("*")
    if given:
        return given
    for resource in devices(row.requests()):
        found = SLICE.search(resource)
        if found:
            return float(found[1]), resource
    for label, value in wanted_labels(row.spec):
        size = known.memory(value) if PRODUCTS.search(label) else None
        if size:
            return float(size), f"{label}: {value}"
    return 0, ""


def wanted_labels(spec: Object) -> list[tuple[str, str]]:
    """The labels of nodes that a pod selects: of nodeSelector, and of an affinity it requires."""
    found = list((spec.get("nodeSelector") or {}).items())
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for each in term.get("matchExpressions") or ():
            if each["operator"] == "In":
                found += [(each["key"], value) for value in each.get("values") or ()]
    return found


def verdict(row: Pods, options: Options) -> Verdict:
    """Whether the model of these pods fits into the memory of their devices, or into what they have without one."""
    has = {name: many for name, many in devices(row.requests()).items() if WHOLE.search(name) or SLICE.search(name)}
    said = told(row.container)

    def unknown(why: str) -> Verdict:
        return Verdict(row.group, said.engine, said.model, "unknown", why, devices=bool(has))

    if not said.engine:
        return unknown("its engine is not recognised")
    if len(has) > 1:
        return unknown(f"it asks for several kinds of devices: {', '.join(sorted(has))}")
    if said.engine == "llama.cpp":
        return of_gguf(row, options)
    if said.model.lower().partition(":")[0].endswith("gguf"):
        return unknown("the file is GGUF, which is reckoned for llama.cpp only: compare its size with the memory")
    try:
        model = lookup.model(said.model, options.models, options.hub)
    except StackError as error:
        return unknown(str(error).replace("\n", " "))
    if not has:
        return on_cpu(row, said, model)
    size, source = device(row, options)
    if not size:
        return unknown(UNKNOWN_DEVICE)
    ranks = said.tensor * said.pipeline
    use = sizing.Use(
        memory=size * GB,
        tensor=said.tensor,
        pipeline=said.pipeline,
        fraction=said.fraction or sizing.USABLE,
        weight=said.weight,
        cached=said.cached,
        context=said.context,
        batch=said.batch or sizing.BATCH,
        device=f"{ranks} × {size:g} GB ({source})",
    )
    return _answer(row, said, model, sizing.fit(model, use))


def of_gguf(row: Pods, options: Options) -> Verdict:
    """llama.cpp makes the cache of all its slots at the start, in what is left beside its file."""
    said = llama_cpp.told(row.container)
    has = devices(row.requests())
    verdict = Verdict(row.group, "llama.cpp", said.model, "unknown", "", devices=bool(has))
    try:
        weights = gguf_files.weights(said.model, said.file, options.models, options.hub)
    except StackError as error:
        return replace(verdict, why=str(error).replace("\n", " "))
    size, source = device(row, options) if has else (0, "")
    if has and not size:
        return replace(verdict, why=UNKNOWN_DEVICE)
    many = sum(has.values())
    place = llama_cpp.Place(size * GB, many, f"{many} × {size:g} GB ({source})")
    if not has:
        place = llama_cpp.Place(float(row.limits().get("memory", NOTHING)), 0, "the memory limit")
    found = llama_cpp.fit(said, weights, place)
    return replace(verdict, answer=found.answer, why=found.why, figures=found.figures, notes=found.notes)


def on_cpu(row: Pods, said: Told, model: Model) -> Verdict:
    """vLLM on CPU keeps its cache in memory of a size that is set, beside the weights."""
    variables = {each["name"]: each.get("value", "") for each in row.container.get("env") or ()}
    space = variables.get("VLLM_CPU_KVCACHE_SPACE", "")
    if said.engine != "vllm" or not space.isdigit() or space == "0":
        why = "it has no device, and no VLLM_CPU_KVCACHE_SPACE that says how much memory its cache takes"
        return Verdict(row.group, said.engine, said.model, "unknown", why, devices=False)
    room = int(space) * sizing.GIB
    token = sizing.request(model, 1, said.cached)
    context = said.context or model.context
    weights = sizing.weights(model, said.weight)
    fitting = sizing.longest(model, room, said.cached, said.batch or sizing.BATCH)
    figures = {
        "weights": sizing.Figure(weights, "bytes", sizing.weights_formula(model, said.weight), model.source),
        "cache of a token": sizing.Figure(token, "bytes", sizing.token_formula(model, said.cached), model.source),
        "left for the cache": sizing.Figure(room, "bytes", f"{space} GiB", "VLLM_CPU_KVCACHE_SPACE"),
        "longest request": sizing.Figure(fitting, "tokens", f"{space} GiB / cache of a token", "the lines above"),
    }
    limit = row.limits().get("memory", NOTHING)
    enough = not limit or weights + room < limit
    why = f"of {sizing.number(context)} tokens, {sizing.number(fitting)} fit"
    if not enough:
        why = f"weights and cache are {sizing.gib(weights + room)}, the memory limit {sizing.gib(float(limit))}"
    return Verdict(
        row.group, said.engine, said.model, "yes" if fitting >= context and enough else "no", why, figures, model.notes
    )


def _answer(row: Pods, said: Told, model: Model, fit: sizing.Fit) -> Verdict:
    room, context = fit.figures["left for the cache"].value, fit.context
    notes = [*model.notes, sizing.RESERVED]
    if said.data > 1:
        notes.append(f"each of the {said.data} ranks of data parallelism is counted as a model of its own")
    if said.by.get("file"):
        notes.append(f"what the file of {said.by['file']} says is not read")
    if said.engine != "vllm":
        notes.append(f"{said.engine} shares its memory by rules of its own; this is vLLM's arithmetic")
    if room <= 0:
        why = f"the weights leave {sizing.gib(room)}: more devices, larger ones, or a quantized model"
    elif fit.longest < context:
        why = f"a request of {sizing.number(context)} tokens does not fit, {sizing.number(fit.longest)} do"
    else:
        at_a_time = fit.figures["requests at a time"].value if context else 0
        why = f"{at_a_time:.1f} requests of {sizing.number(context)} tokens at a time"
    return Verdict(row.group, said.engine, said.model, "yes" if fit.fits else "no", why, fit.figures, notes)


def as_json(made: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "objects": dict(made.objects),
        "pods": [
            {
                "object": row.title,
                "group": row.group,
                "pods": row.count,
                "mostPods": row.most,
                "moreOnUpdate": row.surge,
                "requests": {name: float(many) for name, many in sorted(row.requests().items())},
                "limits": {name: float(many) for name, many in sorted(row.limits().items())},
                "startSeconds": start_seconds(row.spec),
                "drainSeconds": drain_seconds(row.spec),
            }
            for row in made.rows
        ],
        "volumes": {group or "release": float(size) for group, size in made.disk.items()},
        "fit": [
            {
                "group": each.group,
                "engine": each.engine,
                "model": each.model,
                "fits": {"yes": True, "no": False}.get(each.answer),
                "why": each.why,
                "figures": {name: vars(figure) for name, figure in each.figures.items()},
                "notes": list(each.notes),
            }
            for each in made.verdicts
        ],
        "costPerHour": dict(made.costs),
    }
