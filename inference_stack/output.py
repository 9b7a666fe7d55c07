"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from inference_stack import sizing
from inference_stack.findings import FAIL, OK, UNKNOWN, WARN, Finding
from inference_stack.plan import HOURS, NOTHING, Plan, Verdict
from inference_stack.workloads import Pods, devices, drain_seconds, start_seconds


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as what is in them."""
    cells = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ("  ".join(f"{cell:{wide}}" for cell, wide in zip(row, widths)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def duration(seconds: int) -> str:
    """`90 s`, `30 min`, `1 h 30 min`; a dash for 0."""
    if seconds < 120:
        return f"{seconds} s" if seconds else "-"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def size(many: Decimal) -> str:
    """Bytes in GiB or MiB; a dash for 0."""
    if not many:
        return "-"
    return f"{many / sizing.GIB:.4g}Gi" if many >= sizing.GIB else f"{many / 2**20:.4g}Mi"


def plan_text(made: Plan) -> str:
    """A plan as tables."""
    total = sum(made.objects.values())
    kinds = ", ".join(f"{many} {kind}" for kind, many in sorted(made.objects.items()))
    parts = [f"{total} objects: {kinds}", _pods(made), *_fit(made.verdicts), *_costs(made)]
    return "\n\n".join(parts) + "\n"


def _pods(made: Plan) -> str:
    rows = []
    whole: dict[str, int] = {}
    sums = {"cpu": NOTHING, "memory": NOTHING}
    disk = dict(made.disk)
    for row in made.rows:
        asked = row.requests()
        has = devices(asked)
        rows.append(
            [
                row.group or "-",
                row.title,
                _count(row),
                ", ".join(f"{many} {name}" for name, many in has.items()) or "-",
                f"{asked.get('cpu', NOTHING):g}",
                size(asked.get("memory", NOTHING)),
                size(disk.pop(row.group, NOTHING)) if row.kind != "Job" else "-",
                duration(start_seconds(row.spec)),
                duration(drain_seconds(row.spec)),
            ]
        )
        if row.kind == "Job":
            continue
        for name, many in has.items():
            whole[name] = whole.get(name, 0) + many * row.count
        for name in sums:
            sums[name] += asked.get(name, NOTHING) * row.count
    head = ("GROUP", "OBJECT", "PODS", "DEVICES OF A POD", "CPU", "MEMORY", "VOLUMES", "STARTS IN", "ENDS IN")
    named = "".join(f", {many} {name}" for name, many in sorted(whole.items()))
    slowest = max((start_seconds(row.spec) for row in made.rows), default=0)
    together = f"Requested together: {sums['cpu']:g} CPU, {size(sums['memory'])} memory{named}."
    more = [
        f"{row.surge * many} {name} for {row.group}"
        for row in made.rows
        for name, many in devices(row.requests()).items()
        if row.surge
    ]
    update = f"An update needs more meanwhile: {', '.join(more)}." if more else "An update needs no more devices."
    longest = f"Longest start: {duration(slowest)} (the startup probe's limit); give `helm --wait` at least as much."
    return "\n".join([table(head, rows), "", together, update, longest])


def _count(row: Pods) -> str:
    return f"{row.count}-{row.most}" if row.most > row.count else str(row.count)


def _fit(verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return []
    parts = ["Will it fit?"]
    for each in verdicts:
        said = {"yes": "fits", "no": "DOES NOT FIT", "unknown": "not checked"}[each.answer]
        name = each.model or "no model named"
        lines = [f"{each.group} ({each.engine or 'unknown engine'}, {name}): {said}: {each.why}"]
        rows = [(f"  {n}", value(f), f"= {f.formula}", f.source) for n, f in each.figures.items()]
        if rows:
            lines.append(table(("  NUMBER", "VALUE", "FORMULA", "SOURCE"), rows))
        lines += [f"  Note: {note}." for note in each.notes]
        parts.append("\n".join(lines))
    return parts


def value(figure: sizing.Figure) -> str:
    """A number with its unit."""
    if figure.unit == "requests":
        return f"{figure.value:.1f}"
    if figure.unit == "tokens":
        return f"{sizing.number(figure.value)} tokens"
    if abs(figure.value) >= sizing.GIB / 10:
        return sizing.gib(figure.value)
    return f"{figure.value / 2**20:.1f} MiB" if abs(figure.value) >= 2**20 else f"{figure.value / 1024:.1f} KiB"


def _costs(made: Plan) -> list[str]:
    if not made.costs:
        return []
    hour = sum(made.costs.values())
    rows = [(group, f"{each:.2f}", f"{each * HOURS:,.0f}") for group, each in sorted(made.costs.items())]
    rows.append(("together", f"{hour:.2f}", f"{hour * HOURS:,.0f}"))
    text = table(("DEVICES OF", "AN HOUR", f"A MONTH OF {HOURS} HOURS"), rows)
    return [f"{text}\nBy the prices given, for the pods above; without nodes, disks and traffic."]


MARKS = {FAIL: "FAILS", WARN: "warning", UNKNOWN: "unknown", OK: "ok"}


def findings_text(found: Sequence[Finding]) -> str:
    """Findings as a table, each with what to do below it."""
    blank = ("", "", "")
    rows: list[Sequence[str]] = []
    for each in found:
        rows.append((MARKS[each.level], each.check, f"{each.object}: {each.says}"))
        if each.fix:
            rows.append((*blank[:2], f"  -> {each.fix}"))
    counts = [f"{sum(e.level == level for e in found)} {name}" for level, name in COUNTED.items()]
    return f"{table(('STATE', 'CHECK', 'WHAT'), rows)}\n\n{', '.join(counts)}\n"


COUNTED = {FAIL: "will not work", UNKNOWN: "could not be checked", WARN: "warnings", OK: "fine"}
